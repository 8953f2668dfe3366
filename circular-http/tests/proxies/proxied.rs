//! The page, signing in and out, streams and downloads behind nginx, Caddy and haproxy.

use std::net::SocketAddr;

use circular_core::{Level, Meta, Ring};
use circular_http::{Options, Server, serve};

use crate::program::Program;
use crate::proxy;
use crate::visitor::{Answer, Visitor};

const TOKEN: &str = "sesame";

/// A log as the README has it behind a proxy.
fn log() -> (Ring, Server) {
    let ring = Ring::new(1 << 22).expect("there is memory");
    let options = Options::new()
        .addr("127.0.0.1:0")
        .origin("https://log.example.com")
        .and_then(|options| options.token(TOKEN))
        .expect("an origin and a token");
    let server = serve(ring.handle(), options).expect("a port is free");
    (ring, server)
}

fn say(ring: &Ring, text: &str) {
    let meta = Meta::new().level(Level::Info).target("shop");
    ring.record(meta, format!("{text}\n").as_bytes())
        .expect("the ring is open");
}

/// What is at `path` behind `proxy` is the log, with all that belongs to it.
fn assert_works(proxy: &Program, (ring, server): &(Ring, Server), path: &str) {
    let name = path.replace('/', "-");
    let Some(visitor) = Visitor::new(proxy, &name) else {
        return;
    };
    say(ring, &format!("before {path}"));

    // The form, twice, and then the page, with what was asked for.
    let asked = visitor.url(&format!("{path}?q=before&level=info"));
    let form = visitor.visit(&asked);
    assert_eq!(form.status, 401, "{form:?}");
    assert!(form.body.contains("name=\"token\""), "{form:?}");
    assert_eq!(form.url, asked);
    let again = visitor.send_form(&asked, "token=wrong");
    assert_eq!(again.status, 403, "{again:?}");
    assert!(again.body.contains("name=\"token\""), "{again:?}");
    let signed_in = visitor.send_form(&asked, &format!("token={TOKEN}"));
    assert_eq!(signed_in.status, 303, "{signed_in:?}");
    let cookie = signed_in.header("set-cookie").expect("it sets one");
    assert!(cookie.contains("; Secure"), "{cookie}");
    let location = signed_in.header("location").expect("it leads to the page");
    assert_eq!(resolved(&asked, location), asked);
    let page = visitor.visit(&asked);
    assert_eq!((page.status, &page.url), (200, &asked));
    assert_whole(&visitor, &page, path);

    // What the page asks for.
    let separator = if path.ends_with('/') { "" } else { "/" };
    let below = |name: &str| visitor.url(&format!("{path}{separator}{name}"));
    let stats = visitor.get(&below("stats?format=json"), &[]);
    assert_eq!(stats.status, 200, "{stats:?}");
    assert!(stats.body.contains("\"viewers\""), "{stats:?}");
    for format in ["sse", "text", "ndjson"] {
        let url = visitor.url(&format!("{path}?follow&tail=1&format={format}"));
        let mut stream = visitor.stream(&url);
        stream.until("before");
        // Each comes when it is written, and not when there are many.
        for number in 0..3 {
            let text = format!("now {number} at {path} as {format}");
            say(ring, &text);
            stream.until(&text);
        }
        say(ring, "before");
    }
    let all = format!("{path}?tail=all&format=text");
    let direct = visitor.get(
        &format!("{}?tail=all&format=text", server.url()),
        &["--header", &format!("authorization: Bearer {TOKEN}")],
    );
    let download = visitor.get(&visitor.url(&all), &[]);
    assert_eq!(download.status, 200);
    assert!(
        download.body == direct.body,
        "{} bytes",
        download.body.len()
    );
    assert!(
        download.body.len() > 1 << 20,
        "{} bytes",
        download.body.len()
    );

    // Another page's requests, which a proxy passes on.
    let evil = visitor.get(&asked, &["--header", "origin: https://evil.example.com"]);
    assert_eq!(evil.status, 403, "{evil:?}");

    let out = visitor.send_form(&below("logout"), "");
    assert_eq!(out.status, 303, "{out:?}");
    let location = out.header("location").expect("it leads to the form");
    let form = visitor.visit(&resolved(&below("logout"), location));
    assert_eq!(form.status, 401, "{form:?}");
    let without = visitor.visit(&asked);
    assert_eq!(without.status, 401, "{without:?}");
}

/// Every file that the page refers to is found, where a browser looks for it.
fn assert_whole(visitor: &Visitor, page: &Answer, path: &str) {
    let names = page.body.split('"').filter(|part| {
        let ends = [".js", ".css", ".svg"];
        ends.iter().any(|end| part.ends_with(end))
    });
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 3, "{page:?}");
    // As the script in its head does, where a proxy gives it another name.
    let (_, rest) = page.body.split_once("data-last=\"").expect("it is said");
    let (believed, _) = rest.split_once('"').expect("it ends");
    let real = path.rsplit('/').next().unwrap_or_default();
    if !real.is_empty() && real != believed {
        let there = visitor.visit(&visitor.url(&format!("{path}/")));
        assert_eq!(there.status, 200, "{there:?}");
        return assert_whole(visitor, &there, &format!("{path}/"));
    }
    for name in names {
        let file = visitor.get(&resolved(&page.url, name), &[]);
        assert_eq!(file.status, 200, "{path}: {name}");
    }
}

/// Where a browser that is at `url` goes for `reference`.
fn resolved(url: &str, reference: &str) -> String {
    let bare = url.split('?').next().unwrap_or_default();
    if reference.starts_with('?') {
        return format!("{bare}{reference}");
    }
    let (folder, _) = bare.rsplit_once('/').expect("it has a path");
    format!("{folder}/{}", reference.trim_start_matches("./"))
}

fn fill(ring: &Ring) {
    for number in 0..20_000 {
        say(ring, &format!("record {number} {}", "-".repeat(60)));
    }
}

fn everywhere(start: fn(SocketAddr) -> Option<Program>, paths: &[&str]) {
    let log = log();
    fill(&log.0);
    let Some(proxy) = start(log.1.local_addr()) else {
        return;
    };
    for path in paths {
        assert_works(&proxy, &log, path);
    }
}

#[test]
fn behind_nginx_as_it_comes() {
    everywhere(
        proxy::nginx,
        &[
            "/debug/log",
            "/debug/log/",
            // Below a prefix that is taken away, and one that is not.
            "/shop/debug/log",
            "/shop/debug/log/",
            "/admin/debug/log",
            // By another name.
            "/logs/",
            "/tail",
            "/tail/",
        ],
    );
}

#[test]
fn behind_caddy() {
    everywhere(
        proxy::caddy,
        &[
            "/debug/log",
            "/debug/log/",
            "/shop/debug/log",
            "/admin/debug/log",
        ],
    );
}

#[test]
fn behind_haproxy() {
    everywhere(
        proxy::haproxy,
        &[
            "/debug/log",
            "/debug/log/",
            "/shop/debug/log",
            "/admin/debug/log",
        ],
    );
}

/// The top of what a proxy passes on leads to the log, whatever is before it.
#[test]
fn the_top_behind_nginx_leads_to_the_log() {
    let log = log();
    let Some(proxy) = proxy::nginx(log.1.local_addr()) else {
        return;
    };
    let Some(visitor) = Visitor::new(&proxy, "top") else {
        return;
    };
    let led = visitor.visit(&visitor.url("/shop/?level=warn"));
    assert_eq!(led.status, 401, "{led:?}");
    assert_eq!(led.url, visitor.url("/shop/debug/log?level=warn"));
}

/// One that says nothing of itself: then a refusal says what to change.
#[test]
fn an_old_browser_behind_nginx_is_told_what_the_proxy_has_to_pass_on() {
    let log = log();
    let Some(proxy) = proxy::nginx(log.1.local_addr()) else {
        return;
    };
    let Some(visitor) = Visitor::new(&proxy, "old") else {
        return;
    };
    let url = visitor.url("/debug/log");
    let origin = format!("origin: {}", visitor.origin());
    let form = ["--header", &origin, "--data", "token=sesame"];
    let refused = visitor.get(&url, &form);
    assert_eq!(refused.status, 403, "{refused:?}");
    let host = log.1.local_addr().to_string();
    for part in [
        &*host,
        &*visitor.origin(),
        "proxy_set_header Host $host;",
        "Options::origin",
    ] {
        assert!(refused.body.contains(part), "{part}: {}", refused.body);
    }
    // By the origin that is listed, it is let in.
    let listed = [
        "--header",
        "origin: https://log.example.com",
        "--data",
        "token=sesame",
    ];
    assert_eq!(visitor.get(&url, &listed).status, 303);
}

/// A stream that a proxy passes on ends whole with the log, and not with the server.
#[test]
fn a_stream_behind_nginx_ends_as_it_does_without() {
    for closes in [true, false] {
        let (ring, server) = log();
        let Some(proxy) = proxy::nginx(server.local_addr()) else {
            return;
        };
        let Some(visitor) = Visitor::new(&proxy, "end") else {
            return;
        };
        let url = visitor.url("/shop/debug/log");
        assert_eq!(visitor.send_form(&url, "token=sesame").status, 303);
        say(&ring, "one");
        let mut stream = visitor.stream(&format!("{url}?follow&format=ndjson"));
        stream.until("one");
        if closes {
            ring.handle().close();
        } else {
            server.stop();
        }
        stream.until("\"closed\":true");
        assert!(stream.ends_whole(), "{closes}");
    }
}
