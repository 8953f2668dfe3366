//! What is compiled in: the page, and the form that asks for the token.

use std::borrow::Cow;

/// A file of the page.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) content_type: &'static str,
    pub(crate) text: Cow<'static, str>,
}

/// What the path ends with that the files are written for.
const NAME: &str = "log";

/// Where a page begins to refer to files.
const HEAD: &str = "<head>\n";

/// The page that is asked for by a path that ends with `name`, of a program of that name. Where the browser has a session,
/// the page can offer to end it.
pub(crate) fn index(name: &str, program: &str, has_session: bool) -> File {
    let program = html_escaped(program);
    let session = if has_session { " data-session" } else { "" };
    let text = include_str!("../../page/index.html")
        .replacen(
            "<html lang=\"en\">",
            &format!("<html lang=\"en\" data-name=\"{program}\"{session}>"),
            1,
        )
        .replacen(
            "<title>Log</title>",
            &format!("<title>{program} – log</title>"),
            1,
        );
    html(found_from(&text, name))
}

/// Asks for the token, in that page's place. `is_led` is for who comes by another site's link: then it first asks for the
/// page once more.
pub(crate) fn form(name: &str, is_led: bool) -> File {
    let form = found_from(include_str!("../../page/login.html"), name);
    html(match is_led {
        true => form.replacen("<script ", "<script data-led ", 1),
        false => form,
    })
}

/// Asks for it again.
pub(crate) fn form_again(name: &str) -> File {
    html(found_from(
        include_str!("../../page/wrong-token.html"),
        name,
    ))
}

/// The same page, whose references are relative, and written for `log`, for a path that ends with `name`; with the
/// script that looks whether it does.
fn found_from(text: &str, name: &str) -> String {
    // A name with a colon would be taken for a scheme, without the dot.
    let folder = match name {
        "" => ".".to_owned(),
        NAME => NAME.to_owned(),
        _ => format!("./{}", html_escaped(name)),
    };
    let name = html_escaped(name);
    text.replace("=\"log/", &format!("=\"{folder}/")).replacen(
        HEAD,
        &format!("{HEAD}<script data-last=\"{name}\">{FIRST}</script>\n"),
        1,
    )
}

/// What runs before there is a reference to a file.
///
/// A proxy may call the page what it likes, and no request says how: then references lead nowhere. Behind a slash they
/// lead to the page's files, whatever is before it. The origin is said, as a path may begin with two slashes, which is
/// another server's address.
///
/// Where another site's link has led here, the browser has kept the session to itself, as it was told to. It shows it when
/// a page of this origin asks for the same; once, which is remembered until there is an answer.
/// Not by a reload, which Firefox takes for the other site's again; and to the address that there is already, where only what
/// is behind its `#` would change, no browser goes, so that is another one for a moment.
const FIRST: &str = "{\
    const { origin, pathname, search, hash, href } = location; \
    const last = pathname.slice(pathname.lastIndexOf(\"/\") + 1); \
    const said = document.currentScript.dataset; \
    if (last && last !== said.last) location.replace(origin + pathname + \"/\" + search + hash); \
    else try { \
    const asked = sessionStorage.getItem(\"circular-led\"); \
    sessionStorage.removeItem(\"circular-led\"); \
    if (\"led\" in said && asked !== href) { \
    sessionStorage.setItem(\"circular-led\", href); \
    history.replaceState(null, \"\", (search || \"?\") + \"&\"); \
    location.replace(href); } \
    } catch {} }";

/// What is within quotes, as markup.
fn html_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

fn html(text: String) -> File {
    File {
        content_type: "text/html; charset=utf-8",
        text: text.into(),
    }
}

/// The SHA-256 of [`FIRST`]: a policy names a script that stands in a page by that.
macro_rules! first {
    () => {
        "'sha256-0O+yKMWB209Wt62AsriAh+ezw8G9yIhqBQhQAUrN8Yc='"
    };
}

/// What the page may load and do: its own scripts and stylesheet, and requests to the server that it is
/// from. No text may become markup, wherever a script would let it.
pub(crate) const PAGE_POLICY: &str = concat!(
    "default-src 'none'; script-src 'self' ",
    first!(),
    "; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; ",
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
);

/// What everything else may: nothing.
pub(crate) const STRICT_POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the form may: be sent, and look as the page does.
pub(crate) const FORM_POLICY: &str = concat!(
    "default-src 'none'; script-src ",
    first!(),
    "; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
);

/// Files of `page/`, as their names and what is in them.
macro_rules! files {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../../page/", $name)))),*]
    };
}

/// What is below the page's address. The page says of each that it needs it, so that all come at once: a module
/// that is only imported is asked for when the one that imports it is there.
const FILES: &[(&str, &str)] = files![
    "address.js",
    "aloud.js",
    "ansi.js",
    "app.js",
    "ask.js",
    "back.js",
    "chips.js",
    "clock.js",
    "columns.js",
    "context.js",
    "controls.js",
    "copy.js",
    "details.js",
    "dom.js",
    "empty.js",
    "errors.js",
    "fields.js",
    "find.js",
    "find_held.js",
    "held.js",
    "here.js",
    "histogram.js",
    "input.js",
    "marks.js",
    "menu.js",
    "narrow.js",
    "own_words.js",
    "pattern.js",
    "pick.js",
    "queue.js",
    "range.js",
    "remembered.js",
    "row.js",
    "rows.js",
    "runs.js",
    "sight.js",
    "sources.js",
    "status.js",
    "stream.js",
    "times.js",
    "title.js",
    "tools.js",
    "view.js",
    "when.js",
    "whole.js",
    "icon.svg",
    "style.css",
];

/// The file of that name below the page's address. They hold no log: whoever has no token gets them too,
/// as the form needs some.
pub(crate) fn file(name: &str) -> Option<File> {
    let (_, text) = FILES.iter().find(|(known, _)| *known == name)?;
    let content_type = match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    };
    Some(File {
        content_type,
        text: Cow::Borrowed(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_beside_the_page() {
        for (name, reference) in [
            ("log", "src=\"log/app.js\""),
            ("logs", "src=\"./logs/app.js\""),
            ("", "src=\"./app.js\""),
            ("a:\"b", "src=\"./a:&quot;b/app.js\""),
        ] {
            let text = index(name, "shop", false).text;
            assert!(text.contains(reference), "{name}: {text}");
            let folder = &reference[5..reference.len() - 7];
            assert_eq!(text.matches(folder).count(), FILES.len(), "{name}: {text}");
        }
        for form in [form("logs", false), form_again("logs")] {
            assert!(form.text.contains("href=\"./logs/style.css\""));
            // To where it is shown.
            assert!(form.text.contains("<form method=\"post\">"));
        }
    }

    #[test]
    fn the_script_that_looks_for_files_comes_first() {
        for page in [
            index("a\"b", "shop", false),
            form("a\"b", false),
            form_again("a\"b"),
        ] {
            let (before, behind) = page
                .text
                .split_once("<script data-last=\"a&quot;b\">")
                .unwrap();
            assert!(before.ends_with(HEAD) && !before.contains("href="));
            assert!(behind.starts_with(FIRST));
        }
    }

    #[test]
    fn the_page_says_whose_it_is_and_whether_there_is_a_session() {
        let text = index("log", "<shop> & \"co\"", true).text;
        let name = "&lt;shop&gt; &amp; &quot;co&quot;";
        assert!(text.contains(&format!("data-name=\"{name}\" data-session>")));
        assert!(text.contains(&format!("<title>{name} ")));
        let text = index("log", "shop", false).text;
        assert!(text.contains("data-name=\"shop\">"), "{text}");
    }
}
