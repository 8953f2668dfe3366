//! How it stands: states that look different, an empty list that says why, and a tab that tells what nobody has seen.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

use circular_core::Level;
use circular_http::Options;
use serde_json::json;

use crate::page::{Page, new_ring, say};

const STATE: &str = "document.getElementById('state').textContent";
const BANNER: &str =
    "(banner => banner.hidden ? '' : banner.dataset.kind)(document.getElementById('banner'))";
const EMPTY: &str =
    "(empty => empty.hidden ? '' : empty.textContent)(document.getElementById('empty'))";

#[test]
fn what_was_lost_what_has_ended_and_what_was_started_again_look_different() {
    let Some(mut page) = Page::open_with(&["one"], new_ring(1 << 20), Options::new()) else {
        return;
    };
    let mut colors = Vec::new();
    let mut look = |page: &Page, kind: &str| {
        page.until(&format!("{BANNER} === '{kind}'"));
        let color = page.get("getComputedStyle(document.getElementById('banner')).backgroundColor");
        assert!(!colors.contains(&color), "{kind} is {color}, as another is");
        colors.push(color);
    };
    page.until_live();
    assert_eq!(page.get(BANNER), "");
    page.stop_server();
    look(&page, "lost");
    page.start_server();
    page.until_live();
    assert_eq!(page.get(BANNER), "");
    page.ring.handle().close();
    look(&page, "ended");
    let mut ring = new_ring(1 << 20);
    say(&mut ring, Level::Info, "app", "first");
    page.start_program(ring);
    look(&page, "restarted");
    page.until_live();
    assert_eq!(page.get(BANNER), "restarted", "until somebody has seen it");
    page.click("#banner-close");
    assert_eq!(page.get(BANNER), "");
}

#[test]
fn an_empty_list_says_why() {
    let Some(mut page) = Page::open() else { return };
    page.until(&format!("{EMPTY} === 'No records yet.'"));
    page.say("one");
    page.until_rows(&["one"]);
    page.until(&format!("{EMPTY} === ''"));
    page.set("#text", "two");
    page.until(&format!(
        "{EMPTY}.startsWith('Nothing that is held matches')"
    ));
    page.set("#text", "");
    page.until_rows(&["one"]);
    page.press("\u{e00c}c");
    page.until(&format!("{EMPTY}.startsWith('Cleared')"));
    page.go_to(&page.url("?re=("));
    page.until(&format!("{EMPTY}.startsWith('Nothing can be shown: re=')"));
    page.go_to(&page.url(""));
    page.until_rows(&["one"]);
    assert_eq!(page.get(EMPTY), "");
}

#[test]
fn it_is_live_when_the_server_says_so_and_a_proxy_that_holds_all_back_is_suspected() {
    let Some(mut page) = Page::open_with(&["one"], new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.until_live();
    page.stop_server();
    let proxy = TcpListener::bind(page.addr).expect("its port is free again");
    // It passes the head on, and gathers the rest.
    let held = thread::scope(|scope| {
        let accepting = scope.spawn(|| {
            loop {
                let (mut browser, _) = proxy.accept().expect("it listens");
                let mut begin = [0; 8 << 10];
                let count = browser.read(&mut begin).unwrap_or_default();
                if String::from_utf8_lossy(&begin[..count]).contains("format=sse") {
                    browser
                        .write_all(
                            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n:\n\n",
                        )
                        .expect("it reads");
                    return browser;
                }
            }
        });
        accepting.join().expect("it does not panic")
    });
    page.until(&format!("{STATE} === 'Connected'"));
    page.run(
        "const now = Date.now; Date.now = () => now() + 6_000;",
        &json!([]),
    );
    page.until(
        "document.getElementById('problem').textContent
         === 'Connected, but nothing comes: does a proxy buffer or compress?'",
    );
    drop((held, proxy));
    page.start_server();
    page.until_live();
    page.until("document.getElementById('problem').hidden");
}

#[test]
fn the_tab_counts_the_errors_that_nobody_has_seen() {
    let Some(mut page) = Page::open() else { return };
    page.say_as(Level::Error, "app", "before");
    // Somebody who looks, and somebody who does not.
    page.before_each_page(
        "Object.defineProperty(document, 'hidden', { get: () => window.away === true });
         window.look = (looks) => {
            window.away = !looks;
            document.dispatchEvent(new Event('visibilitychange'));
         };",
    );
    page.reload();
    page.until_live();
    let title = page.get("document.title");
    let title = title.as_str().expect("text");
    page.say_as(Level::Error, "app", "seen");
    page.until_last_row("seen");
    page.get("look(false)");
    page.say_as(Level::Error, "app", "one");
    page.say_as(Level::Warn, "app", r#"{"level":"ERROR","target":1}"#);
    page.say_as(Level::Error, "app", "two");
    page.until(&format!("document.title === '(2) {title}'"));
    page.get("look(true)");
    page.until(&format!("document.title === '{title}'"));
    // So it is for who looks, and has it paused.
    page.press(" ");
    page.say_as(Level::Error, "app", "three");
    page.until(&format!("document.title === '(1) {title}'"));
    page.press(" ");
    page.until(&format!("document.title === '{title}'"));
    page.assert_quiet();
}

#[test]
fn the_rate_is_of_what_is_new() {
    let lines: Vec<_> = (0..500).map(|number| format!("number {number}")).collect();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let Some(mut page) = Page::open_with(&lines, new_ring(1 << 20), Options::new()) else {
        return;
    };
    page.before_each_page(
        "window.told = [];
         addEventListener('DOMContentLoaded', () => new MutationObserver(() => told.push(count.textContent))
            .observe(count, { childList: true }));",
    );
    page.reload();
    page.until_row_count(500);
    // What a screen reader is told of, is so two seconds after what was there has come.
    page.until("log.ariaLive === 'polite'");
    page.say("new");
    page.until("told.some(text => text.includes('/s'))");
    let told = page.get("told.filter(text => text.includes('/s'))");
    assert_eq!(told[0], "501 rows, 1/s");
    page.assert_quiet();
}

#[test]
fn downloads_are_named_after_the_program() {
    let Some(page) = Page::open_with(&["one"], new_ring(1 << 20), Options::new().name("my shop"))
    else {
        return;
    };
    page.until_rows(&["one"]);
    let title = page.get("document.title");
    assert!(
        title
            .as_str()
            .is_some_and(|title| title.contains("my shop")),
        "{title}"
    );
    page.click("#download-all");
    assert_eq!(page.downloaded("my-shop-log.txt"), "one\n");
    page.click("#download-shown");
    assert_eq!(page.downloaded("my-shop-log-filtered.txt"), "one\n");
    page.assert_quiet();
}
