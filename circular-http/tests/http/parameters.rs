//! Each parameter, alone and together with others.

use std::time::{Duration, SystemTime};

use circular_core::{Level, Meta};

use crate::support::{Site, Tail, line, options, until};

/// The numbers of the lines of a text.
fn numbers(text: &str) -> Vec<u64> {
    let number = |line: &str| line.split(' ').nth(1)?.parse().ok();
    text.lines().map(|line| number(line).expect(line)).collect()
}

#[test]
fn follow_goes_on_and_without_it_a_response_ends() {
    let site = Site::new();
    site.write(0..3);
    assert_eq!(numbers(&site.get("")), [0, 1, 2]);
    assert_eq!(numbers(&site.get("?follow=0")), [0, 1, 2]);
    for query in ["?follow", "?follow=1", "?follow=true"] {
        let written = site.ring.handle().stats().written;
        let mut tail = Tail::open(&site.url(query), &[]);
        for number in 0..written {
            assert_eq!(tail.line() + "\n", line(number));
        }
        site.write([written]);
        assert_eq!(tail.line() + "\n", line(written));
    }
}

#[test]
fn tail_is_the_newest() {
    let site = Site::new();
    site.write(0..5);
    assert_eq!(numbers(&site.get("?tail=2")), [3, 4]);
    assert_eq!(numbers(&site.get("?tail=100")), [0, 1, 2, 3, 4]);
    assert_eq!(numbers(&site.get("?tail=all")), [0, 1, 2, 3, 4]);
    assert_eq!(site.get("?tail=0"), "");
    let mut tail = Tail::open(&site.url("?tail=0&follow&format=sse"), &[]);
    tail.event();
    assert_eq!(tail.event().name, "live");
    site.write(5..6);
    assert_eq!(tail.event().seq(), Some(5));
}

#[test]
fn tail_counts_what_passes() {
    let site = Site::new();
    for number in 0..2000 {
        let level = if number % 2 == 0 {
            Level::Warn
        } else {
            Level::Debug
        };
        site.record(Meta::new().level(level), &line(number));
    }
    assert_eq!(numbers(&site.get("?tail=2&level=info")), [1996, 1998]);
    assert_eq!(numbers(&site.get("?tail=3&q=99%20")), [1799, 1899, 1999]);
    assert_eq!(
        numbers(&site.get("?tail=3&q=99%20&level=info")),
        [] as [u64; 0]
    );
    let mut tail = Tail::open(&site.url("?tail=1&level=info&follow"), &[]);
    assert_eq!(numbers(&tail.line()), [1998]);
    site.record(Meta::new().level(Level::Debug), &line(2000));
    site.record(Meta::new().level(Level::Info), &line(2001));
    assert_eq!(numbers(&tail.line()), [2001]);
}

#[test]
fn a_long_tail_is_exact_too() {
    let site = Site::new();
    for number in 0..10_000 {
        let level = if number % 3 == 0 {
            Level::Warn
        } else {
            Level::Debug
        };
        site.record(Meta::new().level(level), &format!("x {number}\n"));
    }
    let all: Vec<u64> = (0..10_000).filter(|number| number % 3 == 0).collect();
    for count in [1, 1_023, 1_024, 1_025, 1_500, 2_051, 3_333, 3_334, 5_000] {
        let expected = &all[all.len().saturating_sub(count)..];
        let shown = numbers(&site.get(&format!("?tail={count}&level=warn")));
        assert_eq!(shown, expected, "{count}");
    }
    let most = site.get(&format!("?tail={}&level=warn", u64::MAX));
    assert_eq!(numbers(&most), all);
}

/// What is written while the newest are looked for comes after them.
#[test]
fn a_filtered_tail_loses_nothing_that_is_written_meanwhile() {
    let site = Site::with(8 << 20, options());
    site.write(0..50_000);
    for round in 0..5 {
        let url = site.url(&format!("?tail=1000&follow&q=mark{round}"));
        let mut tail = Tail::open(&url, &[]);
        let admitted = || site.stats()["viewers"]["admitted"] == round + 1;
        until("it looks", || admitted().then_some(()));
        for number in 0..300 {
            site.record(Meta::new(), &format!("mark{round} {number}\n"));
            site.write(number..number + 20);
        }
        for number in 0..300 {
            assert_eq!(tail.line(), format!("mark{round} {number}"));
        }
    }
}

#[test]
fn another_rings_cursor_begins_at_the_oldest_whatever_the_tail() {
    let site = Site::new();
    site.write(0..3);
    for tail in ["tail=0", "tail=1", "tail=all"] {
        let text = site.get(&format!("?after=0123456789abcdef.5&{tail}"));
        let (notice, rest) = text.split_once('\n').unwrap();
        assert!(notice.starts_with("--- restarted"), "{text}");
        assert_eq!(numbers(rest), [0, 1, 2], "{tail}");
    }
}

#[test]
fn level_leaves_out_what_is_less_severe() {
    let site = Site::new();
    for (number, level) in (0..).zip(Level::ALL) {
        site.record(Meta::new().level(level), &line(number));
    }
    site.record(Meta::new(), &line(5));
    for (level, expected) in [
        ("trace", &[0, 1, 2, 3, 4, 5][..]),
        ("debug", &[1, 2, 3, 4, 5]),
        ("info", &[2, 3, 4, 5]),
        ("WARN", &[3, 4, 5]),
        ("error", &[4, 5]),
    ] {
        assert_eq!(
            numbers(&site.get(&format!("?level={level}"))),
            expected,
            "{level}"
        );
    }
}

#[test]
fn filter_is_by_target_and_level() {
    let site = Site::new();
    for (number, level, target) in [
        (0, Level::Debug, "shop::db"),
        (1, Level::Warn, "shop::db"),
        (2, Level::Debug, "shop::cart"),
        (3, Level::Info, "other"),
        (4, Level::Error, "other"),
    ] {
        site.record(Meta::new().level(level).target(target), &line(number));
    }
    for (filter, expected) in [
        ("", &[0, 1, 2, 3, 4][..]),
        ("info", &[1, 3, 4]),
        ("shop", &[0, 1, 2]),
        ("shop::db=debug", &[0, 1]),
        ("warn,shop::cart=debug", &[1, 2, 4]),
        ("debug,shop=off", &[3, 4]),
        ("off", &[]),
    ] {
        assert_eq!(
            numbers(&site.get(&format!("?filter={filter}"))),
            expected,
            "{filter}"
        );
    }
    assert_eq!(numbers(&site.get("?filter=shop&level=warn&q=line")), [1]);
}

#[test]
fn text_and_expression_search_in_the_record() {
    let site = Site::new();
    site.write(0..12);
    assert_eq!(numbers(&site.get("?q=line%201")), [1, 10, 11]);
    assert_eq!(site.get("?q=Line"), "");
    assert_eq!(site.get("?q=l.ne"), "");
    if !cfg!(feature = "regex") {
        return;
    }
    assert_eq!(numbers(&site.get("?re=l.ne%20%5Cd%5Cd")), [10, 11]);
    assert_eq!(numbers(&site.get("?re=(%3Fi)LINE%20[35]%20")), [3, 5]);
    assert_eq!(numbers(&site.get("?q=1&re=[02]%20")), [10]);
}

/// The ring's own time for a record is a little behind.
#[test]
fn since_a_moment_has_what_is_written_from_then_on() {
    let site = Site::new();
    let long_ago = SystemTime::now() - Duration::from_secs(1);
    site.record(Meta::new().time(long_ago), &line(0));
    let moment = circular_core::Timestamp::now();
    site.record(Meta::new(), &line(1));
    assert_eq!(numbers(&site.get(&format!("?since={moment}"))), [1]);
    assert_eq!(numbers(&site.get(&format!("?since={moment}&tail=9"))), [1]);
}

#[test]
fn since_and_until_are_times() {
    let site = Site::new();
    let now = SystemTime::now();
    for (number, ago) in [(0, 600), (1, 240), (2, 60), (3, 0)] {
        let time = now - Duration::from_secs(ago);
        site.record(Meta::new().time(time), &line(number));
    }
    assert_eq!(numbers(&site.get("?since=5m")), [1, 2, 3]);
    assert_eq!(numbers(&site.get("?since=5m&until=2m")), [1]);
    assert_eq!(numbers(&site.get("?until=2m")), [0, 1]);
    assert_eq!(numbers(&site.get("?since=5m&tail=1")), [3]);
    assert_eq!(numbers(&site.get("?until=2m&tail=1")), [1]);
    assert_eq!(site.get("?since=2100-01-01T00:00:00Z"), "");
    assert_eq!(
        numbers(&site.get("?since=2001-01-01T00:00:00%2B01:00")),
        [0, 1, 2, 3]
    );
    // What is over is not followed; what will be over ends then.
    assert_eq!(numbers(&site.get("?until=2m&follow")), [0, 1]);
    let soon = SystemTime::now() + Duration::from_millis(300);
    let until = circular_core::Timestamp::new(soon).to_string();
    assert_eq!(
        numbers(&site.get(&format!("?follow&until={until}"))),
        [0, 1, 2, 3]
    );
}

#[test]
fn after_goes_on_behind_a_record() {
    let site = Site::new();
    site.write(0..4);
    let text = site.get("?format=ndjson");
    let ids: Vec<String> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(numbers(&site.get(&format!("?after={}", ids[1]))), [2, 3]);
    assert_eq!(site.get(&format!("?after={}", ids[3])), "");
    assert_eq!(
        numbers(&site.get(&format!("?after={}&tail=1", ids[0]))),
        [3]
    );
    // Ring and number alone will do.
    let (short, _) = ids[1].rsplit_once('.').unwrap();
    assert_eq!(numbers(&site.get(&format!("?after={short}"))), [2, 3]);
}

#[test]
fn limit_bytes_ends_between_two_records() {
    let site = Site::new();
    site.write(0..10);
    let length = line(0).len();
    assert_eq!(
        numbers(&site.get(&format!("?limit_bytes={}", 3 * length))),
        [0, 1, 2]
    );
    assert_eq!(
        numbers(&site.get(&format!("?limit_bytes={}", 4 * length - 1))),
        [0, 1, 2]
    );
    assert_eq!(
        numbers(&site.get(&format!("?limit_bytes={}&tail=5", length))),
        [5]
    );
    assert_eq!(
        numbers(&site.get(&format!("?limit_bytes={length}&follow"))),
        [0]
    );
    assert_eq!(site.get("?limit_bytes=1"), "");
    assert_eq!(site.get("?limit_bytes=0"), "");
    for format in ["ndjson", "sse"] {
        let body = site.get(&format!("?limit_bytes=500&format={format}"));
        assert!(
            body.len() <= 500 && body.ends_with('\n') && body.len() > 200,
            "{body}"
        );
    }
}

#[test]
fn what_is_not_understood_is_named() {
    let site = Site::new();
    for (query, named) in [
        ("fellow=1", "\"fellow\""),
        ("follow=maybe", "follow=\"maybe\""),
        ("tail=many", "tail=\"many\""),
        ("tail=-1", "tail=\"-1\""),
        ("since=soon", "since=\"soon\""),
        ("until=never", "until=\"never\""),
        ("level=loud", "level=\"loud\""),
        ("filter=a=loud", "filter=\"a=loud\""),
        ("re=(", "re=\"(\""),
        ("after=abc", "after=\"abc\""),
        ("limit_bytes=1k", "limit_bytes=\"1k\""),
        ("raw=2", "raw=\"2\""),
        ("format=xml", "format=\"xml\""),
        ("q=a&q=b", "\"q\""),
        ("%1b[2J=1", "\\u{1b}[2J"),
        (
            "re=%1b]0;x%07(",
            if cfg!(feature = "regex") {
                "\\x1b]0;x\\x07("
            } else {
                "\\u{1b}]0"
            },
        ),
    ] {
        for rest in [format!("?{query}"), format!("?{query}&x=")] {
            let reply = site.curl(&rest, &[]);
            assert_eq!(reply.status, 400, "{rest}: {}", reply.body);
            assert_eq!(
                reply.header("content-type"),
                Some("text/plain; charset=utf-8")
            );
            assert!(reply.body.contains(named), "{rest}: {}", reply.body);
        }
        let html = site.curl(&format!("?{query}"), &["--header", "accept: text/html"]);
        assert_eq!(html.status, 400, "{query}");
        // It shows the error itself, and has the fields to fix it.
        let is_page = html.header("content-type") == Some("text/html; charset=utf-8");
        assert_eq!(is_page, !query.starts_with("format"), "{query}");
    }
    let reply = site.curl("/stats?format=xml", &[]);
    assert!(
        reply.status == 400 && reply.body.contains("format=\"xml\""),
        "{}",
        reply.body
    );
}

#[cfg(not(feature = "regex"))]
#[test]
fn an_expression_without_the_feature_is_an_error_that_says_so() {
    let site = Site::new();
    let reply = site.curl("?re=a%2Bb", &[]);
    assert_eq!(reply.status, 400);
    let says = ["re=\"a+b\"", "feature `regex`", "q finds text"];
    let named = says.iter().all(|said| reply.body.contains(said));
    assert!(named, "{}", reply.body);
    // The page sends an empty one, which asks for nothing.
    assert_eq!(site.get("?re="), "");
}

#[cfg(feature = "regex")]
#[test]
fn an_expression_may_not_cost_what_it_likes() {
    let site = Site::with(1 << 20, options());
    site.record(Meta::new(), &"a".repeat(100_000));
    let reply = site.curl("?re=((((a{50}){50}){50}){50}){50}", &[]);
    assert!(
        reply.status == 400 && reply.body.contains("too large"),
        "{}",
        reply.body
    );
    // In other engines this would take for ever.
    assert_eq!(site.curl("?re=(a*)*b", &[]).body, "");
}
