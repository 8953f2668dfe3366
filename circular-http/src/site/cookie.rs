//! The cookie that a session is shown by.
//!
//! Cookies are for all ports of a machine. So its name has the port that the log is asked for by, that another log's
//! does not take its place; and its path is the page's, as far as that is known.
//!
//! A cookie without a path is for what lies beside the address that it is from, and below. That is more than the page,
//! but it is right behind every proxy, whatever the page's path is there. The browser says what it is, in `Referer`; that
//! is taken at its word where it ends as the path does that was asked for, which is so if a proxy has only taken
//! something from its beginning.

use hyper::header::{self, HeaderMap, HeaderValue};

use crate::site::origin::split_port;

const NAME: &str = "circular_session";

/// What it is called, with an equals sign, where the log is asked for as `host`.
fn name(host: &str) -> String {
    match split_port(host) {
        (_, Some(port)) if !port.is_empty() => format!("{NAME}_{port}="),
        _ => format!("{NAME}="),
    }
}

/// What is shown by it: more than one, where there is a log above this one.
pub(crate) fn shown<'a>(headers: &'a HeaderMap, host: &str) -> impl Iterator<Item = &'a str> {
    let name = name(host);
    let values = headers.get_all(header::COOKIE).into_iter();
    let cookies = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'));
    cookies.filter_map(move |cookie| cookie.trim().strip_prefix(&name))
}

/// What tells a browser to show `session` from now on, if `path` was asked for.
pub(crate) fn set(
    session: &str,
    host: &str,
    path: &str,
    headers: &HeaderMap,
    is_tls: bool,
) -> HeaderValue {
    let mut text = format!("{}{session}; HttpOnly; SameSite=Strict", name(host));
    if is_tls {
        text += "; Secure";
    }
    if let Some(path) = path_in_browser(headers, path) {
        text += "; Path=";
        text += path;
    }
    // It is letters, digits and such.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// What tells a browser to forget it. It is for what lies beside the address that this is sent from, and so has to be
/// sent from one below the page.
pub(crate) fn forget(host: &str) -> HeaderValue {
    let text = format!("{}; HttpOnly; SameSite=Strict; Max-Age=0", name(host));
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// The page's path as its browser has it, without a slash at its end.
fn path_in_browser<'a>(headers: &'a HeaderMap, asked: &str) -> Option<&'a str> {
    let referer = headers.get(header::REFERER)?.to_str().ok()?;
    let (_, rest) = referer.split_once("://")?;
    let path = &rest[rest.find('/')?..];
    let path = path.find(['?', '#']).map_or(path, |end| &path[..end]);
    let is_plain = path
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b';');
    if !path.ends_with(asked) || !is_plain {
        return None;
    }
    Some(match path.trim_end_matches('/') {
        "" => "/",
        path => path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: header::HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn its_own_is_found_among_others() {
        for (cookies, expected) in [
            ("circular_session_6061=ab", &["ab"][..]),
            ("a=b; circular_session_6061=ab;c=d", &["ab"]),
            // Of a page above this one too.
            (
                "circular_session_6061=ab; circular_session_6061=cd",
                &["ab", "cd"],
            ),
            ("circular_session_6062=ab", &[]),
            ("circular_session=ab", &[]),
            ("xcircular_session_6061=ab", &[]),
            ("", &[]),
        ] {
            let headers = with(header::COOKIE, cookies);
            let found: Vec<&str> = shown(&headers, "localhost:6061").collect();
            assert_eq!(found, expected, "{cookies}");
        }
        let headers = with(header::COOKIE, "circular_session=ab");
        for host in ["log.example.com", "log.example.com:"] {
            assert_eq!(shown(&headers, host).count(), 1, "{host}");
        }
    }

    #[test]
    fn it_is_for_the_page_where_that_is_known() {
        for (referer, asked, expected) in [
            (
                "http://localhost:6061/debug/log",
                "/debug/log",
                Some("/debug/log"),
            ),
            (
                "http://localhost:6061/debug/log?q=/x",
                "/debug/log",
                Some("/debug/log"),
            ),
            (
                "http://localhost:6061/debug/log/",
                "/debug/log/",
                Some("/debug/log"),
            ),
            // A proxy has taken something away.
            (
                "https://a.com/p/debug/log",
                "/debug/log",
                Some("/p/debug/log"),
            ),
            ("https://a.com/", "/", Some("/")),
            // Or renamed it, or another page has the form.
            ("https://a.com/shop", "/debug/log", None),
            ("https://a.com", "/debug/log", None),
            ("https://a.com/a;b/debug/log", "/debug/log", None),
            ("", "/debug/log", None),
        ] {
            let headers = with(header::REFERER, referer);
            assert_eq!(path_in_browser(&headers, asked), expected, "{referer}");
        }
    }

    #[test]
    fn it_is_out_of_reach_of_scripts_and_of_other_sites() {
        let none = HeaderMap::new();
        let cookie = set("ab", "localhost:6061", "/debug/log", &none, false);
        assert_eq!(
            cookie,
            "circular_session_6061=ab; HttpOnly; SameSite=Strict"
        );
        let referer = with(header::REFERER, "https://a.com/p/debug/log");
        let cookie = set("ab", "a.com", "/debug/log", &referer, true);
        assert_eq!(
            cookie,
            "circular_session=ab; HttpOnly; SameSite=Strict; Secure; Path=/p/debug/log"
        );
    }
}
