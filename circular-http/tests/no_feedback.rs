//! Everything that anybody logs goes to the ring, down to TRACE, and the log is shown from the same
//! program: what is sent must not become records, which would be sent.
//!
//! In a program of its own, as the subscriber is global.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use circular_core::Ring;
use circular_http::{Options, serve};
use circular_tracing::RingLayer;
use tracing_subscriber::prelude::*;

#[test]
fn a_stream_does_not_feed_itself() {
    let ring = Ring::new(1 << 20).unwrap();
    // No filter: what says something through `log` is heard as well.
    tracing_subscriber::registry()
        .with(RingLayer::new(ring.clone()))
        .init();
    let server = serve(ring.handle(), Options::new().addr(([127, 0, 0, 1], 0))).unwrap();
    // Two, so that what one is sent would make records for the other.
    let mut streams = ["text", "sse"].map(|format| {
        let mut stream = TcpStream::connect(server.local_addr()).unwrap();
        let request =
            format!("GET /debug/log?follow&format={format} HTTP/1.0\r\nhost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        BufReader::new(stream)
    });
    const ROUNDS: u64 = 500;
    for round in 0..ROUNDS {
        tracing::info!("round {round} is over");
        let end = format!("round {round} is over");
        for stream in &mut streams {
            let mut line = String::new();
            while !line.contains(&end) {
                line.clear();
                assert!(stream.read_line(&mut line).unwrap() > 0, "the stream ended");
            }
        }
    }
    // A record for each piece would be two a round. What is said of each connection is no harm.
    let others = ring.handle().stats().written - ROUNDS;
    assert!(
        others < ROUNDS / 5,
        "{others} records came from sending records"
    );
}
