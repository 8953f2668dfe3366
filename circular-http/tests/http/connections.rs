//! What clients and proxies do with a connection: ending their side behind a request, and HTTP/1.0.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use crate::support::{Site, line, options, until};

/// Sends a request, and ends its side of the connection, as `nc -N` does; with all that comes.
fn half_closed(site: &Site, request: &str) -> String {
    let mut stream = site.open(request);
    stream
        .shutdown(Shutdown::Write)
        .expect("the other side is there");
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).expect("it ends in order");
    String::from_utf8(reply).expect("it is text")
}

#[test]
fn who_ends_its_side_behind_a_request_gets_the_whole_answer() {
    let site = Site::with(16 << 20, options());
    // More than sockets hold, so that it takes a while.
    site.write(0..60_000);
    let whole = site.get("");
    let last = line(59_999);
    for version in ["1.0", "1.1"] {
        let ask = |target: &str| {
            half_closed(
                &site,
                &format!("GET {target} HTTP/{version}\nhost: localhost"),
            )
        };
        for _ in 0..20 {
            let reply = ask("/debug/log?tail=1");
            assert!(reply.contains(&last), "{version}: {reply}");
        }
        let reply = ask("/debug/log");
        assert!(reply.len() > whole.len(), "{version}: {}", reply.len());
        assert!(reply.contains(&last), "{version}");
        // One that is looked for, and so takes a while before its first byte.
        let reply = ask("/debug/log?q=59999&tail=3");
        assert!(reply.contains(&last), "{version}: {reply}");
        for (target, status, end) in [
            (
                "/debug/log?format=sse&tail=1",
                200,
                "event: end\ndata: {\"end\":true}\n\n",
            ),
            ("/debug/log?format=ndjson&tail=1", 200, "}\n"),
            ("/debug/log?format=html", 200, "</html>\n"),
            ("/debug/log/app.js", 200, "\n"),
            ("/debug/log/stats", 200, "}"),
            ("/debug/log?nothing=x", 400, "\n"),
            ("/nowhere", 404, "\n"),
        ] {
            let reply = ask(target);
            let begin = format!(" {status} ");
            assert!(
                reply.contains(&begin),
                "{version} {target}: {}",
                reply.len()
            );
            let reply = reply.strip_suffix("\r\n0\r\n\r\n").unwrap_or(&reply);
            assert!(
                reply.trim_end().ends_with(end.trim_end()),
                "{version} {target}: {reply}"
            );
        }
    }
}

#[test]
fn who_ends_its_side_and_follows_has_gone() {
    let site = Site::with(1 << 20, options().viewers(1));
    site.write(0..1);
    for version in ["1.0", "1.1"] {
        for query in [
            "follow",
            "follow&format=sse",
            "follow&q=never&tail=1",
            "follow&format=ndjson&tail=0",
        ] {
            let request = format!("GET /debug/log?{query} HTTP/{version}\nhost: localhost");
            let stream = site.open(&request);
            until("it looks", || {
                (site.stats()["viewers"]["now"] == 1).then_some(())
            });
            stream.shutdown(Shutdown::Write).expect("it is there");
            // At once, and not when somebody looks for it: its place is for who comes.
            let began = Instant::now();
            until("it has gone", || {
                (site.stats()["viewers"]["now"] == 0).then_some(())
            });
            let took = began.elapsed();
            assert!(took < Duration::from_millis(900), "{query}: {took:?}");
        }
    }
    assert_eq!(site.stats()["viewers"]["stalled"], 0);
}

#[test]
fn a_request_whose_rest_never_comes_is_not_waited_for() {
    let site = Site::with(1 << 16, options().token("secret").expect("a token"));
    for request in [
        "POST /debug/log HTTP/1.1\nhost: localhost\ncontent-length: 100",
        "POST /debug/log HTTP/1.1\nhost: localhost\ntransfer-encoding: chunked",
    ] {
        let began = Instant::now();
        let reply = half_closed(&site, request);
        assert!(!reply.contains(" 200 "), "{reply}");
        assert!(began.elapsed() < Duration::from_secs(5), "{request}");
    }
}

/// A proxy asks with HTTP/1.0 as a rule; some clients ask to keep the connection with it.
#[test]
fn http_1_0_keeps_what_it_promises() {
    let site = Site::new();
    site.write(0..3);
    let head = "HTTP/1.0\r\nhost: localhost\r\nconnection: keep-alive\r\n\r\n";
    for (target, method) in [
        ("/debug/log/stats", "GET"),
        ("/debug/log/app.js", "GET"),
        ("/debug/log?format=html", "GET"),
        ("/debug/log", "GET"),
        ("/debug/log", "HEAD"),
        ("/debug/log?format=sse", "GET"),
        ("/debug/log?nothing=x", "GET"),
        ("/nowhere", "GET"),
    ] {
        let mut stream = site.open(&format!(
            "{method} {target} HTTP/1.0\nhost: localhost\nconnection: keep-alive"
        ));
        let mut reply = Vec::new();
        let mut bytes = Vec::new();
        while !reply.ends_with(b"\r\n\r\n") {
            bytes.resize(1, 0);
            stream.read_exact(&mut bytes).expect("a head comes");
            reply.extend_from_slice(&bytes);
        }
        let reply = String::from_utf8(reply).expect("a head is text");
        let lower = reply.to_ascii_lowercase();
        let length = lower.lines().find_map(|line| {
            let length = line.strip_prefix("content-length: ")?;
            length.parse::<usize>().ok()
        });
        let is_kept = lower.contains("\r\nconnection: keep-alive\r\n");
        assert!(!lower.contains("transfer-encoding"), "{target}: {reply}");
        let Some(length) = length else {
            assert!(!is_kept, "{target}: promised, and it cannot be: {reply}");
            stream.read_to_end(&mut bytes).expect("it ends in order");
            continue;
        };
        assert!(is_kept, "{target}: {reply}");
        bytes.resize(if method == "HEAD" { 0 } else { length }, 0);
        stream.read_exact(&mut bytes).expect("a body comes");
        // The next one on the same connection.
        stream
            .write_all(format!("GET /debug/log/stats {head}").as_bytes())
            .expect("it is open");
        let mut first = [0; 12];
        stream.read_exact(&mut first).expect("another answer comes");
        assert_eq!(&first[8..], b" 200", "{target}");
    }
    // Without it the connection ends, as that is what 1.0 means.
    let mut reply = String::new();
    site.open("GET /debug/log/stats HTTP/1.0\nhost: localhost")
        .read_to_string(&mut reply)
        .expect("it ends");
    assert!(
        !reply.to_ascii_lowercase().contains("keep-alive"),
        "{reply}"
    );
}

#[cfg(feature = "router")]
#[test]
fn in_a_server_of_the_users_http_1_0_keeps_what_it_promises_too() {
    use circular_http::{Options, router};

    let ring = circular_core::Ring::new(1 << 16).expect("there is memory");
    let app = router(ring.handle(), Options::new());
    crate::mounted::with_axum(app, |addr| {
        for (target, is_kept) in [("/debug/log", false), ("/debug/log/app.js", true)] {
            let reply = crate::support::curl(
                &format!("http://{addr}{target}"),
                &["--http1.0", "--header", "connection: keep-alive"],
            );
            let promised = reply.header("connection") == Some("keep-alive");
            assert_eq!(promised, is_kept, "{target}");
        }
    });
}
