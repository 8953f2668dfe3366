//! Who is let in by which name, and which pages are taken for our own: behind proxies, and where somebody tries to be one.

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
