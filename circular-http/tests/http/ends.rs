//! How streams end: with the ring, with the server, or with the client.

use std::io::Read;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Site, Tail, line, until};

#[test]
fn closing_the_ring_ends_every_stream_with_its_last_record() {
    let site = Site::new();
    site.write(0..3);
    let mut tails: Vec<Tail> = ["text", "ndjson", "sse"]
        .iter()
        .map(|format| Tail::open(&site.url(&format!("?follow&format={format}")), &[]))
        .collect();
    for tail in &mut tails {
        // They are there.
        while !tail.line().contains("line 2") {}
    }
    site.write(3..4);
    site.ring.handle().close();
    let [text, ndjson, sse] = [0, 1, 2].map(|_| tails.remove(0).rest());
    assert!(text.1 && ndjson.1 && sse.1, "a stream was cut off");
    assert_eq!(text.0, line(3));
    assert!(
        ndjson.0.contains("\"seq\":3,") && ndjson.0.ends_with("{\"closed\":true}\n"),
        "{}",
        ndjson.0
    );
    assert!(
        sse.0.contains("\"seq\":3,")
            && sse
                .0
                .ends_with("event: closed\ndata: {\"closed\":true}\n\n")
    );

    // What is held can still be had.
    assert_eq!(site.get("?tail=1"), line(3));
    let late = site.get("?tail=1&format=ndjson&follow");
    assert_eq!(
        late.lines().last(),
        Some(json!({"closed": true}).to_string().as_str())
    );
}

#[test]
fn an_event_stream_that_is_over_says_so() {
    let site = Site::new();
    site.write(0..3);
    for query in ["", "&tail=1", "&q=nothing", "&follow&until=0s"] {
        let body = site.get(&format!("?format=sse{query}"));
        assert!(
            body.ends_with("event: end\ndata: {\"end\":true}\n\n"),
            "{query}: {body}"
        );
        assert_eq!(body.matches("event: end").count(), 1, "{query}: {body}");
    }
}

#[test]
fn a_viewer_that_is_behind_when_the_ring_closes_is_told_what_it_did_not_get() {
    let records = 100_000;
    let site = Site::with(16 << 20, crate::support::options());
    site.write(0..records);
    // It takes nothing until long after the close.
    let mut stream = site.open("GET /debug/log?format=ndjson&follow HTTP/1.0\nhost: localhost");
    until("the socket is full", || {
        let lag = site.stats()["readers"][0]["lag"]["records"].as_u64()?;
        (lag > 0 && lag < records).then_some(())
    });
    site.ring.handle().close();
    std::thread::sleep(Duration::from_millis(400));
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("it ends");
    let lines: Vec<&str> = reply
        .lines()
        .skip_while(|line| !line.starts_with('{'))
        .collect();
    let [received @ .., missed, closed] = &lines[..] else {
        panic!("{lines:?}")
    };
    let missed: serde_json::Value = serde_json::from_str(missed).unwrap();
    let count = received.len() as u64;
    assert_eq!(missed["missed"]["records"], records - count);
    let bytes: usize = (count..records).map(|number| line(number).len()).sum();
    assert_eq!(missed["missed"]["bytes"], bytes);
    // Who comes back has been told.
    let id = missed["id"].as_str().unwrap();
    assert_eq!(site.get(&format!("?after={id}")), "");
    assert_eq!(*closed, "{\"closed\":true}");
}

#[test]
fn a_server_that_stops_ends_its_streams_within_a_second() {
    let site = Site::with(1 << 20, crate::support::options());
    site.write(0..2000);
    let mut tails: Vec<Tail> = (0..5)
        .map(|_| Tail::open(&site.url("?follow&tail=1"), &[]))
        .collect();
    for tail in &mut tails {
        assert_eq!(tail.line() + "\n", line(1999));
    }
    // These hang: nothing read, nothing asked, half a request.
    let _hanging = [
        site.open("GET /debug/log?follow&format=sse HTTP/1.1\nhost: localhost"),
        std::net::TcpStream::connect(site.server.local_addr()).unwrap(),
        site.open("GET /debug/log HTTP/1.1\nhost: localhost\nx-half: x")
            .try_clone()
            .unwrap(),
    ];
    let began = Instant::now();
    site.server.stop();
    let took = began.elapsed();
    // What is promised; generous, as other tests run beside this one.
    assert!(took < Duration::from_secs(5), "{took:?}");
    for tail in tails {
        assert_eq!(tail.rest(), (String::new(), true), "it came to its end");
    }
    // The ring does not care.
    site.ring.handle().close();
}

#[test]
fn a_client_that_goes_frees_its_place() {
    let site = Site::with(1 << 16, crate::support::options().viewers(1));
    site.write(0..1);
    for _ in 0..3 {
        let mut tail = until("there is a place", || {
            (site.stats()["viewers"]["now"] == 0).then(|| Tail::open(&site.url("?follow"), &[]))
        });
        assert_eq!(tail.line() + "\n", line(0));
        assert_eq!(site.stats()["viewers"]["now"], 1);
    }
    until("all have gone", || {
        (site.stats()["readers"] == json!([])).then_some(())
    });
}
