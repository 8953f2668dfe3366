//! Each parameter, alone and together with others.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use circular_core::{Level, Meta, Record, Redacted, Ring};
use circular_http::serve;
use serde_json::Value;

use crate::support::{Site, Tail, curl, line, options, until};

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

/// The ids of the records that a response shows.
fn ids(site: &Site, query: &str) -> Vec<String> {
    let text = site.get(&format!("?format=ndjson{query}"));
    let id = |line| {
        let object = serde_json::from_str::<Value>(line).unwrap();
        object["id"].as_str().unwrap().to_owned()
    };
    text.lines().map(id).collect()
}

#[test]
fn before_is_what_is_older_and_from_begins_with_the_record() {
    for redacted in [false, true] {
        // With a hook, the newest are searched for.
        let options = match redacted {
            true => options().redact(|_| Redacted::Keep),
            false => options(),
        };
        let site = Site::with(1 << 20, options);
        site.write(0..10);
        let ids = ids(&site, "");
        let get = |query: String| numbers(&site.get(&query));
        assert_eq!(get(format!("?before={}", ids[3])), [0, 1, 2]);
        assert_eq!(get(format!("?before={}&tail=2", ids[7])), [5, 6]);
        assert_eq!(get(format!("?before={}&tail=2&q=line%203", ids[7])), [3]);
        assert_eq!(get(format!("?before={}&tail=100", ids[2])), [0, 1]);
        assert_eq!(get(format!("?before={}&tail=0", ids[2])), [] as [u64; 0]);
        assert_eq!(get(format!("?before={}&limit=2", ids[7])), [0, 1]);
        assert_eq!(site.get(&format!("?before={}", ids[0])), "");
        assert_eq!(
            get(format!("?before={}", ids[9])),
            [0, 1, 2, 3, 4, 5, 6, 7, 8]
        );
        assert_eq!(get(format!("?from={}", ids[8])), [8, 9]);
        assert_eq!(get(format!("?from={}&limit=1", ids[0])), [0]);
        assert_eq!(get(format!("?from={}&tail=1", ids[2])), [9]);
        assert_eq!(
            get(format!("?from={}&before={}", ids[2], ids[5])),
            [2, 3, 4]
        );
        assert_eq!(get(format!("?after={}&before={}", ids[2], ids[5])), [3, 4]);
        assert_eq!(
            get(format!("?after={}&before={}", ids[5], ids[2])),
            [] as [u64; 0]
        );
        // Ring and number alone will do.
        let (short, _) = ids[3].rsplit_once('.').unwrap();
        assert_eq!(get(format!("?from={short}&limit=2")), [3, 4]);
        assert_eq!(get(format!("?before={short}&tail=1")), [2]);
    }
}

#[test]
fn before_can_be_gone_back_by_page_after_page() {
    let site = Site::with(8 << 20, options());
    site.write(0..30_000);
    for filter in ["", "&q=line", "&q=7"] {
        let mut all = Vec::new();
        let newest = ids(&site, &format!("&tail=1{filter}"));
        let mut oldest = newest[0].clone();
        loop {
            let page = ids(&site, &format!("{filter}&before={oldest}&tail=7000"));
            let Some(first) = page.first() else { break };
            oldest.clone_from(first);
            all.splice(0..0, page);
        }
        all.extend(newest);
        assert_eq!(all, ids(&site, filter), "{filter}");
    }
}

#[test]
fn the_next_and_the_last_error_are_found() {
    let site = Site::new();
    for number in 0..100 {
        let level = if number % 10 == 5 {
            Level::Error
        } else {
            Level::Info
        };
        site.record(Meta::new().level(level), &line(number));
    }
    let ids = ids(&site, "");
    let get = |query: String| numbers(&site.get(&query));
    assert_eq!(
        get(format!("?after={}&levels=error&limit=1", ids[50])),
        [55]
    );
    assert_eq!(
        get(format!("?before={}&levels=error&tail=1", ids[50])),
        [45]
    );
    assert_eq!(
        get(format!("?after={}&levels=error&limit=1", ids[95])),
        [] as [u64; 0]
    );
    assert_eq!(
        get(format!("?before={}&levels=error&tail=1", ids[5])),
        [] as [u64; 0]
    );
}

#[test]
fn a_record_that_is_gone_is_told() {
    let site = Site::with(4096, options());
    site.write(0..3);
    let old = ids(&site, "");
    site.write(3..1000);
    let first = numbers(&site.get(""))[0];
    assert!(first > 3, "it has been overwritten");
    let object = |query: String| {
        let text = site.get(&format!("?format=ndjson&{query}"));
        let objects = text.lines().map(serde_json::from_str::<Value>);
        objects.collect::<Result<Vec<_>, _>>().unwrap()
    };
    for rest in ["", "&tail=5", "&tail=5&q=line", "&limit=1"] {
        let before = object(format!("before={}{rest}", old[2]));
        assert_eq!(before.len(), 1, "{before:?}");
        assert_eq!(before[0]["missed"]["records"], 2, "{rest}");
    }
    let before = object(format!("after={}&before={}", old[0], old[2]));
    assert_eq!(before[0]["missed"]["records"], 1, "{before:?}");
    let from = object(format!("from={}&limit=1", old[1]));
    assert_eq!(from[0]["missed"]["records"], first - 1, "{from:?}");
    assert_eq!(from[1]["seq"], first);
    assert_eq!(from.len(), 2);
    // Nothing was ever before it.
    assert_eq!(object(format!("before={}", old[0])), [] as [Value; 0]);
}

#[test]
fn before_a_record_of_another_run_there_is_nothing() {
    let site = Site::new();
    site.write(0..3);
    for tail in ["", "&tail=2", "&tail=2&q=line"] {
        let text = site.get(&format!("?before=0123456789abcdef.5.100{tail}"));
        assert!(text.starts_with("--- restarted"), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    // One that this run has not come to yet is another's, too.
    let newest = ids(&site, "&tail=1");
    let (ring, _) = newest[0].split_once('.').unwrap();
    let text = site.get(&format!("?before={ring}.100"));
    assert!(text.starts_with("--- restarted"), "{text}");
}

#[test]
fn limit_ends_after_so_many_and_never_follows() {
    let site = Site::new();
    site.write(0..10);
    assert_eq!(numbers(&site.get("?limit=3")), [0, 1, 2]);
    assert_eq!(numbers(&site.get("?limit=3&tail=5")), [5, 6, 7]);
    assert_eq!(numbers(&site.get("?limit=2&q=5")), [5]);
    assert_eq!(site.get("?limit=0"), "");
    assert_eq!(numbers(&site.get("?limit=2&follow")), [0, 1]);
    assert_eq!(numbers(&site.get("?limit=10&follow")).len(), 10);
    // It waits for what is to come, and not longer.
    let mut tail = Tail::open(&site.url("?limit=4&tail=1&follow&q=line%201"), &[]);
    assert_eq!(numbers(&tail.line()), [1]);
    site.write(10..30);
    let (rest, is_whole) = tail.rest();
    assert!(is_whole, "{rest}");
    assert_eq!(numbers(&rest), [10, 11, 12]);
    let sse = site.get("?limit=1&format=sse");
    assert!(
        sse.ends_with("event: end\ndata: {\"end\":true}\n\n"),
        "{sse}"
    );
}

/// What is lost while the newest are looked for is told where it may have been among them.
#[test]
fn a_tail_that_is_searched_while_the_ring_is_lapped_says_what_is_missing() {
    for (query, shown) in [("q=rare", 0), ("q=wanted", 1), ("q=wanted&tail=5000", 1)] {
        let ring = Ring::new(64 << 10).unwrap();
        // More than a search gets at once.
        for number in 0..1000 {
            ring.record(Meta::new(), format!("wanted {number}\n").as_bytes())
                .unwrap();
        }
        let handle = ring.handle();
        let writer = Mutex::new(ring);
        let is_lapped = AtomicBool::new(false);
        // It sees each record that is looked at, and lets the ring go around under the first.
        let hook = move |_: &Record<'_>| {
            if !is_lapped.swap(true, Ordering::Relaxed) {
                let ring = writer.lock().unwrap();
                for _ in 0..5000 {
                    ring.record(Meta::new(), b"something else ----------------\n")
                        .unwrap();
                }
            }
            Redacted::Keep
        };
        let server = serve(handle, options().redact(hook)).unwrap();
        let tail = if query.contains("tail") {
            ""
        } else {
            "&tail=5"
        };
        let url = format!("{}?{query}{tail}&format=ndjson", server.url());
        let body = curl(&url, &[]).body;
        let lines = body.lines().map(serde_json::from_str::<Value>);
        let objects: Vec<Value> = lines.collect::<Result<_, _>>().unwrap();
        let is_missed = |object: &&Value| object["missed"]["records"].as_u64() > Some(0);
        assert_eq!(
            objects.iter().filter(is_missed).count(),
            1,
            "{query}: {body}"
        );
        assert!(objects.len() <= 1 + shown, "{query}: {body}");
    }
}

#[test]
fn after_goes_on_behind_a_record() {
    let site = Site::new();
    site.write(0..4);
    let ids = ids(&site, "");
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
        ("tail=1&tail=2", "\"tail\""),
        ("levels=loud", "levels=\"loud\""),
        ("filter=info,shop[tx]%3Ddebug", "\"shop[tx]=debug\""),
        ("before=abc", "before=\"abc\""),
        ("since=1m&until=2m", "since"),
        ("%1b[2J=1", "\\u{1b}[2J"),
        ("re=%1b]0;x%07(", "\\u{1b}]0"),
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
