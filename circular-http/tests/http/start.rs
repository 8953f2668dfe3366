//! How a server of its own starts, and what it is when nobody asks for the log.

use std::time::Duration;

use circular_core::Ring;
use circular_http::{Listen, Options, serve};

use crate::support::{PATIENCE, Site, Tail, curl, line, options};

#[test]
fn it_starts_fails_and_stops_in_async_code_too() {
    let site = Site::new();
    let taken = site.server.local_addr();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let ring = Ring::new(4096).unwrap();
        let error = serve(ring.handle(), options().addr(taken)).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
        assert!(error.to_string().contains("Options::addr"), "{error}");
        let server = serve(ring.handle(), options()).unwrap();
        // It answers though this runtime is wedged: its only thread waits here.
        assert_eq!(curl(&server.url(), &[]).status, 200);
        server.stop();
    });
}

#[test]
fn other_addresses_are_answered_with_where_the_log_is() {
    let site = Site::new();
    let root = format!("http://{}", site.server.local_addr());
    for path in ["/favicon.ico", "/debug", "/debug/logs"] {
        let reply = curl(&(root.clone() + path), &[]);
        assert_eq!(reply.status, 404, "{path}");
        assert!(reply.body.contains("/debug/log"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        let host = ["--header", "host: evil.example.com"];
        assert_eq!(curl(&(root.clone() + path), &host).status, 403, "{path}");
    }
}

#[test]
fn times_that_are_never_over_are_fine() {
    let options = options()
        .keep_alive(Duration::MAX)
        .stall_timeout(Duration::MAX)
        .header_timeout(Duration::MAX);
    let site = Site::with(1 << 16, options);
    site.write(0..1);
    assert_eq!(site.get(""), line(0));
    let mut tail = Tail::open(&site.url("?format=sse&follow&tail=0"), &[]);
    tail.event();
    assert_eq!(tail.event().name, "live");
    site.write(1..2);
    assert_eq!(tail.event().seq(), Some(1));
}

#[test]
fn what_is_set_before_the_address_and_after_it_counts() {
    let before = || Options::new().path("/log").unwrap().viewers(3);
    let after = |options: Options<Listen>| options.path("/log").unwrap().viewers(3);
    for options in [
        before().addr("127.0.0.1:0"),
        before().addr("192.0.2.1:1").addr("127.0.0.1:0"),
        before().header_timeout(PATIENCE).addr("127.0.0.1:0"),
        after(Options::new().addr("127.0.0.1:0")),
        after(Options::new().addr("127.0.0.1:0").header_timeout(PATIENCE)),
    ] {
        let site = Site::with(4096, options);
        assert!(site.url("").ends_with("/log"), "{}", site.url(""));
        assert_eq!(site.stats()["viewers"]["limit"], 3);
    }
}

#[test]
fn an_address_may_be_text_and_is_looked_at_when_it_is_served() {
    let ring = Ring::new(4096).unwrap();
    let at =
        |options: Options<Listen>| serve(ring.handle(), options).map(|server| server.local_addr());
    let options = Options::new();
    for addr in ["127.0.0.1:0", "[::ffff:127.0.0.1]:0"] {
        assert_ne!(at(options.clone().addr(addr)).unwrap().port(), 0, "{addr}");
    }
    let owned = String::from("127.0.0.1:0");
    assert!(at(options.clone().addr(&owned)).is_ok());
    assert!(at(options.clone().addr(owned)).is_ok());
    assert!(at(options.clone().addr((std::net::Ipv4Addr::LOCALHOST, 0))).is_ok());
    let both: std::net::SocketAddr = ([127, 0, 0, 1], 0).into();
    assert!(at(options.clone().addr(both)).is_ok());
    for addr in ["localhost:0", "127.0.0.1", ":6061", "", "127.0.0.1:70000"] {
        let error = at(options.clone().addr(addr)).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        let text = error.to_string();
        assert!(text.contains(&format!("{addr:?}")), "{text}");
        assert!(text.contains("Options::addr"), "{text}");
    }
}

#[test]
fn it_is_at_the_path_that_was_chosen_and_at_no_other() {
    let site = Site::with(1 << 16, options().path("/logs").unwrap());
    site.write(0..1);
    assert!(site.server.url().ends_with("/logs"));
    assert_eq!(site.get("?tail=1"), line(0));
    let root = format!("http://{}", site.server.local_addr());
    for path in ["/debug/log", "/logsx", "/log"] {
        let reply = curl(&(root.clone() + path), &[]);
        assert_eq!(reply.status, 404, "{path}");
        assert!(
            reply.body.ends_with("see /logs\n"),
            "{path}: {}",
            reply.body
        );
    }
    let at_root = Site::with(1 << 16, options().path("/").unwrap());
    at_root.write(0..1);
    assert_eq!(at_root.get("?tail=1"), line(0));
    assert_eq!(at_root.get("app.js"), site.get("/app.js"));
    for path in [
        "", "logs", "/logs/", "//", "/a//b", "/../a", "/{a}", "/*a", "/a b", "/ä", "/a?b",
    ] {
        let error = Options::new().path(path).unwrap_err().to_string();
        assert!(error.contains(&format!("{path:?}")), "{error}");
        assert!(error.contains("/debug/log"), "{error}");
    }
}
