//! Connections that only take room.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Site, Tail, line, options};

#[test]
fn a_head_that_does_not_end_is_not_waited_for() {
    let site = Site::with(
        1 << 16,
        options().header_timeout(Duration::from_millis(300)),
    );
    let connect = || TcpStream::connect(site.server.local_addr()).unwrap();
    let mut half = connect();
    half.write_all(b"GET /debug/log HTTP/1.1\r\nhost: loc")
        .unwrap();
    let mut silent = connect();
    // One that was answered and asks nothing more.
    let mut idle = connect();
    idle.write_all(b"GET /debug/log/stats HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    for stream in [&mut half, &mut silent, &mut idle] {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut reply = Vec::new();
        // An end or a reset, but no time-out.
        if let Err(error) = stream.read_to_end(&mut reply) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
        }
    }
    assert_eq!(site.curl("/stats", &[]).status, 200);
}

#[test]
fn a_drop_at_a_time_is_no_way_to_stay() {
    let site = Site::with(
        1 << 16,
        options().header_timeout(Duration::from_millis(300)),
    );
    let mut stream = TcpStream::connect(site.server.local_addr()).unwrap();
    // Ends when the other side has ended.
    let deadline = Instant::now() + PATIENCE;
    while stream.write_all(b"x").is_ok() {
        assert!(Instant::now() < deadline, "it is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn more_connections_than_there_may_be_do_not_keep_others_out() {
    let site = Site::new();
    site.write(0..1);
    let mut tail = Tail::open(&site.url("?follow"), &[]);
    assert_eq!(tail.line() + "\n", line(0));
    // They stay open, and ask for nothing.
    let mut flood = Vec::new();
    for number in 1..=700 {
        flood.push(TcpStream::connect(site.server.local_addr()).unwrap());
        if number % 100 == 0 {
            site.write([number]);
            assert_eq!(site.curl("/stats", &[]).status, 200);
            assert_eq!(site.get("?tail=1"), line(number));
            // A viewer is not what makes place.
            assert_eq!(tail.line() + "\n", line(number));
        }
    }
}
