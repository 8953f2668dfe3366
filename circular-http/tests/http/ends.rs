//! How streams end: with the ring, with the server, or with the client.

use std::io::Read;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use circular_core::Redacted;
use serde_json::{Value, json};

use crate::support::{PATIENCE, Site, Tail, line, options, until};

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

/// The lines of these numbers.
fn lines(numbers: std::ops::Range<u64>) -> String {
    numbers.map(line).collect()
}

#[test]
fn a_server_that_stops_shows_what_was_written_until_then() {
    let site = Site::new();
    site.write(0..1);
    let mut tails: Vec<Tail> = ["text", "ndjson", "sse", "sse&q=line+1"]
        .iter()
        .map(|format| Tail::open(&site.url(&format!("?follow&format={format}")), &[]))
        .collect();
    tails.push(Tail::open(&site.url("?follow"), &["--http1.0"]));
    let until_there = |tail: &mut Tail| while !tail.line().contains("line 0") {};
    for (number, tail) in tails.iter_mut().enumerate() {
        // They are there.
        if number == 3 {
            while tail.event().name != "live" {}
        } else {
            until_there(tail);
        }
    }
    // Several pieces for each, and not so many that half a second is too short for them on a machine that is busy.
    site.write(1..301);
    let cursor = site.ring.handle().cursor();
    let reading: Vec<_> = tails
        .into_iter()
        .map(|tail| thread::spawn(move || tail.rest()))
        .collect();
    drop(site.server);
    let rests: Vec<(String, bool)> = reading
        .into_iter()
        .map(|rest| rest.join().unwrap())
        .collect();
    assert!(rests.iter().all(|rest| rest.1), "a stream was cut off");
    for text in [&rests[0].0, &rests[4].0] {
        assert!(*text == lines(1..301), "{} bytes", text.len());
    }
    let word = json!({"id": cursor.to_string(), "closed": true, "stopped": true});
    let mut ndjson: Vec<Value> = rests[1]
        .0
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(ndjson.pop(), Some(word.clone()));
    let seqs: Vec<u64> = ndjson
        .iter()
        .filter_map(|line| line["seq"].as_u64())
        .collect();
    assert_eq!(seqs, (1..301).collect::<Vec<_>>());
    for (number, count) in [(2, 300), (3, 111)] {
        let sse = &rests[number].0;
        assert_eq!(sse.matches("\"seq\":").count(), count);
        let end = format!("id: {cursor}\nevent: closed\ndata: ");
        let (_, data) = sse.rsplit_once(&end).expect("it has a last word");
        assert_eq!(serde_json::from_str::<Value>(data.trim()).unwrap(), word);
    }
    // The ring does not care.
    assert!(!site.ring.handle().is_closed());
}

#[test]
fn a_program_that_closes_its_ring_and_drops_its_server_at_once_shows_its_end() {
    let site = Site::new();
    site.write(0..1);
    let mut tail = Tail::open(&site.url("?follow&format=ndjson"), &[]);
    assert!(tail.line().contains("line 0"));
    let reading = thread::spawn(move || tail.rest());
    site.write(1..2_001);
    let Site { ring, server } = site;
    drop(ring);
    drop(server);
    let (rest, is_whole) = reading.join().unwrap();
    assert!(is_whole, "it was cut off");
    let lines: Vec<&str> = rest.lines().collect();
    assert_eq!(lines.len(), 2_001);
    assert!(lines[1_999].contains("\"seq\":2000,"), "{}", lines[1_999]);
    assert_eq!(lines[2_000], "{\"closed\":true}");
}

#[test]
fn what_a_stopping_server_cannot_send_is_not_taken_for_all() {
    for (version, query) in [
        ("1.1", "?follow"),
        ("1.0", "?follow"),
        ("1.1", ""),
        ("1.0", ""),
    ] {
        let records = 100_000;
        let site = Site::with(16 << 20, options());
        site.write(0..records);
        // It takes nothing until the server is gone.
        let request = format!("GET /debug/log{query} HTTP/{version}\nhost: localhost");
        let mut stream = site.open(&request);
        until("the socket is full", || {
            let lag = site.stats()["readers"][0]["lag"]["records"].as_u64()?;
            (lag > 0 && lag < records).then_some(())
        });
        site.server.stop();
        let mut reply = Vec::new();
        let ended = stream.read_to_end(&mut reply);
        let is_complete = ended.is_ok() && (version == "1.0" || reply.ends_with(b"\r\n0\r\n\r\n"));
        let is_told = String::from_utf8_lossy(&reply).contains("--- missed ");
        assert!(!is_complete || is_told, "HTTP/{version} {query:?}");
    }
}

#[test]
fn a_download_is_whole_or_cut_off_when_the_server_stops() {
    let records = 50_000;
    let site = Site::with(16 << 20, options());
    site.write(0..records);
    let mut tail = Tail::open(&site.url(""), &[]);
    assert_eq!(tail.line() + "\n", line(0));
    let reading = thread::spawn(move || tail.rest());
    site.server.stop();
    let (rest, is_whole) = reading.join().unwrap();
    assert!(
        !is_whole || rest == lines(1..records),
        "{} bytes",
        rest.len()
    );
}

#[test]
fn a_download_goes_on_when_the_ring_is_closed() {
    let records = 100_000;
    let site = Site::with(16 << 20, options());
    site.write(0..records);
    let mut stream = site.open("GET /debug/log HTTP/1.0\nhost: localhost");
    until("the socket is full", || {
        let lag = site.stats()["readers"][0]["lag"]["records"].as_u64()?;
        (lag > 0 && lag < records).then_some(())
    });
    site.ring.handle().close();
    // Longer than those who follow have. Slowly at first, or it is seen too late that it is closed.
    let mut reply = Vec::new();
    for _ in 0..10 {
        let mut some = [0; 64 << 10];
        let count = stream.read(&mut some).unwrap();
        reply.extend_from_slice(&some[..count]);
        thread::sleep(Duration::from_millis(50));
    }
    stream.read_to_end(&mut reply).unwrap();
    let reply = String::from_utf8(reply).unwrap();
    let (_, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(body == lines(0..records), "{} bytes", body.len());
}

#[test]
fn a_server_whose_hook_hangs_can_be_dropped() {
    let (tell, told) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let (gave_up, has_given_up) = mpsc::channel();
    let options = options().redact(move |_| {
        let _ = tell.send(());
        let released = released.lock().unwrap();
        if released.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = gave_up.send(());
        }
        Redacted::Keep
    });
    let site = Site::with(1 << 16, options);
    site.write(0..1);
    let mut stream = site.open("GET /debug/log?follow HTTP/1.0\nhost: localhost");
    told.recv().expect("the hook is asked");
    drop(site.server);
    assert!(has_given_up.try_recv().is_err(), "it waited for the hook");
    drop(release);
    // The thread gets on, and ends what is left, whichever way.
    let _ = stream.read_to_end(&mut Vec::new());
}
