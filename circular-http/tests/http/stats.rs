//! The numbers, in both formats.

use circular_core::Policy;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::support::{Site, Tail, line, until};

#[test]
fn json_has_the_numbers_of_the_ring_and_of_each_reader() {
    let site = Site::with(4096, crate::support::options());
    let handle = site.ring.handle();
    let policy = Policy::BlockFor(Duration::from_millis(1));
    let mut behind = handle.reader().policy(policy).open();
    site.write(0..1000);
    let _ = behind.try_recv();
    let (stats, real) = (site.stats(), handle.stats());
    for (name, expected) in [
        ("capacity", real.capacity),
        ("written", real.written),
        ("bytes", real.bytes),
        ("overwritten", real.overwritten),
        ("refused", 0),
        ("demotions", 1),
    ] {
        assert_eq!(stats[name], expected, "{name}");
    }
    assert!(stats["oldest_age_seconds"].is_number() && stats["waits"]["total_seconds"].is_number());
    let reader = &stats["readers"][0];
    assert_eq!(reader["policy"], "block-for-1ms");
    assert_eq!(
        (&reader["id"], &reader["demoted"]),
        (&0.into(), &true.into())
    );
    assert_eq!(reader["missed"]["records"], real.readers[0].missed.records);
    assert_eq!(reader["lag"]["bytes"], real.readers[0].lag_bytes);
    assert_eq!(stats["missed"], reader["missed"]);

    let empty = Site::new().stats();
    assert_eq!(empty["viewers"]["limit"], 16, "by default");
    assert!(empty["oldest_age_seconds"].is_null() && empty["written"] == 0);
}

#[test]
fn prometheus_gets_what_it_asks_for() {
    let site = Site::new();
    site.write(0..3);
    let mut tail = Tail::open(&site.url("?follow"), &[]);
    while tail.line() + "\n" != line(2) {}
    // As version 3 asks.
    let accept = "accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1";
    for reply in [
        site.curl("/stats", &["--header", accept]),
        site.curl("/stats?format=prometheus", &[]),
    ] {
        assert_eq!(
            reply.header("content-type"),
            Some("text/plain; version=0.0.4; charset=utf-8")
        );
        for expected in [
            "# TYPE circular_records_written_total counter\ncircular_records_written_total 3\n",
            "# TYPE circular_viewers gauge\ncircular_viewers 1\n",
            "circular_viewers_stalled_total 0\n",
            "# TYPE circular_skip_readers gauge\ncircular_skip_readers 1\n",
            "circular_skip_readers_max_lag_records 0\n",
        ] {
            assert!(reply.body.contains(expected), "{expected}{}", reply.body);
        }
        Exposition::parse(&reply.body);
    }
    assert_eq!(
        site.curl("/stats?format=json", &["--header", accept])
            .header("content-type"),
        Some("application/json")
    );
    assert_eq!(
        site.curl("/stats", &[]).header("content-type"),
        Some("application/json")
    );
}

#[test]
fn a_reader_whose_sink_fails_is_known() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let site = Site::new();
    let reader = site.ring.handle().reader().tell_errors(false);
    let reader = reader.on_error(circular_core::OnError::TryAgain);
    let _sink = reader.spawn(Full).unwrap();
    site.write(0..1);
    until("it fails", || {
        (site.stats()["readers"][0]["failing"] == true).then_some(())
    });
    assert_eq!(numbers(&site).value("circular_skip_readers_failing"), 1.0);
    site.ring.handle().close();
}

#[test]
fn viewers_that_come_and_go_leave_no_series_and_totals_that_are_right() {
    const VIEWERS: u32 = 100;
    let site = Site::with(4096, crate::support::options().viewers(200));
    let handle = site.ring.handle();
    let begin = handle.cursor();
    site.write(0..1000);
    let before = numbers(&site);
    assert_eq!(before.value("circular_missed_records_total"), 0.0);

    // Each misses what was overwritten since then.
    let gone = handle.stats().overwritten;
    let bytes: usize = (0..gone).map(|number| line(number).len()).sum();
    let told = format!("--- missed {gone} records ({bytes} bytes): reader too slow ---");
    let mut ever = BTreeSet::new();
    for _ in 0..VIEWERS {
        let mut tail = Tail::open(&site.url(&format!("?follow&after={begin}")), &[]);
        assert_eq!(tail.line(), told);
        ever.extend(numbers(&site).0.into_keys());
    }
    until("they have left", || {
        (numbers(&site).value("circular_skip_readers") == 0.0).then_some(())
    });
    let after = numbers(&site);
    assert_eq!(after.value("circular_viewers_admitted_total"), 100.0);
    let all = |each: f64| f64::from(VIEWERS) * each;
    for (name, each) in [("records", gone.to_string()), ("bytes", bytes.to_string())] {
        let each: f64 = each.parse().expect("a number");
        let total = after.value(&format!("circular_missed_{name}_total"));
        assert_eq!(total, all(each), "{name}");
    }
    ever.extend(after.0.into_keys());
    assert_eq!(ever, before.0.into_keys().collect());
}

#[test]
fn a_reader_that_writers_wait_for_has_series_and_the_others_their_totals() {
    let site = Site::with(4096, crate::support::options());
    let handle = site.ring.handle();
    let lossless = [
        Policy::Block,
        Policy::BlockFor(Duration::from_millis(250)),
        Policy::BlockFor(Duration::from_millis(1)),
    ];
    let mut readers = lossless.map(|policy| handle.reader().policy(policy).open());
    let mut quick = handle.reader().open();
    let _slow = handle.reader().open();
    site.write(0..10);
    for reader in &mut readers[..2] {
        while reader.try_recv().is_ok() {}
    }
    while quick.try_recv().is_ok() {}
    let ten = (0..10).map(|number| line(number).len()).sum::<usize>();

    let now = numbers(&site);
    assert_eq!(now.value("circular_skip_readers"), 2.0);
    assert_eq!(now.value("circular_skip_readers_max_lag_records"), 10.0);
    let bytes = now.value("circular_skip_readers_max_lag_bytes");
    assert_eq!(bytes.to_string(), ten.to_string());
    for (labels, lag) in [
        ("{reader=\"0\",policy=\"block\"}", 0.0),
        ("{reader=\"1\",policy=\"block-for-250ms\"}", 0.0),
        ("{reader=\"2\",policy=\"block-for-1ms\"}", 10.0),
    ] {
        let value = |name| now.value(&format!("circular_reader_{name}{labels}"));
        assert_eq!(value("lag_records"), lag);
        assert_eq!(value("demoted"), 0.0);
        assert_eq!(value("failing"), 0.0);
        assert_eq!(value("missed_records_total"), 0.0);
    }
    for series in now.0.keys() {
        assert!(
            !series.contains("skip\"") && !series.contains("\"3\""),
            "{series}"
        );
    }

    // The third is given up on, and has its series still.
    let (patient, _) = readers.split_at_mut(2);
    for number in 10..100 {
        site.write([number]);
        for reader in &mut *patient {
            while reader.try_recv().is_ok() {}
        }
    }
    assert_eq!(handle.stats().demotions, 1);
    while readers[2].try_recv().is_ok() {}
    let now = numbers(&site);
    let value = |name| {
        now.value(&format!(
            "circular_reader_{name}{{reader=\"2\",policy=\"block-for-1ms\"}}"
        ))
    };
    assert_eq!(value("demoted"), 1.0);
    let missed = readers[2].missed().records.to_string();
    assert_ne!(missed, "0");
    assert_eq!(value("missed_records_total").to_string(), missed);
}

/// What Prometheus is told of a site.
fn numbers(site: &Site) -> Exposition {
    Exposition::parse(&site.get("/stats?format=prometheus"))
}

/// What Prometheus reads: each series, by its name and labels, with its value.
struct Exposition(BTreeMap<String, f64>);

impl Exposition {
    /// Reads it as `promtool check metrics` does, which wants each metric in one group with what it is before it,
    /// and `_total` at the end of counters' names and of no others.
    fn parse(text: &str) -> Self {
        let mut series = BTreeMap::new();
        let mut told = BTreeSet::new();
        let (mut help, mut kind) = ("", ("", ""));
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, text) = rest.split_once(' ').expect("a name and a text");
                assert!(!text.is_empty() && told.insert(name.to_owned()), "{line}");
                help = name;
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                kind = rest.split_once(' ').expect("a name and a kind");
                assert_eq!(kind.0, help, "{line}");
                let is_counter = kind.0.ends_with("_total");
                assert_eq!(
                    kind.1,
                    if is_counter { "counter" } else { "gauge" },
                    "{line}"
                );
            } else {
                let (name, value) = line.rsplit_once(' ').expect("a name and a value");
                assert_eq!(name.split('{').next(), Some(kind.0), "{line}");
                let value = value.parse().expect("a number");
                assert_eq!(series.insert(name.to_owned(), value), None, "{line}");
            }
        }
        Self(series)
    }

    fn value(&self, series: &str) -> f64 {
        let value = self.0.get(series);
        *value.unwrap_or_else(|| panic!("no {series} in {:#?}", self.0))
    }
}
