//! Who may ask at all, before it is looked at what for.
//!
//! A server on a loopback address can be reached by every web page that is open in a browser on the
//! same machine. Two checks keep them out, and neither is a password: whoever can open a connection can send any
//! header. That is what the token is for.
//!
//! **By which name it is asked.** A page can give its own server's name our address (DNS rebinding), and then is of one
//! origin with us, as far as a browser knows: it may set headers, and the browser says `Sec-Fetch-Site: same-origin`.
//! What it cannot do is ask under a name of ours. So `Host` must be a loopback name or one that the program has listed,
//! whatever else a request says; but for
//!
//! * an `Origin` that is listed: no script can set that, so the page is one of ours;
//! * a listed name in `X-Forwarded-Host` or `Forwarded`, where there is a token. A rebinding page can say that too, but
//!   it has neither the token nor the cookie, which is for the other name.
//!
//! A proxy that puts a name of ours into `Host`, as nginx does if nothing is said, hides by which name the client asked:
//! what keeps others out there is its `server_name`, and the token.
//!
//! **Which page asks.** That this is a page of the address that it asks for, only the browser knows: behind a proxy that
//! address is not in the request. So what the browser vouches for is believed, `Sec-Fetch-Site: same-origin`, and the two
//! are compared only where it says nothing, as old ones do and all do without TLS: `Origin` with `Host`, or with what a
//! proxy says that it was; a page of another server would have to ask first whether it may send that header, and is told
//! that it may not.

use std::fmt::Write as _;
use std::net::IpAddr;

use hyper::{HeaderMap, Uri, header};

use crate::site::origin::{Origin, split_port};
use crate::site::proxied;

/// By which names the log may be asked for, beside the loopback ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    /// With a port or without, in lower case.
    pub(crate) hosts: &'a [String],
    pub(crate) origins: &'a [Origin],
    /// There is a token too.
    pub(crate) has_token: bool,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is for that host, if it is for one.
    Host(Option<String>),
    /// A page of another origin makes it: which one, and for which host.
    Origin(String, String),
    /// The browser says that a page of another origin makes it.
    Fetch(String),
}

impl Refusal {
    /// What to do about it.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = match self {
            Self::Host(None) => writeln!(
                text,
                "the log is shown to who says by one Host header which host it is asked for, such as localhost or \
                 a name listed with Options::host"
            ),
            Self::Host(Some(host)) => writeln!(
                text,
                "the log is not shown under the host name {host}: use localhost or 127.0.0.1, or list the name with \
                 Options::host. Behind a proxy, list the address that browsers show, with \
                 Options::origin(\"https://log.example.com\"), and have the proxy pass the name on: in nginx, \
                 proxy_set_header Host $host;"
            ),
            Self::Origin(origin, _) if Origin::parse(origin).is_none() => {
                writeln!(
                    text,
                    "the log is not shown to other web pages: this one is of {origin:?} (Origin)"
                )
            }
            Self::Origin(origin, host) => writeln!(
                text,
                "the log is not shown to other web pages: this one is of {origin} (Origin), and asks for {host} (Host). \
                 If it is the log's own page, a proxy has changed the name: have it pass on the one that was asked for, \
                 in nginx by proxy_set_header Host $host; (or $http_host, with a port), or list what the browser shows \
                 with Options::origin(\"{origin}\")"
            ),
            Self::Fetch(site) => writeln!(
                text,
                "the log is not shown to other web pages: the browser says that this one is {site} (Sec-Fetch-Site)"
            ),
        };
        text
    }
}

/// Checks the name that a request is for, and the page that makes it.
pub(crate) fn check(names: Names<'_>, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let host = host(uri, headers).ok_or(Refusal::Host(None))?;
    if !is_ours(names, host, headers) {
        return Err(Refusal::Host(Some(shown(host))));
    }
    check_page(names, host, headers)
}

/// What the request says it is for: exactly one `Host`, which agrees with the target if that has one.
pub(crate) fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
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

/// Whether a web page that has only renamed its own server could not have made this request, or not got anywhere by it.
fn is_ours(names: Names<'_>, host: &str, headers: &HeaderMap) -> bool {
    is_loopback(host)
        || is_listed(names, host)
        || (headers.contains_key(header::ORIGIN)
            && origins(headers)
                .all(|origin| origin.is_some_and(|(_, origin)| names.origins.contains(&origin))))
        || (names.has_token && proxied::host(headers).is_some_and(|host| is_listed(names, host)))
}

fn is_loopback(host: &str) -> bool {
    let (name, _) = split_port(host);
    let ip = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    name.eq_ignore_ascii_case("localhost")
        || ip
            .unwrap_or(name)
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn is_listed(names: Names<'_>, host: &str) -> bool {
    let (name, _) = split_port(host);
    let is =
        |listed: &String| host.eq_ignore_ascii_case(listed) || name.eq_ignore_ascii_case(listed);
    // A proxy may have dropped the port.
    let is_of = |origin: &Origin| name.eq_ignore_ascii_case(origin.name());
    names.hosts.iter().any(is) || names.origins.iter().any(is_of)
}

/// What `Origin` says: the text, and what that is; `None` for one that is nothing that we know. As a rule, one or none.
fn origins(headers: &HeaderMap) -> impl Iterator<Item = Option<(&str, Origin)>> {
    let origins = headers.get_all(header::ORIGIN).into_iter();
    origins.map(|origin| {
        let text = origin.to_str().ok()?;
        Some((text, Origin::parse(text)?))
    })
}

/// Whether a request is made by one of our own pages, by the user, or by a program that is no browser.
fn check_page(names: Names<'_>, host: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let says = |name: &str| headers.get(name).map(|value| value.as_bytes());
    // A page cannot read what it loads as a picture or a frame, but it could take every place. A link
    // that is followed is the user's doing.
    match says("sec-fetch-site") {
        Some(b"same-origin") => return Ok(()),
        None | Some(b"none") => {}
        Some(_) if says("sec-fetch-dest") == Some(b"document") => {}
        Some(site) => return Err(Refusal::Fetch(shown(&String::from_utf8_lossy(site)))),
    }
    let is_own = |origin: &Origin| {
        names.origins.contains(origin)
            || is_same(origin, host)
            || proxied::host(headers).is_some_and(|host| is_same(origin, host))
    };
    for origin in headers.get_all(header::ORIGIN) {
        let text = origin.to_str().unwrap_or("something that is no text");
        if !Origin::parse(text).is_some_and(|origin| is_own(&origin)) {
            return Err(Refusal::Origin(shown(text), shown(host)));
        }
    }
    Ok(())
}

/// Whether a page of that origin is from where `host` is. A proxy may have dropped the port; on this machine another
/// port is another program.
fn is_same(origin: &Origin, host: &str) -> bool {
    let (name, port) = split_port(host);
    let has_no_port = port.is_none() && !is_loopback(name);
    origin.is_of(host) || (has_no_port && name.eq_ignore_ascii_case(origin.name()))
}

/// What a client has sent, as it may stand on somebody's terminal.
fn shown(text: &str) -> String {
    const LONGEST: usize = 100;
    let plain = text.chars().map(|c| match c {
        ' '..='~' => c,
        _ => '?',
    });
    plain.take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use hyper::header::{HeaderName, HeaderValue};

    /// Which refusal it is, and whether it is none.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Verdict {
        Fine,
        Host,
        Page,
    }
    use Verdict::{Fine, Host, Page};

    fn checked_with(names: Names<'_>, target: &str, headers: &[(&str, &str)]) -> Verdict {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        match check(names, &target.parse().unwrap(), &map) {
            Ok(()) => Fine,
            Err(Refusal::Host(_)) => Host,
            Err(Refusal::Origin(..) | Refusal::Fetch(_)) => Page,
        }
    }

    const NO_NAMES: Names<'_> = Names {
        hosts: &[],
        origins: &[],
        has_token: false,
    };

    fn checked(target: &str, headers: &[(&str, &str)]) -> Verdict {
        checked_with(NO_NAMES, target, headers)
    }

    #[test]
    fn loopback_names_and_listed_ones_are_answered() {
        let hosts = ["log.example.com", "other.example.com:8443"].map(str::to_owned);
        let origins = [Origin::parse("https://pub.example.com:444").unwrap()];
        let names = Names {
            hosts: &hosts,
            origins: &origins,
            has_token: false,
        };
        for (host, expected) in [
            ("localhost", Fine),
            ("LocalHost:6061", Fine),
            ("127.0.0.1", Fine),
            ("127.0.0.1:6061", Fine),
            ("127.8.9.1:1", Fine),
            ("[::1]", Fine),
            ("[::1]:6061", Fine),
            ("[::ffff:127.0.0.1]:6061", Fine),
            ("log.example.com", Fine),
            ("LOG.example.com:80", Fine),
            ("other.example.com:8443", Fine),
            ("other.example.com", Host),
            // By the port that browsers see, without one, and by that of a server behind the proxy.
            ("pub.example.com:444", Fine),
            ("PUB.example.com", Fine),
            ("pub.example.com:6061", Fine),
            ("evil.com", Host),
            ("localhost.evil.com", Host),
            ("127.0.0.1.evil.com", Host),
            ("evil.com:127.0.0.1", Host),
            ("192.168.1.7:6061", Host),
            ("0.0.0.0:6061", Host),
            ("", Host),
        ] {
            let verdict = checked_with(names, "/debug/log", &[("host", host)]);
            assert_eq!(verdict, expected, "{host}");
        }
        assert_eq!(checked("/debug/log", &[]), Host);
        let two = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(checked("/debug/log", &two), Host);
    }

    #[test]
    fn the_target_counts_too() {
        let host = [("host", "localhost")];
        assert_eq!(checked("http://evil.com/debug/log", &host), Host);
        assert_eq!(checked("http://localhost/debug/log", &host), Fine);
        assert_eq!(checked("http://localhost/debug/log", &[]), Fine);
        assert_eq!(checked("http://evil.com/debug/log", &[]), Host);
    }

    #[test]
    fn other_pages_are_refused() {
        for (origin, expected) in [
            ("http://localhost:6061", Fine),
            ("https://LOCALHOST:6061", Fine),
            ("http://localhost:6062", Page),
            ("http://localhost", Page),
            ("http://127.0.0.1:6061", Page),
            ("http://evil.com", Page),
            ("file://localhost:6061", Page),
            ("null", Page),
            ("", Page),
        ] {
            let headers = [("host", "localhost:6061"), ("origin", origin)];
            assert_eq!(checked("/", &headers), expected, "{origin}");
        }
        let default_port = [("host", "localhost:80"), ("origin", "http://localhost")];
        assert_eq!(checked("/", &default_port), Fine);
    }

    #[test]
    fn what_another_page_loads_is_refused_and_what_the_user_follows_is_not() {
        for (site, dest, expected) in [
            ("same-origin", "empty", Fine),
            ("none", "document", Fine),
            ("cross-site", "document", Fine),
            ("cross-site", "image", Page),
            ("same-site", "empty", Page),
            ("cross-site", "iframe", Page),
        ] {
            let headers = [
                ("host", "localhost"),
                ("sec-fetch-site", site),
                ("sec-fetch-dest", dest),
            ];
            assert_eq!(checked("/", &headers), expected, "{site} {dest}");
        }
    }

    /// What arrives behind a proxy, by what that does with the request of a page of `https://log.example.com`.
    #[test]
    fn a_page_behind_a_proxy_is_let_in_by_what_its_browser_says() {
        let hosts = ["log.example.com".to_owned()];
        let origins = [Origin::parse("https://log.example.com").unwrap()];
        let by_host = Names {
            hosts: &hosts,
            ..NO_NAMES
        };
        let by_origin = Names {
            origins: &origins,
            ..NO_NAMES
        };
        let public = ("origin", "https://log.example.com");
        let ported = ("origin", "https://log.example.com:8443");
        let own = ("sec-fetch-site", "same-origin");
        let upstream = ("host", "127.0.0.1:6061");
        let passed_on = ("x-forwarded-host", "log.example.com");
        for (names, headers, expected) in [
            // nginx as it comes.
            (NO_NAMES, &[upstream, public, own][..], Fine),
            (NO_NAMES, &[upstream, public], Page),
            (by_origin, &[upstream, public], Fine),
            // With a hint of its own.
            (NO_NAMES, &[upstream, public, passed_on], Fine),
            (
                NO_NAMES,
                &[upstream, public, ("forwarded", "host=log.example.com")],
                Fine,
            ),
            (
                NO_NAMES,
                &[upstream, ("origin", "https://evil.com"), passed_on],
                Page,
            ),
            // The name as it is, and without its port.
            (by_host, &[("host", "log.example.com"), public], Fine),
            (by_origin, &[("host", "log.example.com"), public], Fine),
            (by_host, &[("host", "log.example.com"), ported, own], Fine),
            (by_host, &[("host", "log.example.com"), ported], Fine),
            (by_host, &[("host", "log.example.com:443"), ported], Page),
            // A name behind the proxy.
            (by_origin, &[("host", "shop-backend"), public], Fine),
            (by_origin, &[("host", "shop-backend"), own], Host),
            // On this machine another port is another program.
            (
                NO_NAMES,
                &[("host", "localhost"), ("origin", "http://localhost:3000")],
                Page,
            ),
        ] {
            let verdict = checked_with(names, "/", headers);
            assert_eq!(verdict, expected, "{names:?} {headers:?}");
        }
    }

    /// Such a page is of the same origin, as its browser sees it, and can set headers.
    #[test]
    fn a_page_that_has_renamed_its_server_is_refused_whatever_it_says() {
        let origins = [Origin::parse("https://log.example.com").unwrap()];
        for has_token in [false, true] {
            let names = Names {
                origins: &origins,
                has_token,
                ..NO_NAMES
            };
            let base = [
                ("host", "evil.com:6061"),
                ("sec-fetch-site", "same-origin"),
                ("sec-fetch-dest", "document"),
            ];
            for more in [
                ("x-more", "x"),
                ("origin", "http://evil.com:6061"),
                ("origin", "null"),
                ("x-forwarded-host", "localhost"),
                ("x-forwarded-host", "evil.com:6061"),
                ("forwarded", "host=127.0.0.1"),
                ("x-forwarded-for", "127.0.0.1"),
            ] {
                let headers = [&base[..], &[more]].concat();
                assert_eq!(checked_with(names, "/", &headers), Host, "{more:?}");
            }
            // It may know the name, but not the token.
            for more in [
                ("x-forwarded-host", "log.example.com"),
                ("forwarded", "host=\"log.example.com\""),
            ] {
                let headers = [&base[..], &[more]].concat();
                let expected = if has_token { Fine } else { Host };
                assert_eq!(checked_with(names, "/", &headers), expected, "{more:?}");
            }
        }
    }

    #[test]
    fn a_refusal_says_both_names_and_what_helps() {
        let text = |headers: &[(&'static str, &str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, HeaderValue::from_str(value).unwrap());
            }
            let refusal = check(NO_NAMES, &Uri::from_static("/"), &map).unwrap_err();
            refusal.text()
        };
        let page = text(&[
            ("host", "127.0.0.1:6061"),
            ("origin", "https://log.example.com"),
        ]);
        for part in [
            "127.0.0.1:6061 (Host)",
            "https://log.example.com (Origin)",
            "proxy_set_header Host $host;",
            "Options::origin(\"https://log.example.com\")",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let host = text(&[("host", "log.example.com")]);
        for part in ["name log.example.com:", "Options::host", "Options::origin("] {
            assert!(host.contains(part), "{part}: {host}");
        }
        let none = text(&[]);
        assert!(none.contains("Options::host"), "{none}");
        let fetch = text(&[("host", "localhost"), ("sec-fetch-site", "cross-site")]);
        assert!(fetch.contains("cross-site"), "{fetch}");
        let null = text(&[("host", "localhost"), ("origin", "null")]);
        assert!(null.contains("null") && !null.contains("Options"), "{null}");
        let long = text(&[("host", &"x".repeat(5_000))]);
        assert!(long.len() < 1_000, "{long}");
    }
}
