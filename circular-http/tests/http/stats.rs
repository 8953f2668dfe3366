//! The numbers, in both formats.

use circular_core::Policy;
use std::time::Duration;

use crate::support::{Site, Tail, line, until};

#[test]
fn json_has_the_numbers_of_the_ring_and_of_each_reader() {
    let site = Site::with(4096, crate::support::options());
    let handle = site.ring.handle();
    let policy = Policy::BlockFor(Duration::ZERO);
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
    assert_eq!(reader["policy"], "BlockFor(0ns)");
    assert_eq!(
        (&reader["id"], &reader["demoted"]),
        (&0.into(), &true.into())
    );
    assert_eq!(reader["missed"]["records"], real.readers[0].missed.records);
    assert_eq!(reader["lag"]["bytes"], real.readers[0].lag_bytes);

    let empty = Site::new().stats();
    assert_eq!(empty["viewers"]["limit"], 16, "unless said");
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
            "circular_reader_lag_records{reader=\"0\",policy=\"Skip\"} 0\n",
        ] {
            assert!(reply.body.contains(expected), "{expected}{}", reply.body);
        }
        for line in reply.body.lines().filter(|line| !line.starts_with('#')) {
            let (_, value) = line.rsplit_once(' ').expect("a name and a value");
            value.parse::<f64>().expect("a number");
        }
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
    let failing = "circular_reader_failing{reader=\"0\",policy=\"Skip\"} 1\n";
    let text = site.get("/stats?format=prometheus");
    assert!(text.contains(failing), "{text}");
    site.ring.handle().close();
}
