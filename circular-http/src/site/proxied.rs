//! What a proxy says of the request that it passes on: by which name and by which scheme the client asked.
//!
//! Of several proxies the first one met the client. A client can say all of this by itself, so nothing but a
//! convenience may hang on it, or what `guard` explains.

use hyper::header::{self, HeaderMap};

use crate::site::origin::Origin;

/// The host that the client asked for.
pub(crate) fn host(headers: &HeaderMap) -> Option<&str> {
    first(headers, "x-forwarded-host").or_else(|| forwarded(headers, "host"))
}

/// Whether the client's connection is one of TLS, as a proxy says, or the browser by the page's address.
pub(crate) fn is_tls(headers: &HeaderMap) -> bool {
    let is_https = |scheme: Option<&str>| scheme.is_some_and(|it| it.eq_ignore_ascii_case("https"));
    let origin = headers.get(header::ORIGIN);
    let origin = origin.and_then(|origin| Origin::parse(origin.to_str().ok()?));
    origin.is_some_and(|origin| origin.is_https())
        || is_https(first(headers, "x-forwarded-proto"))
        || is_https(forwarded(headers, "proto"))
}

/// What the first proxy has put into a list.
fn first<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let list = headers.get(name)?.to_str().ok()?;
    let first = list.split(',').next().unwrap_or_default().trim();
    (!first.is_empty()).then_some(first)
}

/// A parameter of what the first proxy has put into `Forwarded`.
fn forwarded<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let pairs = first(headers, "forwarded")?.split(';');
    let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))?;
    Some(value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    use hyper::header::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|&(name, value)| {
                let value = HeaderValue::from_static(value);
                (HeaderName::from_static(name), value)
            })
            .collect()
    }

    #[test]
    fn the_first_proxy_says_which_host() {
        for (pairs, expected) in [
            (&[][..], None),
            (&[("x-forwarded-host", "a.com")], Some("a.com")),
            (
                &[("x-forwarded-host", " a.com:8443 , b.com")],
                Some("a.com:8443"),
            ),
            (&[("x-forwarded-host", "")], None),
            (
                &[("forwarded", "for=1.2.3.4;host=a.com;proto=https")],
                Some("a.com"),
            ),
            (
                &[("forwarded", "Host=\"a.com:8443\", host=b.com")],
                Some("a.com:8443"),
            ),
            (&[("forwarded", "for=1.2.3.4")], None),
        ] {
            assert_eq!(host(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_proxy_or_the_pages_address_says_that_it_is_tls() {
        for (pairs, expected) in [
            (&[][..], false),
            (&[("x-forwarded-proto", "https")], true),
            (&[("x-forwarded-proto", "HTTPS, http")], true),
            (&[("x-forwarded-proto", "http, https")], false),
            (&[("forwarded", "for=1.2.3.4; proto=https")], true),
            (&[("forwarded", "proto=http")], false),
            (&[("origin", "https://log.example.com")], true),
            (&[("origin", "http://localhost:6061")], false),
            (&[("origin", "null")], false),
        ] {
            assert_eq!(is_tls(&headers(pairs)), expected, "{pairs:?}");
        }
    }
}
