//! What is compiled in: the page, and the form that asks for the token.

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File {
    pub(crate) content_type: &'static str,
    pub(crate) text: &'static str,
}

pub(crate) const INDEX: File = File {
    content_type: HTML,
    text: include_str!("../page/index.html"),
};

const HTML: &str = "text/html; charset=utf-8";

/// What the page may load and do: its own script and stylesheet, and requests to the server that it is
/// from.
pub(crate) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What everything else may: nothing.
pub(crate) const STRICT_POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the form may: be sent.
pub(crate) const FORM_POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The file of that name below the page's address.
pub(crate) fn file(name: &str) -> Option<File> {
    match name {
        "app.js" => Some(File {
            content_type: "text/javascript; charset=utf-8",
            text: include_str!("../page/app.js"),
        }),
        "style.css" => Some(File {
            content_type: "text/css; charset=utf-8",
            text: include_str!("../page/style.css"),
        }),
        _ => None,
    }
}

/// Asks for the token.
pub(crate) const LOGIN: File = File {
    content_type: HTML,
    text: r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Log: token needed</title>
<main>
<h1>This log asks for a token</h1>
<form method="post" action="/debug/log/login">
<p><label>Token <input type="password" name="token" autocomplete="current-password" required autofocus></label>
<button>Show the log</button></p>
</form>
</main>
</html>
"#,
};
