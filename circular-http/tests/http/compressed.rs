//! What is compressed for clients that take it: the same as without, to its end or not at all.

use std::io::{self, Read};
use std::time::Duration;

use circular_core::Meta;
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::client::{self, Asked, Response};
use crate::support::{Site, curl, line, options, until};

const GZIP: [&str; 2] = ["--header", "accept-encoding: gzip, deflate, br"];

fn open(url: &str, arguments: &[&str]) -> Response {
    client::ask(url, arguments)
        .and_then(Asked::response)
        .expect("it answers")
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// The body as it was sent.
fn sent(url: &str, arguments: &[&str]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut response = open(url, arguments);
    response
        .body
        .read_to_end(&mut body)
        .expect("it comes to its end");
    body
}

fn unzipped(zipped: &[u8]) -> io::Result<Vec<u8>> {
    let mut decoder = GzDecoder::new(zipped);
    let mut text = Vec::new();
    decoder.read_to_end(&mut text)?;
    assert!(decoder.into_inner().is_empty(), "there is more behind it");
    Ok(text)
}

/// Text that no compression makes shorter by much: so that a socket is full before it has all.
fn noise(number: u64) -> String {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text: String = (0..10)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            format!("{state:016x}")
        })
        .collect();
    text.push('\n');
    text
}

/// A ring with more of that than a connection holds.
fn noisy(records: u64) -> Site {
    let site = Site::with(64 << 20, options());
    for number in 0..records {
        site.record(Meta::new(), &noise(number));
    }
    site
}

/// It has taken some, and is stuck.
fn until_stuck(site: &Site, records: u64) {
    let mut last = 0;
    until("the socket is full", || {
        let lag = site.stats()["readers"][0]["lag"]["records"].as_u64()?;
        let is_stuck = lag > 0 && lag < records && lag == last;
        last = lag;
        is_stuck.then_some(())
    });
}

#[test]
fn what_ends_is_the_same_as_without() {
    let site = Site::new();
    site.write(0..5_000);
    site.record(Meta::new(), "\x1b[31mred\x1b[0m \u{9b} \u{1f980}\n");
    let last = site.get("?format=ndjson&tail=3");
    let last: Value = serde_json::from_str(last.lines().next().unwrap()).unwrap();
    let before = format!("?before={}&tail=100", last["id"].as_str().unwrap());
    for rest in [
        "",
        "?raw",
        "?format=ndjson",
        "?tail=1000&q=9",
        "?q=47&format=ndjson",
        "?limit=700",
        "?limit_bytes=100000",
        "?limit_bytes=0",
        "?q=there+is+none",
        before.as_str(),
        "?format=html",
        "/app.js",
        "/style.css",
        "/counts",
    ] {
        let url = site.url(rest);
        let plain = sent(&url, &[]);
        let response = open(&url, &GZIP);
        assert_eq!(
            header(&response.head, "content-encoding"),
            Some("gzip"),
            "{rest}"
        );
        assert_eq!(
            header(&response.head, "vary"),
            Some("accept-encoding"),
            "{rest}"
        );
        let zipped = sent(&url, &GZIP);
        assert!(unzipped(&zipped).expect("it is whole") == plain, "{rest}");
        assert!(
            zipped.len() < plain.len() || plain.len() < 100,
            "{rest}: {} of {}",
            zipped.len(),
            plain.len()
        );
    }
    // Ages and counts go on, but it is JSON, and Prometheus' own.
    for (rest, begin) in [
        ("/stats?format=json", "{"),
        ("/stats?format=prometheus", "# HELP circular_"),
    ] {
        let text = unzipped(&sent(&site.url(rest), &GZIP)).expect("it is whole");
        assert!(text.starts_with(begin.as_bytes()), "{rest}");
    }
}

#[test]
fn who_does_not_ask_for_it_gets_plain_bytes() {
    let site = Site::new();
    site.write(0..1_000);
    let lines: String = (0..1_000).map(line).collect();
    for accept in [
        "",
        "identity",
        "br",
        "gzip;q=0",
        "*, GZIP;q=0.0",
        "gzip;q=0.5, identity",
    ] {
        let accept = format!("accept-encoding: {accept}");
        let arguments = ["--header", &accept];
        for arguments in [&arguments[..], &[]] {
            let reply = site.curl("", arguments);
            assert_eq!(reply.header("content-encoding"), None, "{accept}");
            assert_eq!(reply.header("vary"), Some("accept-encoding"), "{accept}");
            assert!(reply.body == lines, "{accept}");
        }
    }
    for accept in ["GZip;q=0.1", "*", "br;q=1, x-gzip", "identity;q=0.5, gzip"] {
        let accept = format!("accept-encoding: {accept}");
        let zipped = sent(&site.url(""), &["--header", &accept]);
        assert!(
            unzipped(&zipped).expect("it is gzip") == lines.as_bytes(),
            "{accept}"
        );
    }
}

#[test]
fn what_follows_comes_at_once_and_as_it_is() {
    let site = Site::new();
    site.write(0..3);
    for rest in [
        "?follow",
        "?follow&format=ndjson",
        "?follow&format=sse",
        "?follow&q=line",
        "?format=sse",
    ] {
        let mut response = open(&site.url(rest), &GZIP);
        let head = &response.head;
        assert_eq!(header(head, "content-encoding"), None, "{rest}");
        assert_eq!(header(head, "vary"), None, "{rest}");
        let asked = open(&site.url(rest), &[&GZIP[..], &["--head"]].concat()).head;
        assert_eq!(header(&asked, "content-encoding"), None, "{rest}");
        // It need not end for that.
        let mut seen = String::new();
        while !seen.contains("line 2 ") {
            let mut some = [0; 1024];
            let count = response.body.read(&mut some).expect("it goes on");
            assert!(count > 0, "{rest}: it has ended: {seen}");
            seen += &String::from_utf8_lossy(&some[..count]);
        }
    }
}

#[test]
fn head_says_what_get_would() {
    let site = Site::new();
    site.write(0..100);
    for rest in [
        "",
        "?format=ndjson&q=7",
        "?format=html",
        "/app.js",
        "/counts",
    ] {
        let url = site.url(rest);
        let get = open(&url, &GZIP).head;
        let head = open(&url, &[&GZIP[..], &["--head"]].concat()).head;
        for name in [
            "content-encoding",
            "content-type",
            "content-length",
            "vary",
            "cache-control",
            "x-accel-buffering",
        ] {
            assert_eq!(header(&get, name), header(&head, name), "{rest}: {name}");
        }
        assert_eq!(header(&get, "content-encoding"), Some("gzip"), "{rest}");
        assert_eq!(
            header(&get, "cache-control"),
            Some("no-store, no-transform")
        );
        let is_known = header(&get, "content-length").is_some();
        assert_eq!(
            is_known,
            rest.contains("html") || rest.contains('/'),
            "{rest}"
        );
    }
    // What is short would only get longer.
    let short = site.curl("/nothing", &GZIP);
    assert_eq!(
        (short.status, short.header("content-encoding")),
        (404, None)
    );
    assert_eq!(short.header("vary"), None);
}

#[test]
fn signing_in_works_as_without() {
    let site = Site::with(1 << 20, options().token("secret").expect("a token"));
    site.write(0..1_000);
    let accept = ["--header", "accept: text/html"];
    let form = open(&site.url(""), &[&accept[..], &GZIP].concat());
    assert!(form.head.contains(" 401 "), "{}", form.head);
    let text = sent(&site.url(""), &[&accept[..], &GZIP].concat());
    let text = unzipped(&text).expect("it is whole");
    let text = String::from_utf8(text).expect("it is text");
    assert!(text.contains("<form method=\"post\">"), "{text}");

    let signed_in = curl(
        &site.url(""),
        &[&["--data", "token=secret"][..], &GZIP].concat(),
    );
    assert_eq!(signed_in.status, 303);
    let cookie = signed_in.header("set-cookie").expect("it sets a cookie");
    let cookie = format!("cookie: {}", cookie.split(';').next().unwrap());
    let lines: String = (0..1_000).map(line).collect();
    for shown in [cookie.as_str(), "authorization: Bearer secret"] {
        let zipped = sent(&site.url(""), &[&GZIP[..], &["--header", shown]].concat());
        assert!(unzipped(&zipped).expect("it is whole") == lines.as_bytes());
    }
}

#[test]
fn clients_of_http_1_0_get_it_to_its_end() {
    let site = Site::new();
    site.write(0..5_000);
    let lines: String = (0..5_000).map(line).collect();
    let old = [&GZIP[..], &["--http1.0"]].concat();
    let head = open(&site.url(""), &old).head;
    assert!(head.starts_with("HTTP/1.0 200"), "{head}");
    assert_eq!(header(&head, "transfer-encoding"), None);
    let zipped = sent(&site.url(""), &old);
    assert!(unzipped(&zipped).expect("it is whole") == lines.as_bytes());
    assert!(sent(&site.url(""), &["--http1.0"]) == lines.as_bytes());
}

#[test]
fn one_goes_on_after_the_last_record_of_a_download() {
    let site = Site::new();
    site.write(0..500);
    let url = site.url("?format=ndjson");
    let first = unzipped(&sent(&url, &GZIP)).expect("it is whole");
    let first = String::from_utf8(first).expect("it is text");
    let last: Value = serde_json::from_str(first.lines().last().unwrap()).unwrap();
    site.write(500..700);
    let url = site.url(&format!("?after={}", last["id"].as_str().unwrap()));
    let next = unzipped(&sent(&url, &GZIP)).expect("it is whole");
    let lines: String = (500..700).map(line).collect();
    assert!(next == lines.as_bytes());
}

#[test]
fn what_is_cut_off_does_not_look_whole() {
    let records = 150_000;
    for version in ["1.1", "1.0"] {
        let site = noisy(records);
        let request =
            format!("GET /debug/log HTTP/{version}\nhost: localhost\naccept-encoding: gzip");
        let mut stream = site.open(&request);
        until_stuck(&site, records);
        site.server.stop();
        let mut reply = Vec::new();
        let end = stream.read_to_end(&mut reply);
        let is_complete = end.is_ok() && (version == "1.0" || reply.ends_with(b"\r\n0\r\n\r\n"));
        assert!(!is_complete, "HTTP/{version}: {} bytes", reply.len());
    }
}

#[test]
fn what_a_stalled_client_got_has_no_end() {
    let records = 150_000;
    let options = options().stall_timeout(Duration::from_millis(300));
    let site = Site::with(64 << 20, options);
    for number in 0..records {
        site.record(Meta::new(), &noise(number));
    }
    let mut response = open(&site.url(""), &GZIP);
    until("it is dropped", || {
        (site.stats()["viewers"]["stalled"] == 1).then_some(())
    });
    let mut zipped = Vec::new();
    let end = response.body.read_to_end(&mut zipped);
    assert!(end.is_err(), "it came to its end");
    assert!(unzipped(&zipped).is_err(), "it looks whole");
    assert_eq!(site.stats()["viewers"]["now"], 0);
}
