//! Who is let in: names, pages, tokens, addresses.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

use circular_core::Ring;
use circular_http::{Options, serve};

use crate::support::{Site, options};

#[test]
fn a_name_that_was_rebound_is_refused() {
    let options = options()
        .host("log.example.com")
        .host("https://Pasted.example.com/");
    let site = Site::with(1 << 16, options);
    site.write(0..1);
    let port = site.server.local_addr().port();
    for (host, status) in [
        (format!("evil.example.com:{port}"), 403),
        ("evil.example.com".into(), 403),
        (format!("127.0.0.1.evil.example.com:{port}"), 403),
        ("192.168.0.1".into(), 403),
        (String::new(), 403),
        (format!("localhost:{port}"), 200),
        ("127.0.0.1".into(), 200),
        ("[::1]:80".into(), 200),
        ("log.example.com".into(), 200),
        (format!("LOG.example.com:{port}"), 200),
        ("pasted.example.com".into(), 200),
    ] {
        for rest in ["", "?format=html", "?format=sse", "/stats", "/app.js"] {
            let reply = site.curl(rest, &["--header", &format!("host: {host}")]);
            assert_eq!(reply.status, status, "{host:?} {rest}");
            assert!(status == 200 || !reply.body.contains("line 0"), "{host:?}");
            assert!(
                status == 200 || reply.body.contains("Options::host"),
                "it says what to do"
            );
        }
    }
}

#[test]
fn a_request_without_a_name_or_with_two_is_refused() {
    let site = Site::new();
    for request in [
        "GET /debug/log HTTP/1.0",
        "GET /debug/log HTTP/1.0\nhost: localhost\nhost: localhost",
        "GET http://evil.example.com/debug/log HTTP/1.0\nhost: localhost",
    ] {
        let mut reply = String::new();
        std::io::Read::read_to_string(&mut site.open(request), &mut reply).unwrap();
        assert!(reply.starts_with("HTTP/1.0 403 "), "{request}: {reply}");
    }
}

#[test]
fn another_page_is_refused() {
    let site = Site::with(1 << 16, options().token("secret").unwrap());
    site.write(0..1);
    let own = format!("http://{}", site.server.local_addr());
    for (origin, allowed) in [
        (own.as_str(), true),
        ("http://evil.example.com", false),
        ("http://127.0.0.1:1", false),
        ("https://localhost", false),
        ("null", false),
    ] {
        let origin = format!("origin: {origin}");
        let token = "authorization: Bearer secret";
        for rest in ["", "?format=sse", "/stats"] {
            let reply = site.curl(rest, &["--header", &origin, "--header", token]);
            assert_eq!(
                reply.status,
                if allowed { 200 } else { 403 },
                "{origin} {rest}"
            );
            assert_eq!(reply.header("access-control-allow-origin"), None);
        }
        let login = ["--header", &origin, "--data", "token=secret"];
        let status = site.curl("", &login).status;
        assert_eq!(status, if allowed { 303 } else { 403 }, "{origin}");
    }
    // A preflight is not answered as a browser wants.
    let preflight = [
        "--request",
        "OPTIONS",
        "--header",
        "origin: http://evil.example.com",
    ];
    assert_eq!(site.curl("", &preflight).status, 403);
}

#[test]
fn what_another_page_loads_without_an_origin_is_refused() {
    let site = Site::new();
    let ask = |site_header: &str, dest: &str| {
        let (from, dest) = (
            format!("sec-fetch-site: {site_header}"),
            format!("sec-fetch-dest: {dest}"),
        );
        site.curl("", &["--header", &from, "--header", &dest])
            .status
    };
    assert_eq!(ask("cross-site", "image"), 403);
    assert_eq!(ask("same-site", "script"), 403);
    assert_eq!(ask("cross-site", "iframe"), 403);
    assert_eq!(ask("cross-site", "document"), 200);
    assert_eq!(ask("same-origin", "empty"), 200);
    assert_eq!(ask("none", "document"), 200);
}

/// What a proxy makes of the request of a page: the name may be its own, or lack the port.
#[test]
fn a_page_behind_a_proxy_is_its_own_as_its_browser_says() {
    let origin = "https://log.example.com:8443";
    let options = options().origin(origin).unwrap().token("secret").unwrap();
    let site = Site::with(1 << 16, options);
    site.write(0..1);
    let public = format!("origin: {origin}");
    let token = "authorization: Bearer secret";
    for (headers, status) in [
        // nginx as it comes, which says its own name for the server.
        (&[&*public, "sec-fetch-site: same-origin"][..], 200),
        (&[&*public], 200),
        (&["origin: https://evil.example.com"], 403),
        (&["host: log.example.com", &*public], 200),
        (&["host: log.example.com:8443"], 200),
        (
            &["host: backend", "x-forwarded-host: log.example.com:8443"],
            200,
        ),
        (&["host: backend", "sec-fetch-site: same-origin"], 403),
    ] {
        let mut arguments = vec!["--header", token];
        for header in headers {
            arguments.extend(["--header", header]);
        }
        for rest in ["", "?format=sse", "/stats"] {
            let reply = site.curl(rest, &arguments);
            assert_eq!(reply.status, status, "{headers:?} {rest}: {}", reply.body);
        }
    }
    for origin in [
        "log.example.com",
        "https://log.example.com/logs",
        "null",
        "",
    ] {
        let error = Options::new().origin(origin).unwrap_err().to_string();
        assert!(error.contains(&format!("{origin:?}")), "{error}");
        assert!(error.contains("https://log.example.com"), "{error}");
    }
}

#[test]
fn a_token_is_shown_in_a_header() {
    let site = Site::with(1 << 16, options().token("s3cret").unwrap());
    site.write(0..1);
    for rest in ["", "?format=ndjson", "?format=sse", "/stats", "?fellow"] {
        for header in [
            "x: y",
            "authorization: Bearer s3cre",
            "authorization: Basic s3cret",
            "cookie: circular_session=733363726574",
            "cookie: circular_session=s3cret",
        ] {
            let reply = site.curl(rest, &["--header", header]);
            assert_eq!(reply.status, 401, "{rest} {header}");
            assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
            assert!(
                reply.body.contains("Authorization: Bearer"),
                "it says what to do"
            );
        }
    }
    let right = ["--header", "authorization: Bearer s3cret"];
    assert!(site.curl("", &right).body.starts_with("line 0"));
    assert_eq!(site.curl("/stats", &right).status, 200);
    // They hold no log, and the form for the token looks as they say.
    for file in ["/app.js", "/style.css", "/icon.svg"] {
        assert_eq!(site.curl(file, &[]).status, 200, "{file}");
    }
}

#[test]
fn an_address_that_others_can_reach_needs_a_token() {
    let ring = Ring::new(4096).unwrap();
    let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let refused = |options: Options| serve(ring.handle(), options.addr(everywhere)).unwrap_err();

    let error = refused(Options::new());
    assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    assert!(
        error.to_string().contains("Options::token_from_env"),
        "{error}"
    );
    let error = refused(
        Options::new()
            .token_from_env("CIRCULAR_HTTP_UNSET")
            .unwrap(),
    );
    assert!(
        error.to_string().contains("set CIRCULAR_HTTP_UNSET"),
        "{error}"
    );

    let with_token = Options::new().addr(everywhere).token("secret").unwrap();
    let server = serve(ring.handle(), with_token).expect("there is a token");
    assert!(
        server.url().starts_with("http://127.0.0.1:"),
        "{}",
        server.url()
    );
    for loopback in ["127.0.0.1:0", "127.1.2.3:0", "[::1]:0"] {
        assert!(Options::new().check_addr(loopback.parse().unwrap()).is_ok());
    }
    for other in ["0.0.0.0:0", "[::]:0", "192.168.0.1:0"] {
        assert!(Options::new().check_addr(other.parse().unwrap()).is_err());
    }
}

#[test]
fn a_token_comes_from_a_file_or_the_environment() {
    let path = std::env::temp_dir().join(format!("circular-http-token-{}", std::process::id()));
    fs::write(&path, "from-a-file\n").unwrap();
    let site = Site::with(1 << 16, options().token_from_file(&path).unwrap());
    fs::write(&path, "\n").unwrap();
    let error = options().token_from_file(&path).unwrap_err().to_string();
    fs::remove_file(&path).unwrap();
    assert!(
        error.contains("circular-http-token") && error.contains("empty"),
        "{error}"
    );
    let error = options().token_from_file(&path).unwrap_err().to_string();
    assert!(error.contains("circular-http-token"), "{error}");
    assert_eq!(
        site.curl("", &["--header", "authorization: Bearer from-a-file"])
            .status,
        200
    );
    assert_eq!(site.curl("", &[]).status, 401);

    // Every test run has this one, whatever it is.
    let value = std::env::var("CARGO_PKG_NAME").unwrap();
    let site = Site::with(1 << 16, options().token_from_env("CARGO_PKG_NAME").unwrap());
    let header = format!("authorization: Bearer {value}");
    assert_eq!(site.curl("", &["--header", &header]).status, 200);
    assert_eq!(site.curl("", &[]).status, 401);
    assert!(options().token("").is_err());
    assert!(options().token("two words").is_err());
}

#[test]
fn an_address_in_use_is_named_with_what_to_do() {
    let site = Site::new();
    let taken = site.server.local_addr();
    let error = serve(site.ring.handle(), Options::new().addr(taken)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    let text = error.to_string();
    assert!(
        text.contains(&taken.to_string()) && text.contains("Options::addr"),
        "{text}"
    );
}
