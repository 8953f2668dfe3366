//! Where a web page is from, as browsers say it: a scheme, a host, and a port if it is not the scheme's.

use hyper::http::uri::Authority;

/// An origin of `http` or `https`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    is_https: bool,
    /// In lower case, without the scheme's own port.
    authority: String,
}

impl Origin {
    /// `None` for what is none, or of another scheme: `null`, `file://`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let is_https = scheme.eq_ignore_ascii_case("https");
        if !is_https && !scheme.eq_ignore_ascii_case("http") {
            return None;
        }
        let parsed: Authority = authority.parse().ok()?;
        if authority.contains('@') || parsed.host().is_empty() {
            return None;
        }
        let authority = without_default_port(authority, is_https).to_ascii_lowercase();
        Some(Self {
            is_https,
            authority,
        })
    }

    pub(crate) fn is_https(&self) -> bool {
        self.is_https
    }

    /// Its host.
    pub(crate) fn name(&self) -> &str {
        split_port(&self.authority).0
    }

    /// Whether `host`, of a `Host` header, says the same host and port.
    pub(crate) fn is_of(&self, host: &str) -> bool {
        without_default_port(host, self.is_https).eq_ignore_ascii_case(&self.authority)
    }
}

fn without_default_port(authority: &str, is_https: bool) -> &str {
    let port = if is_https { ":443" } else { ":80" };
    authority.strip_suffix(port).unwrap_or(authority)
}

/// The host of `host`, `host:80`, `[::1]` or `[::1]:80`, and the port.
pub(crate) fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, Some(port)),
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_origin_and_what_is_none() {
        for (text, name) in [
            ("https://log.example.com", "log.example.com"),
            ("HTTPS://LOG.example.com", "log.example.com"),
            ("https://log.example.com:8443", "log.example.com"),
            ("http://localhost:6061", "localhost"),
            ("http://[::1]:6061", "[::1]"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().name(), name, "{text}");
        }
        for text in [
            "",
            "null",
            "log.example.com",
            "file://localhost",
            "https://",
            "https://:443",
            "https://a b",
            "https://a/b",
            "https://user@log.example.com",
            "https://log.example.com, https://evil.com",
        ] {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_schemes_own_port_may_be_left_out() {
        for (origin, host, expected) in [
            ("https://a.com", "a.com", true),
            ("https://a.com", "A.com:443", true),
            ("https://a.com:443", "a.com", true),
            ("https://a.com", "a.com:80", false),
            ("http://a.com", "a.com:80", true),
            ("http://a.com:8080", "a.com", false),
            ("http://a.com:8080", "a.com:8080", true),
            ("http://a.com", "b.com", false),
        ] {
            let origin = Origin::parse(origin).unwrap();
            assert_eq!(origin.is_of(host), expected, "{origin:?} {host}");
        }
    }
}
