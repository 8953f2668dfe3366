//! Times as people type them and see them, through the binary.

use std::time::{Duration, SystemTime};

use circular_core::{Level, Meta};

use crate::rings::{Rings, at, write, write_shop};

#[test]
fn how_long_ago_counts_from_now() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    let now = SystemTime::now();
    for (ago, text) in [
        (3 * 86_400, "days ago\n"),
        (600, "ten minutes ago\n"),
        (1, "now\n"),
    ] {
        let meta = Meta::new().time(now - Duration::from_secs(ago));
        ring.record(meta, text.as_bytes()).unwrap();
    }
    let all = "days ago\nten minutes ago\nnow\n";
    for (args, expected) in [
        (&["-S", "5m"][..], "now\n"),
        (&["-S", "-5min"], "now\n"),
        (&["-S", "5 min ago"], "now\n"),
        (&["-S", "15m"], "ten minutes ago\nnow\n"),
        (&["-S", "1h30m", "-U", "5m"], "ten minutes ago\n"),
        (&["-S", "4d"], all),
        (&["-U", "2d"], "days ago\n"),
    ] {
        let ran = rings.run(&[&["tail", "shop"], args].concat());
        assert_eq!(ran.out, expected, "{args:?}: {ran:?}");
    }
    // Ten minutes ago may have been yesterday.
    for (since, is_shown) in [("today", "now\n"), ("yesterday", "ten minutes ago\nnow\n")] {
        let ran = rings.run(&["tail", "shop", "-S", since]);
        assert!(
            ran.out.ends_with(is_shown) && !ran.out.contains("days"),
            "{since}: {ran:?}"
        );
    }
}

#[test]
fn the_zone_is_the_local_one_unless_another_is_asked_for() {
    let rings = Rings::new();
    write_shop(&rings.ring("shop"));
    let line = |zone: &str, args: &[&str]| {
        let mut command = rings.circular(&[&["tail", "-o", "short", "-n1", "shop"], args].concat());
        let output = command.env("TZ", zone).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for (zone, args, expected) in [
        ("Asia/Tokyo", &[][..], "2026-11-28 19:04:00.000 "),
        ("Asia/Tokyo", &["--utc"], "2026-11-28 10:04:00.000 "),
        (
            "UTC",
            &["--time-zone", "America/New_York"],
            "2026-11-28 05:04:00.000 ",
        ),
        (
            "UTC",
            &["--time-zone", "-03:30"],
            "2026-11-28 06:34:00.000 ",
        ),
    ] {
        let shown = line(zone, args);
        assert!(shown.starts_with(expected), "{zone} {args:?}: {shown}");
    }
    // What is typed is in that zone, too.
    let mut command = rings.circular(&["tail", "shop", "-S", "2026-11-28 19:03"]);
    let output = command.env("TZ", "Asia/Tokyo").output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(out, "cart 7 failed: timeout\nread 12 bytes\n");
}

#[test]
fn json_has_every_digit_that_the_record_has() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    let meta = Meta::new().time(at(0) + Duration::from_nanos(123_456_789));
    ring.record(meta, b"digits\n").unwrap();
    write(&ring, Level::Info, "shop", 1, "none");
    let ran = rings.run(&["dump", "-o", "json", "shop"]);
    let times: Vec<_> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["time"].clone())
        .collect();
    assert_eq!(
        times,
        [
            "2026-11-28T10:00:00.123456789Z",
            "2026-11-28T10:00:01.000000000Z"
        ]
    );
}
