//! How many records there are, by level, by time and by target.

use std::time::{Duration, SystemTime};

use circular_core::{Level, Meta, Redacted, SECRET_KEYS, Timestamp, redact_keys};
use serde_json::{Value, json};

use crate::support::{Site, line, options};

fn counts(site: &Site, query: &str) -> Value {
    let text = site.get(&format!("/counts{query}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// So many seconds after a certain moment.
fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_615_200 + seconds)
}

fn text(time: SystemTime) -> String {
    Timestamp::new(time).to_string()
}

fn write(site: &Site) {
    for (seconds, level, target) in [
        (0, Some(Level::Info), "shop"),
        (10, Some(Level::Error), "shop::db"),
        (20, Some(Level::Info), "shop"),
        (30, None, ""),
        (59, Some(Level::Trace), "hyper"),
        (5, Some(Level::Warn), "shop::db"),
    ] {
        let meta = Meta::new().level(level).target(target).time(at(seconds));
        site.record(meta, "a text that nobody looks at\n");
    }
}

#[test]
fn all_that_is_held_is_counted() {
    let site = Site::new();
    write(&site);
    let first = site.get("?format=ndjson&limit=1");
    let first: Value = serde_json::from_str(first.trim()).unwrap();
    let end = at(0) + Duration::from_millis(6 * 9834);
    assert_eq!(
        counts(&site, "?bars=6"),
        json!({
            "oldest": text(at(0)), "newest": text(at(5)), "first_id": first["id"], "records": 6,
            "levels": {"error": 1, "warn": 1, "info": 2, "debug": 0, "trace": 1, "none": 1},
            // 59,001 milliseconds in six bars, each of a whole number of them.
            "from": text(at(0)), "to": text(end), "width_ms": 9834,
            "bars": [
                [0, 1, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0],
                [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0],
            ],
            "targets": [
                {"target": "shop", "records": 2}, {"target": "shop::db", "records": 2},
                {"target": "", "records": 1}, {"target": "hyper", "records": 1},
            ],
            "overwritten": 0,
        })
    );
    let reply = site.curl("/counts", &[]);
    assert_eq!(reply.header("content-type"), Some("application/json"));
}

#[test]
fn what_is_asked_for_is_counted() {
    let site = Site::new();
    write(&site);
    for (query, records) in [
        ("?level=warn", 3),
        ("?levels=error,none", 2),
        ("?filter=shop", 5),
        ("?filter=shop%3Doff", 2),
        ("?since=2026-11-25T14:00:10Z&until=2026-11-25T14:00:30Z", 3),
        ("?levels=debug", 0),
    ] {
        let counts = counts(&site, query);
        assert_eq!(counts["records"], records, "{query}: {counts}");
        let bars = counts["bars"].as_array().unwrap();
        let of_bar = |bar: &Value| -> u64 {
            let levels = bar.as_array().unwrap();
            levels.iter().map(|number| number.as_u64().unwrap()).sum()
        };
        assert_eq!(bars.iter().map(of_bar).sum::<u64>(), records, "{counts}");
        // What is held is told whatever is asked for.
        assert_eq!(counts["oldest"], text(at(0)), "{query}");
    }
    let none = counts(&site, "?levels=debug");
    let between = (&none["from"], &none["width_ms"], &none["bars"]);
    assert_eq!(between, (&Value::Null, &json!(0), &json!([])));
}

#[test]
fn there_are_as_many_bars_as_are_asked_for_at_most() {
    let site = Site::new();
    for seconds in 0..600 {
        site.record(Meta::new().time(at(seconds)), &line(seconds));
    }
    for (query, most) in [("", 60), ("?bars=1", 1), ("?bars=7", 7), ("?bars=500", 500)] {
        let bars = counts(&site, query)["bars"].as_array().unwrap().len();
        assert!(bars <= most && bars + 1 >= most, "{query}: {bars}");
    }
    for (query, named) in [
        ("?bars=0", "bars=\"0\""),
        ("?bars=501", "bars=\"501\""),
        ("?q=a", "\"q\""),
        ("?tail=1", "\"tail\""),
        ("?levels=loud", "levels=\"loud\""),
        ("?level=warn&levels=info", "levels"),
    ] {
        let reply = site.curl(&format!("/counts{query}"), &[]);
        assert_eq!(reply.status, 400, "{query}");
        assert!(reply.body.contains(named), "{query}: {}", reply.body);
    }
}

#[test]
fn an_empty_ring_and_one_that_was_lapped_are_told() {
    let site = Site::with(4096, options());
    let empty = counts(&site, "");
    for name in ["oldest", "newest", "first_id", "from", "to"] {
        assert_eq!(empty[name], Value::Null, "{name}");
    }
    assert_eq!(empty["records"], 0);
    site.write(0..1000);
    let counts = counts(&site, "");
    let held = counts["records"].as_u64().unwrap();
    assert_eq!(counts["overwritten"].as_u64(), Some(1000 - held));
    assert_eq!(counts["levels"]["info"], held);
    assert_eq!(
        counts["targets"],
        json!([{"target": "test", "records": held}])
    );
}

#[test]
fn only_so_many_targets_are_told_and_nothing_that_is_hidden() {
    let hide = redact_keys(SECRET_KEYS);
    let hook = move |record: &circular_core::Record<'_>| match record.target() {
        "audit" => Redacted::Drop,
        _ => hide(record),
    };
    let site = Site::with(1 << 20, options().redact(hook));
    for number in 0..300 {
        let target = format!("login?token={number}");
        site.record(Meta::new().target(&target), "a\n");
        let target = format!("target\x1b{}", number % 150);
        site.record(Meta::new().target(&target), "a\n");
        site.record(Meta::new().target("audit"), "a\n");
    }
    let counts = counts(&site, "");
    let targets = counts["targets"].as_array().unwrap();
    assert_eq!(targets.len(), 100);
    assert_eq!(
        targets[0],
        json!({"target": "login?token=[redacted]", "records": 300})
    );
    assert_eq!(targets[1]["records"], 2);
    assert!(!counts.to_string().contains("audit"));
    let shown = site.get("?format=ndjson");
    assert!(
        shown.contains("login?token=[redacted]") && !shown.contains("token=1"),
        "{shown}"
    );
}

#[test]
fn it_asks_for_the_token_and_only_reads() {
    let site = Site::with(4096, options().token("0123456789abcdef").unwrap());
    assert_eq!(site.curl("/counts", &[]).status, 401);
    let token = ["--header", "authorization: Bearer 0123456789abcdef"];
    assert_eq!(site.curl("/counts", &token).status, 200);
    let post = site.curl("/counts", &["--request", "POST"]);
    assert_eq!(
        (post.status, post.header("allow")),
        (405, Some("GET, HEAD"))
    );
}
