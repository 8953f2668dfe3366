//! The routes in a server of the user's own.

use std::io::Read;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use circular_core::{Meta, Ring};
use circular_http::{Ending, Options, router};

use crate::addresses::{references, resolved};
use crate::support::{Tail, curl, line, until};

/// Serves `app` with axum's own server while `test` runs.
pub(crate) fn with_axum(app: Router, test: impl FnOnce(SocketAddr)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (tell, told) = mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = thread::spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let stopped = async { drop(stopped.await) };
            axum::serve(listener, app)
                .with_graceful_shutdown(stopped)
                .await
                .unwrap();
        });
    });
    test(told.recv().unwrap());
    drop(stop);
    // A graceful shutdown, which waits for every response.
    until("the server ends", || server.is_finished().then_some(()));
}

fn record(ring: &Ring, numbers: std::ops::Range<u64>) {
    for number in numbers {
        ring.record(Meta::new(), line(number).as_bytes()).unwrap();
    }
}

#[test]
fn the_routes_go_into_another_server() {
    let ring = Ring::new(1 << 20).unwrap();
    let app = Router::new()
        .route("/", get(async || "mine"))
        .merge(router(ring.handle(), Options::new()));
    with_axum(app, |addr| {
        record(&ring, 0..3);
        assert_eq!(curl(&format!("http://{addr}/"), &[]).body, "mine");
        let url = format!("http://{addr}/debug/log");
        assert_eq!(curl(&format!("{url}?tail=1"), &[]).body, line(2));
        assert_eq!(curl(&url, &["--head"]).status, 200);
        assert_eq!(curl(&url, &["--data", "x"]).status, 405);
        let host = ["--header", "host: evil.example.com"];
        assert_eq!(curl(&url, &host).status, 403);
        let mut tails: Vec<Tail> = (0..5)
            .map(|_| Tail::open(&format!("{url}?follow&tail=1"), &[]))
            .collect();
        for tail in &mut tails {
            assert_eq!(tail.line() + "\n", line(2));
        }
        record(&ring, 3..4);
        ring.handle().close();
        for tail in tails {
            assert_eq!(tail.rest(), (line(3), true));
        }
    });
}

#[test]
fn a_stalled_viewer_loses_its_place_there_too() {
    let ring = Ring::new(16 << 20).unwrap();
    let options = Options::new()
        .viewers(2)
        .stall_timeout(Duration::from_millis(300));
    with_axum(router(ring.handle(), options), |addr| {
        record(&ring, 0..200_000);
        let url = format!("http://{addr}/debug/log");
        let mut quiet = Tail::open(&format!("{url}?follow&tail=1"), &[]);
        assert_eq!(quiet.line() + "\n", line(199_999));
        let mut stream = std::net::TcpStream::connect(addr).unwrap();
        std::io::Write::write_all(
            &mut stream,
            b"GET /debug/log?follow HTTP/1.1\r\nhost: localhost\r\n\r\n",
        )
        .unwrap();
        until("it is dropped", || {
            let stats = curl(&format!("{url}/stats"), &[]).body;
            stats.contains("\"stalled\":1}").then_some(())
        });
        let mut reply = Vec::new();
        let ended = stream.read_to_end(&mut reply);
        assert!(
            ended.is_err() || !reply.ends_with(b"0\r\n\r\n"),
            "it was cut off"
        );
        record(&ring, 200_000..200_001);
        assert_eq!(quiet.line() + "\n", line(200_000));
        ring.handle().close();
    });
}

#[test]
fn viewers_can_be_ended_without_closing_the_ring() {
    let ring = Ring::new(1 << 20).unwrap();
    let ending = Ending::new();
    let app = router(ring.handle(), Options::new().ended_by(&ending));
    record(&ring, 0..3);
    // It ends: the shutdown waits for no more.
    with_axum(app, |addr| {
        let url = format!("http://{addr}/debug/log");
        let mut tails: Vec<Tail> = ["text", "ndjson"]
            .iter()
            .map(|format| Tail::open(&format!("{url}?follow&format={format}&tail=1"), &[]))
            .collect();
        for tail in &mut tails {
            assert!(tail.line().contains("line 2"));
        }
        record(&ring, 3..1_000);
        ending.end();
        record(&ring, 1_000..1_001);
        let ndjson = tails.pop().unwrap().rest();
        let text = tails.pop().unwrap().rest();
        let expected: String = (3..1_000).map(line).collect();
        assert!(text == (expected, true), "{} bytes", text.0.len());
        let lines: Vec<&str> = ndjson.0.lines().collect();
        assert_eq!(lines.len(), 998);
        assert!(lines[996].contains("\"seq\":999,"), "{}", lines[996]);
        let word: serde_json::Value = serde_json::from_str(lines[997]).unwrap();
        assert_eq!(word["stopped"], true);
        assert_eq!(word["closed"], true);
        // Who goes on there misses nothing, and who comes now gets what there is, and does not stay.
        let id = word["id"].as_str().unwrap();
        let late = Tail::open(&format!("{url}?follow&after={id}"), &[]);
        assert_eq!(late.rest(), (line(1_000), true));
        assert_eq!(curl(&format!("{url}?tail=1"), &[]).body, line(1_000));
    });
    assert!(!ring.handle().is_closed());
    // What is made later is ended before.
    let app = router(ring.handle(), Options::new().ended_by(&ending));
    with_axum(app, |addr| {
        let tail = Tail::open(&format!("http://{addr}/debug/log?follow&tail=1"), &[]);
        assert_eq!(tail.rest(), (line(1_000), true));
    });
}

#[test]
fn two_logs_are_shown_in_one_router_where_they_are_nested() {
    let (log, audit) = (Ring::new(1 << 16).unwrap(), Ring::new(1 << 16).unwrap());
    record(&log, 1..2);
    record(&audit, 2..3);
    let at = |path: &str| Options::new().path(path).unwrap();
    // A router with a state takes them as they are.
    let admin: Router<&'static str> = Router::new()
        .route("/", get(async |State(name): State<&'static str>| name))
        .merge(router(log.handle(), Options::new()))
        .merge(router(audit.handle(), at("/debug/audit")));
    let app = Router::new()
        .nest("/admin", admin)
        .nest("/of/{whom}", router(audit.handle(), at("/")))
        .with_state("state");
    with_axum(app, |addr| {
        let root = format!("http://{addr}");
        assert_eq!(curl(&format!("{root}/admin"), &[]).body, "state");
        for (path, number) in [
            ("/admin/debug/log", 1),
            ("/admin/debug/audit", 2),
            ("/of/me:here", 2),
        ] {
            let url = format!("{root}{path}");
            assert_eq!(curl(&url, &[]).body, line(number), "{path}");
            assert!(curl(&format!("{url}/stats"), &[]).body.contains("viewers"));
            let references = references(&url);
            assert!(references.len() > 3, "{path}: {references:?}");
            for reference in references {
                let reference = resolved(&url, &reference);
                assert!(reference.starts_with(&format!("{url}/")), "{reference}");
                assert_eq!(curl(&reference, &[]).status, 200, "{path}: {reference}");
            }
            let elsewhere = curl(&format!("{url}/nowhere"), &[]);
            assert_eq!(elsewhere.status, 404);
            assert_eq!(
                elsewhere.body,
                format!("there is nothing here: see {path}\n")
            );
        }
    });
}

#[test]
fn the_form_for_the_token_works_wherever_it_is() {
    let ring = Ring::new(1 << 16).unwrap();
    record(&ring, 0..1);
    let at = |path: &str| {
        let options = Options::new().path(path).unwrap().token("sesame").unwrap();
        router(ring.handle(), options)
    };
    let app: Router = Router::new()
        .merge(at("/a/b/logs"))
        .nest("/nested", at("/"));
    let root: Router = at("/");
    let browser = ["--header", "accept: text/html"];
    for (app, path) in [(app.clone(), "/a/b/logs"), (app, "/nested"), (root, "/")] {
        with_axum(app, |addr| {
            let url = format!("http://{addr}{path}");
            assert_eq!(curl(&url, &browser).status, 401);
            for reference in references(&url) {
                assert_eq!(curl(&resolved(&url, &reference), &[]).status, 200);
            }
            let asked = format!("{url}?level=warn");
            let wrong = curl(&asked, &["--data", "token=wrong"]);
            assert_eq!(wrong.status, 403);
            let sent = curl(&asked, &["--referer", &asked, "--data", "token=sesame"]);
            assert_eq!(
                (sent.status, sent.header("location")),
                (303, Some("?level=warn"))
            );
            let cookie = sent.header("set-cookie").unwrap();
            assert!(cookie.ends_with(&format!("Path={path}")), "{cookie}");
            let (cookie, _) = cookie.split_once(';').unwrap();
            let cookie = format!("cookie: {cookie}");
            assert_eq!(curl(&url, &["--header", &cookie]).body, line(0));
            let out = resolved(&format!("{}/x", url.trim_end_matches('/')), "logout");
            let out = curl(&out, &["--header", &cookie, "--data", ""]);
            assert_eq!(out.status, 303);
            assert_eq!(curl(&url, &["--header", &cookie]).status, 401);
        });
    }
}
