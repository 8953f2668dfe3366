//! What is compiled in: the page, and the form that asks for the token.

use std::borrow::Cow;

/// A file of the page.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) content_type: &'static str,
    pub(crate) text: Cow<'static, str>,
}

impl File {
    /// The same for an address whose path ends with `name`, after the last slash. References are relative,
    /// and written for `log`.
    pub(crate) fn named(self, name: &str) -> Self {
        if name == NAME {
            return self;
        }
        // A name with a colon would be taken for a scheme, without the dot.
        let folder = match name {
            "" => ".".to_owned(),
            _ => format!("./{}", html_escaped(name)),
        };
        let text = self.text.replace("=\"log/", &format!("=\"{folder}/"));
        Self {
            text: text.into(),
            ..self
        }
    }
}

/// What the path ends with that the files are written for.
const NAME: &str = "log";

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

pub(crate) const INDEX: File = html(include_str!("../../page/index.html"));

/// Asks for the token, and asks again.
pub(crate) const LOGIN: File = html(include_str!("../../page/login.html"));
pub(crate) const WRONG_TOKEN: File = html(include_str!("../../page/wrong-token.html"));

const fn html(text: &'static str) -> File {
    File {
        content_type: "text/html; charset=utf-8",
        text: Cow::Borrowed(text),
    }
}

/// What the page may load and do: its own scripts and stylesheet, and requests to the server that it is
/// from. No text may become markup, wherever a script would let it.
pub(crate) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// What everything else may: nothing.
pub(crate) const STRICT_POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the form may: be sent, and look as the page does.
pub(crate) const FORM_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

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
    "controls.js",
    "dom.js",
    "find.js",
    "input.js",
    "queue.js",
    "row.js",
    "rows.js",
    "status.js",
    "stream.js",
    "tools.js",
    "view.js",
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
            let text = INDEX.named(name).text;
            assert!(text.contains(reference), "{name}: {text}");
            let folder = &reference[5..reference.len() - 7];
            assert_eq!(text.matches(folder).count(), FILES.len(), "{name}: {text}");
        }
        assert!(LOGIN.named("logs").text.contains("action=\"./logs/login\""));
    }
}
