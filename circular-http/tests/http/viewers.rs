//! How many there may be, and what happens to one that takes nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use circular_core::{Record, Redacted};

use crate::support::{Site, Tail, line, options, until};

#[test]
fn one_more_than_there_may_be_is_asked_to_come_again() {
    let site = Site::with(1 << 16, options().viewers(2));
    site.write(0..1);
    let mut tails: Vec<Tail> = (0..2)
        .map(|_| Tail::open(&site.url("?follow"), &[]))
        .collect();
    for tail in &mut tails {
        assert_eq!(tail.line() + "\n", line(0));
    }
    for rest in ["", "?follow", "?format=sse", "?format=ndjson"] {
        let reply = site.curl(rest, &[]);
        assert_eq!(reply.status, 429, "{rest}");
        let seconds: u32 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((1..60).contains(&seconds));
    }
    // What costs no reader is there as ever.
    for rest in ["?format=html", "/app.js", "/stats"] {
        assert_eq!(site.curl(rest, &[]).status, 200, "{rest}");
    }
    let viewers = &site.stats()["viewers"];
    assert_eq!(
        (&viewers["now"], &viewers["limit"], &viewers["refused"]),
        (&2.into(), &2.into(), &4.into())
    );
    tails.pop();
    until("there is a place again", || {
        (site.curl("", &[]).status == 200).then_some(())
    });
}

/// The server looks for more of a request only when it has answered what there is.
#[test]
fn a_client_that_has_sent_more_and_goes_frees_its_place() {
    let site = Site::with(1 << 16, options().viewers(1));
    let head = "GET /debug/log?follow HTTP/1.1\nhost: localhost";
    for more in ["x", "\n", "GET /debug/log HTTP/1.1\nhost: localhost"] {
        let mut stream = site.open(head);
        stream.write_all(more.as_bytes()).unwrap();
        until("it looks", || {
            (site.stats()["viewers"]["now"] == 1).then_some(())
        });
        drop(stream);
        until("it has gone", || {
            (site.stats()["viewers"]["now"] == 0).then_some(())
        });
    }
    let stream = site.open(&format!("{head}\ncontent-length: 5"));
    until("it looks", || {
        (site.stats()["viewers"]["now"] == 1).then_some(())
    });
    drop(stream);
    until("it has gone", || {
        (site.stats()["viewers"]["now"] == 0).then_some(())
    });
}

/// What a client asks for may take long to find, but nobody has to wait for that, and who waits for it
/// is not sent away.
#[test]
fn a_long_search_keeps_nobody_waiting() {
    let slow = |_: &Record<'_>| {
        std::thread::sleep(Duration::from_millis(2));
        Redacted::Keep
    };
    let site = Site::with(1 << 20, options().redact(slow));
    site.write(0..500);
    let mut searching = Tail::open(&site.url("?tail=1&q=line"), &[]);
    until("it looks, and others are answered meanwhile", || {
        (site.stats()["viewers"]["now"] == 1).then_some(())
    });
    // More than there may be.
    let flood: Vec<TcpStream> = (0..400)
        .map(|_| TcpStream::connect(site.server.local_addr()).unwrap())
        .collect();
    assert_eq!(site.stats()["viewers"]["now"], 1);
    assert_eq!(searching.line() + "\n", line(499));
    drop(flood);
}

#[test]
fn a_viewer_that_takes_nothing_is_dropped_and_counted() {
    let site = Site::with(
        16 << 20,
        options().stall_timeout(Duration::from_millis(300)),
    );
    // More than the sockets hold.
    site.write(0..100_000);
    // Has had all, and gets nothing for longer than that: it stays.
    let mut quiet = Tail::open(&site.url("?follow&tail=1"), &[]);
    assert_eq!(quiet.line() + "\n", line(99_999));
    let mut stream = site.open("GET /debug/log?follow HTTP/1.1\nhost: localhost");
    until("it is dropped", || {
        (site.stats()["viewers"]["stalled"] == 1).then_some(())
    });
    let stats = site.stats();
    assert_eq!(
        (
            &stats["viewers"]["now"],
            stats["readers"].as_array().unwrap().len()
        ),
        (&1.into(), 1)
    );
    // Nobody takes what it got for the whole.
    let mut reply = Vec::new();
    let ended = stream.read_to_end(&mut reply);
    assert!(ended.is_err() || !reply.ends_with(b"0\r\n\r\n"));
    site.write(100_000..100_001);
    assert_eq!(quiet.line() + "\n", line(100_000));
}

#[test]
fn a_slow_viewer_is_not_dropped_while_it_takes_something() {
    let site = Site::with(16 << 20, options().stall_timeout(Duration::from_secs(2)));
    site.write(0..20_000);
    let mut stream = site.open("GET /debug/log HTTP/1.0\nhost: localhost");
    let mut reply = Vec::new();
    let mut buffer = [0; 64 << 10];
    loop {
        std::thread::sleep(Duration::from_millis(50));
        match stream.read(&mut buffer).expect("it goes on") {
            0 => break,
            count => reply.extend_from_slice(&buffer[..count]),
        }
    }
    let text = String::from_utf8(reply).unwrap();
    assert!(text.ends_with(&line(19_999)));
    assert_eq!(site.stats()["viewers"]["stalled"], 0);
}

#[test]
fn a_stalled_viewer_of_old_http_can_tell_that_it_was_dropped() {
    let site = Site::with(
        16 << 20,
        options().stall_timeout(Duration::from_millis(300)),
    );
    site.write(0..100_000);
    // There the end of the connection is the end of the response.
    let mut stream = site.open("GET /debug/log?follow HTTP/1.0\nhost: localhost");
    until("it is dropped", || {
        (site.stats()["viewers"]["stalled"] == 1).then_some(())
    });
    let mut reply = Vec::new();
    assert!(
        stream.read_to_end(&mut reply).is_err(),
        "{} bytes",
        reply.len()
    );
}
