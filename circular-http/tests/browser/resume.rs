//! A page that stays open while servers and programs come and go.

use std::{
    io::{ErrorKind, Read, Write},
    mem,
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use circular_core::Level;
use circular_http::Options;
use serde_json::{Value, json};

use crate::page::{KEEP_SOURCES, Page, new_ring, say};

const LOST: &str = "document.getElementById('state').textContent.startsWith('Connection lost')";

#[test]
fn a_server_that_starts_again_loses_and_doubles_no_row() {
    let Some(mut page) = Page::open() else { return };
    let all: Vec<String> = (0..60).map(|number| format!("number {number}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    for round in 0..3 {
        for text in &all[round * 20..round * 20 + 10] {
            page.say(text);
        }
        page.until_rows(&all[..round * 20 + 10]);
        page.stop_server();
        page.until(LOST);
        for text in &all[round * 20 + 10..round * 20 + 20] {
            page.say(text);
        }
        page.start_server();
        page.until_rows(&all[..round * 20 + 20]);
        page.until_live();
    }
    // The browser itself tells of a connection that it did not get; nothing else may.
    assert!(page.console().iter().all(|line| line.contains("net::ERR_")));
}

#[test]
fn a_proxy_that_has_no_server_for_a_while_loses_and_doubles_no_row() {
    let Some(mut page) = Page::open_with(&["one", "two"], new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_rows(&["one", "two"]);
    page.stop_server();
    let proxy = TcpListener::bind(page.addr).expect("its port is free again");
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while let Ok((mut browser, _)) = proxy.accept() {
                if is_over.load(Ordering::Acquire) {
                    return;
                }
                // A browser that goes away meanwhile is its own business.
                _ = browser.read(&mut [0; 8 << 10]);
                _ = browser.write_all(
                    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
                );
            }
        });
        page.until("document.getElementById('problem').textContent === 'The server answers 503.'");
        is_over.store(true, Ordering::Release);
        TcpStream::connect(page.addr).expect("the proxy still listens");
    });
    drop(proxy);
    page.say("three");
    page.start_server();
    page.until_rows(&["one", "two", "three"]);
    page.until_live();
    page.until("document.getElementById('problem').hidden");
}

/// Between the browser and the server. What is connected through it when it is cut stays open, and is dead.
struct Relay {
    cuts: AtomicUsize,
    /// Directions that are carried: two for each connection.
    carried: AtomicUsize,
    is_over: AtomicBool,
}

impl Relay {
    fn accept(&'static self, listener: &TcpListener, server: SocketAddr) {
        while let Ok((browser, _)) = listener.accept() {
            if self.is_over.load(Ordering::Acquire) {
                return;
            }
            let server = TcpStream::connect(server).expect("it listens");
            let cuts = self.cuts.load(Ordering::Acquire);
            for (from, to) in [(&browser, &server), (&server, &browser)] {
                let [from, to] = [from, to].map(|stream| stream.try_clone().expect("a socket"));
                self.carried.fetch_add(1, Ordering::AcqRel);
                thread::spawn(move || self.carry(cuts, from, to));
            }
        }
    }

    fn carry(&self, cuts: usize, mut from: TcpStream, mut to: TcpStream) {
        let pause = Duration::from_millis(20);
        from.set_read_timeout(Some(pause)).expect("it is not zero");
        let mut buffer = [0; 8 << 10];
        while !self.is_over.load(Ordering::Acquire) {
            if self.cuts.load(Ordering::Acquire) > cuts {
                thread::sleep(pause);
                continue;
            }
            match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(_) if self.cuts.load(Ordering::Acquire) > cuts => {}
                // Whoever is gone has no need of it.
                Ok(count) => drop(to.write_all(&buffer[..count])),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
        }
        _ = to.shutdown(Shutdown::Both);
        self.carried.fetch_sub(1, Ordering::AcqRel);
    }
}

#[test]
fn a_connection_that_died_without_a_word_is_noticed() {
    static RELAY: Relay = Relay {
        cuts: AtomicUsize::new(0),
        carried: AtomicUsize::new(0),
        is_over: AtomicBool::new(false),
    };
    let options = Options::new()
        .keep_alive(Duration::from_millis(100))
        .header_timeout(Duration::from_millis(500));
    let Some(mut page) = Page::open_with(&["one"], new_ring(1 << 20), options) else {
        return;
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let (relay, server) = (listener.local_addr().expect("it is bound"), page.addr);
    let accepting = thread::spawn(move || RELAY.accept(&listener, server));
    page.go_to(&format!("http://{relay}/debug/log"));
    page.until_rows(&["one"]);
    page.until_live();
    // Connections that the browser keeps for later would be dead as well, and it tries them one after the other:
    // until the server has ended them.
    while RELAY.carried.load(Ordering::Acquire) > 2 {
        thread::sleep(Duration::from_millis(20));
    }
    RELAY.cuts.store(1, Ordering::Release);
    page.say("two");
    page.until_rows(&["one", "two"]);
    page.until_live();
    RELAY.is_over.store(true, Ordering::Release);
    TcpStream::connect(relay).expect("the relay still listens");
    accepting.join().expect("it does not panic");
}

#[test]
fn a_program_that_starts_again_is_told_and_its_log_shown_from_the_start() {
    let Some(mut page) = Page::open_with(&["one", "two"], new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_rows(&["one", "two"]);
    let mut ring = new_ring(1 << 20);
    say(&mut ring, Level::Info, "app", "first");
    page.start_program(ring);
    page.until_rows(&["one", "two", "the program was restarted", "first"]);
    page.say("second");
    page.until_rows(&["one", "two", "the program was restarted", "first", "second"]);
    assert_eq!(page.get("document.querySelectorAll('.notice').length"), 1);
}

#[test]
fn what_was_cleared_is_another_programs_after_a_new_start() {
    let Some(mut page) = Page::open_with(&["one"], new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_rows(&["one"]);
    page.press("c");
    page.until_rows(&[]);
    let mut ring = new_ring(1 << 20);
    say(&mut ring, Level::Info, "app", "first");
    page.start_program(ring);
    page.until_rows(&["the program was restarted", "first"]);
    page.reload();
    page.until_rows(&["first"]);
}

#[test]
fn what_was_overwritten_meanwhile_is_counted() {
    let Some(mut page) = Page::open_with(&["one"], new_ring(64 << 10), Options::new()) else {
        return;
    };
    page.until_rows(&["one"]);
    page.stop_server();
    page.until(LOST);
    for number in 0..5_000 {
        page.say(&format!("number {number}"));
    }
    page.start_server();
    page.until_last_row("number 4999");
    let rows = page.rows();
    let missed: usize = rows[1]
        .strip_prefix("missed ")
        .and_then(|rest| rest.split_once(" records ("))
        .and_then(|(count, _)| count.replace(',', "").parse().ok())
        .unwrap_or_else(|| panic!("the second row tells what was missed: {}", rows[1]));
    let shown = rows.len() - 2;
    assert_eq!(missed + shown, 5_000);
    assert_eq!(rows[2], format!("number {missed}"));
}

#[test]
fn the_end_is_told_once_and_the_next_program_is_waited_for() {
    let Some(mut page) = Page::open_with(&["one"], new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_rows(&["one"]);
    page.ring.handle().close();
    page.until_rows(&["one", "the log has ended"]);
    // It connects again, and is told again.
    page.get("performance.clearResourceTimings()");
    page.until("performance.getEntriesByType('resource').length >= 2");
    page.until_rows(&["one", "the log has ended"]);

    let mut ring = new_ring(1 << 20);
    say(&mut ring, Level::Info, "app", "first");
    page.start_program(ring);
    page.until_rows(&[
        "one",
        "the log has ended",
        "the program was restarted",
        "first",
    ]);
    page.until_live();
}

#[test]
fn one_viewer_too_many_waits_for_its_turn() {
    let Some(mut page) = Page::open_with(&["one"], new_ring(1 << 20), Options::new().viewers(1))
    else {
        return;
    };
    page.until_rows(&["one"]);
    page.run("window.open(location.href)", &json!([]));
    let first = page.switch_to_other();
    page.until("document.getElementById('problem').textContent === 'There are too many viewers.'");
    page.close_window(&first);
    page.until_rows(&["one"]);
    page.say("two");
    page.until_rows(&["one", "two"]);
    page.until("document.getElementById('problem').hidden");
}

#[test]
fn no_row_is_lost_or_doubled_while_writing_goes_on() {
    let Some(mut page) = Page::open() else { return };
    page.until_live();
    let mut ring = mem::replace(&mut page.ring, new_ring(1 << 10));
    let is_over = AtomicBool::new(false);
    let written = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut number = 0;
            while !is_over.load(Ordering::Acquire) {
                say(&mut ring, Level::Info, "app", &format!("number {number}"));
                number += 1;
                thread::sleep(Duration::from_millis(2));
            }
            number
        });
        for _ in 0..3 {
            let seen = page.get("log.querySelectorAll('.row').length");
            page.stop_server();
            page.until(LOST);
            page.start_server();
            page.until_live();
            page.until(&format!("log.querySelectorAll('.row').length > {seen}"));
        }
        is_over.store(true, Ordering::Release);
        writer.join().expect("it does not panic")
    });
    page.until_last_row(&format!("number {}", written - 1));
    let rows = page.rows();
    assert!(
        (0..written)
            .map(|number| format!("number {number}"))
            .eq(rows),
        "each of {written}, once and in order"
    );
}

/// Gives what connects next this answer.
fn answer(proxy: &TcpListener, answer: &[u8]) {
    loop {
        let (mut browser, _) = proxy.accept().expect("it listens");
        let wait = Duration::from_secs(1);
        browser
            .set_read_timeout(Some(wait))
            .expect("it is not zero");
        // One that is kept for later says nothing.
        if browser.read(&mut [0; 8 << 10]).is_ok_and(|count| count > 0) {
            // A browser that goes away meanwhile is its own business.
            _ = browser.write_all(answer);
            return;
        }
    }
}

#[test]
fn a_question_that_nobody_answers_is_not_waited_for_for_ever() {
    let Some(mut page) = Page::open() else { return };
    page.before_each_page(
        "const timeout = AbortSignal.timeout.bind(AbortSignal);
         AbortSignal.timeout = milliseconds => { window.asked = milliseconds; return timeout(100); };",
    );
    page.reload();
    page.say("one");
    page.until_rows(&["one"]);
    page.stop_server();
    let proxy = TcpListener::bind(page.addr).expect("its port is free again");
    answer(
        &proxy,
        b"HTTP/1.1 503 x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    );
    // It asks why, and this is not answered.
    let held = proxy.accept().expect("it listens");
    drop(proxy);
    page.say("two");
    page.start_server();
    page.until_rows(&["one", "two"]);
    page.until_live();
    assert_eq!(page.get("asked"), 10_000);
    drop(held);
}

#[test]
fn a_400_of_somebody_else_is_not_the_last_word() {
    let Some(mut page) = Page::open() else { return };
    // As if it were long ago that it last tried.
    page.before_each_page(
        "const timer = setTimeout; window.setTimeout = (what, wait) => timer(what, wait / 20);",
    );
    page.reload();
    page.say("one");
    page.until_rows(&["one"]);
    page.stop_server();
    let proxy = TcpListener::bind(page.addr).expect("its port is free again");
    for _ in 0..2 {
        answer(
            &proxy,
            b"HTTP/1.1 400 x\r\nconnection: close\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<hr>no",
        );
    }
    page.until("document.getElementById('problem').textContent === 'The server answers 400.'");
    drop(proxy);
    page.say("two");
    page.start_server();
    page.until_rows(&["one", "two"]);
    page.until("document.getElementById('problem').hidden");
}

/// What the server counts of its viewers.
fn stats(page: &Page) -> Value {
    let mut server = TcpStream::connect(page.addr).expect("it listens");
    let request = format!(
        "GET /debug/log/stats HTTP/1.0\r\nhost: {}\r\n\r\n",
        page.addr
    );
    server.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    server.read_to_string(&mut answer).expect("it answers");
    let (_, body) = answer.split_once("\r\n\r\n").expect("it has a body");
    let mut stats: Value = serde_json::from_str(body).expect("it is JSON");
    stats["viewers"].take()
}

#[test]
fn a_place_is_asked_for_when_the_server_said_and_not_before() {
    let Some(page) = Page::open_with(&["one"], new_ring(1 << 20), Options::new().viewers(1)) else {
        return;
    };
    page.until_rows(&["one"]);
    // That one's place is taken by another.
    page.go_to("about:blank");
    let mut other = TcpStream::connect(page.addr).expect("it listens");
    let mut begin = [0; 12];
    while begin != *b"HTTP/1.1 200" {
        other = TcpStream::connect(page.addr).expect("it listens");
        let request = format!(
            "GET /debug/log?follow=1 HTTP/1.1\r\nhost: {}\r\n\r\n",
            page.addr
        );
        other.write_all(request.as_bytes()).expect("it reads");
        other.read_exact(&mut begin).expect("it answers");
    }
    let before = stats(&page)["refused"].as_u64();
    page.before_each_page(
        "const timer = setTimeout;
         window.setTimeout = (what, wait) => wait === 5000 ? void (window.later = what) : timer(what, wait);",
    );
    page.go_to(&page.url(""));
    page.until("window.later");
    page.until("document.getElementById('state').textContent === 'Not connected: trying again in 5 seconds'");
    // The stream, and the question why there is none.
    assert_eq!(
        stats(&page)["refused"].as_u64(),
        before.map(|count| count + 2)
    );
    drop(other);
    while stats(&page)["now"] != 0 {
        thread::yield_now();
    }
    page.get("later()");
    page.until_rows(&["one"]);
    page.until_live();
}

#[test]
fn a_page_that_goes_on_asks_for_what_was_written_meanwhile() {
    let Some(mut page) = Page::open() else { return };
    page.before_each_page(KEEP_SOURCES);
    page.go_to(&page.url("?since=1h"));
    page.say("one");
    page.until_rows(&["one"]);
    page.until_live();
    // As after a sleep: it was longer than one waits for a sign of life.
    page.run(
        "const now = Date.now; Date.now = () => now() + 61_000;",
        &json!([]),
    );
    page.until("sources.length === 2 && sources[0].readyState === EventSource.CLOSED");
    page.say("two");
    page.until_rows(&["one", "two"]);
    page.until_live();
    let query = page.get("new URL(sources[1].url).search");
    let query = query.as_str().expect("text");
    // A cursor says it all, however long it is ago.
    assert!(
        query.contains("after=") && !query.contains("since") && !query.contains("tail"),
        "{query}"
    );
    page.assert_quiet();
}

#[test]
fn what_was_cleared_is_not_told_as_missed() {
    let Some(mut page) = Page::open_with(&["one"], new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_rows(&["one"]);
    page.press("c");
    page.until_rows(&[]);
    for number in 0..30_000 {
        page.say(&format!("number {number}"));
    }
    page.until_last_row("number 29999");
    page.reload();
    page.until_last_row("number 29999");
    let rows = page.rows();
    assert_eq!((rows.len(), rows[0].as_str()), (2_000, "number 28000"));
    page.assert_quiet();
}
