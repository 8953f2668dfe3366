//! What is compiled in: the page, and the form that asks for the token.

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File {
    pub(crate) content_type: &'static str,
    pub(crate) text: &'static str,
}

pub(crate) const INDEX: File = html(include_str!("../page/index.html"));

/// Asks for the token, and asks again.
pub(crate) const LOGIN: File = html(include_str!("../page/login.html"));
pub(crate) const WRONG_TOKEN: File = html(include_str!("../page/wrong-token.html"));

const fn html(text: &'static str) -> File {
    File {
        content_type: "text/html; charset=utf-8",
        text,
    }
}

/// What the page may load and do: its own script and stylesheet, and requests to the server that it is
/// from. No text may become markup, wherever the script would let it.
pub(crate) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// What everything else may: nothing.
pub(crate) const STRICT_POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the form may: be sent, and look as the page does.
pub(crate) const FORM_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The file of that name below the page's address. They hold no log: whoever has no token gets them too,
/// as the form needs some.
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
        "icon.svg" => Some(File {
            content_type: "image/svg+xml",
            text: include_str!("../page/icon.svg"),
        }),
        _ => None,
    }
}
