//! Who may ask at all, before it is looked at what for.
//!
//! A server on a loopback address can be reached by every web page that is open in a browser on the
//! same machine. Two checks keep them out: `Host` must be a name that we answer to, so that a page
//! cannot rename its own server to our address (DNS rebinding); and a request that another page makes,
//! as `Origin` and `Sec-Fetch-Site` tell, is refused. Neither is a password: whoever can open a
//! connection can send any header. That is what the token is for.

use std::net::IpAddr;

use hyper::{HeaderMap, Uri, header};

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Host,
    Origin,
}

impl Refusal {
    /// What to do about it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Refusal::Host => {
                "the log is not shown under this host name: use localhost or 127.0.0.1, or list the name with Options::host\n"
            }
            Refusal::Origin => "the log is not shown to other web pages\n",
        }
    }
}

/// Checks the name that a request is for, and the page that makes it.
pub(crate) fn check(hosts: &[String], uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let host = host(uri, headers).ok_or(Refusal::Host)?;
    if !is_loopback(host) && !is_listed(hosts, host) {
        return Err(Refusal::Host);
    }
    if is_own_page(host, headers) {
        Ok(())
    } else {
        Err(Refusal::Origin)
    }
}

/// What the request says it is for: exactly one `Host`, which agrees with the target if that has one.
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let mut named = headers.get_all(header::HOST).into_iter();
    let host = match (named.next(), named.next()) {
        (Some(host), None) => Some(host.to_str().ok()?),
        (None, _) => None,
        (Some(_), Some(_)) => return None,
    };
    match (host, uri.authority()) {
        (Some(host), Some(target)) if !target.as_str().eq_ignore_ascii_case(host) => None,
        (Some(host), _) => Some(host),
        // HTTP/2 has it in the target alone.
        (None, target) => target.map(|target| target.as_str()),
    }
}

fn is_loopback(host: &str) -> bool {
    let name = without_port(host);
    let ip = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    name.eq_ignore_ascii_case("localhost")
        || ip
            .unwrap_or(name)
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn is_listed(hosts: &[String], host: &str) -> bool {
    let name = without_port(host);
    let is =
        |listed: &String| host.eq_ignore_ascii_case(listed) || name.eq_ignore_ascii_case(listed);
    hosts.iter().any(is)
}

/// The host of `host`, `host:80`, `[::1]` or `[::1]:80`.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Whether a request is made by one of our own pages, by the user, or by a program that is no browser.
fn is_own_page(host: &str, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).into_iter();
    let own_origin = origins.all(|origin| {
        let origin = origin
            .to_str()
            .ok()
            .and_then(|origin| origin.split_once("://"));
        origin.is_some_and(|(scheme, authority)| {
            let port = if scheme == "https" { ":443" } else { ":80" };
            let bare = |name: &str| name.strip_suffix(port).unwrap_or(name).to_ascii_lowercase();
            matches!(scheme, "http" | "https") && bare(authority) == bare(host)
        })
    });
    let says = |name: &str| headers.get(name).map(|value| value.as_bytes());
    // A page cannot read what it loads as a picture or a frame, but it could take every place. A link
    // that is followed is the user's doing.
    let own_fetch = match says("sec-fetch-site") {
        None | Some(b"same-origin" | b"none") => true,
        Some(_) => says("sec-fetch-dest") == Some(b"document"),
    };
    own_origin && own_fetch
}

#[cfg(test)]
mod tests {
    use super::*;

    use hyper::header::{HeaderName, HeaderValue};

    fn checked(hosts: &[&str], target: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        check(&hosts, &target.parse().unwrap(), &map)
    }

    #[test]
    fn loopback_names_and_listed_ones_are_answered() {
        let listed = ["log.example.com", "other.example.com:8443"];
        for (host, expected) in [
            ("localhost", Ok(())),
            ("LocalHost:6061", Ok(())),
            ("127.0.0.1", Ok(())),
            ("127.0.0.1:6061", Ok(())),
            ("127.8.9.1:1", Ok(())),
            ("[::1]", Ok(())),
            ("[::1]:6061", Ok(())),
            ("[::ffff:127.0.0.1]:6061", Ok(())),
            ("log.example.com", Ok(())),
            ("LOG.example.com:80", Ok(())),
            ("other.example.com:8443", Ok(())),
            ("other.example.com", Err(Refusal::Host)),
            ("evil.com", Err(Refusal::Host)),
            ("localhost.evil.com", Err(Refusal::Host)),
            ("127.0.0.1.evil.com", Err(Refusal::Host)),
            ("evil.com:127.0.0.1", Err(Refusal::Host)),
            ("192.168.1.7:6061", Err(Refusal::Host)),
            ("0.0.0.0:6061", Err(Refusal::Host)),
            ("", Err(Refusal::Host)),
        ] {
            assert_eq!(
                checked(&listed, "/debug/log", &[("host", host)]),
                expected,
                "{host}"
            );
        }
        assert_eq!(checked(&[], "/debug/log", &[]), Err(Refusal::Host));
        let two = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(checked(&[], "/debug/log", &two), Err(Refusal::Host));
    }

    #[test]
    fn the_target_counts_too() {
        let host = [("host", "localhost")];
        assert_eq!(
            checked(&[], "http://evil.com/debug/log", &host),
            Err(Refusal::Host)
        );
        assert_eq!(checked(&[], "http://localhost/debug/log", &host), Ok(()));
        assert_eq!(checked(&[], "http://localhost/debug/log", &[]), Ok(()));
        assert_eq!(
            checked(&[], "http://evil.com/debug/log", &[]),
            Err(Refusal::Host)
        );
    }

    #[test]
    fn other_pages_are_refused() {
        for (origin, expected) in [
            ("http://localhost:6061", Ok(())),
            ("https://LOCALHOST:6061", Ok(())),
            ("http://localhost:6062", Err(Refusal::Origin)),
            ("http://localhost", Err(Refusal::Origin)),
            ("http://127.0.0.1:6061", Err(Refusal::Origin)),
            ("http://evil.com", Err(Refusal::Origin)),
            ("file://localhost:6061", Err(Refusal::Origin)),
            ("null", Err(Refusal::Origin)),
            ("", Err(Refusal::Origin)),
        ] {
            let headers = [("host", "localhost:6061"), ("origin", origin)];
            assert_eq!(checked(&[], "/", &headers), expected, "{origin}");
        }
        let default_port = [("host", "localhost:80"), ("origin", "http://localhost")];
        assert_eq!(checked(&[], "/", &default_port), Ok(()));
    }

    #[test]
    fn what_another_page_loads_is_refused_and_what_the_user_follows_is_not() {
        for (site, dest, expected) in [
            ("same-origin", "empty", Ok(())),
            ("none", "document", Ok(())),
            ("cross-site", "document", Ok(())),
            ("cross-site", "image", Err(Refusal::Origin)),
            ("same-site", "empty", Err(Refusal::Origin)),
            ("cross-site", "iframe", Err(Refusal::Origin)),
        ] {
            let headers = [
                ("host", "localhost"),
                ("sec-fetch-site", site),
                ("sec-fetch-dest", dest),
            ];
            assert_eq!(checked(&[], "/", &headers), expected, "{site} {dest}");
        }
    }
}
