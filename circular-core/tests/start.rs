//! Where a reader begins.

use circular_core::{Cursor, Level, Meta, Missed, Notice, Policy, Reader, Ring, Start};
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[path = "common/collected.rs"]
mod collected;

/// A ring that has got `count` lines, its seq in each, at a second from each other.
fn ring_of(capacity: usize, count: u64) -> Ring {
    let ring = Ring::new(capacity).unwrap();
    (0..count).for_each(|seq| write(&ring, seq));
    ring
}

fn write(ring: &Ring, seq: u64) {
    let line = format!("{seq}\n");
    ring.record(Meta::new().time(time_of(seq)), line.as_bytes())
        .unwrap();
}

fn time_of(seq: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seq)
}

fn open(ring: &Ring, start: Start) -> Reader {
    ring.handle().reader().start(start).open()
}

/// The seqs of what there is to read now, which must be without a gap.
fn seqs(reader: &mut Reader) -> std::ops::Range<u64> {
    let mut seqs: Option<std::ops::Range<u64>> = None;
    while let Ok(batch) = reader.try_recv() {
        for record in batch {
            let seq = record.seq();
            assert_eq!(record.bytes(), format!("{seq}\n").as_bytes());
            let range = seqs.get_or_insert(seq..seq);
            assert_eq!(range.end, seq);
            range.end += 1;
        }
    }
    seqs.unwrap_or(0..0)
}

/// The first record that there is to read, if any.
fn first_seq(reader: &mut Reader) -> Option<u64> {
    let batch = reader.try_recv().ok()?;
    batch.records().next().map(|record| record.seq())
}

/// The oldest record that can be found.
fn oldest(ring: &Ring) -> u64 {
    let snapshot = ring.handle().snapshot();
    snapshot.records().next().unwrap().seq()
}

#[test]
fn oldest_is_the_default_and_begins_with_what_is_held() {
    let ring = ring_of(4096, 50);
    assert_eq!(seqs(&mut ring.handle().reader().open()), 0..50);
    let ring = ring_of(4096, 10_000);
    let held = 10_000 - oldest(&ring);
    // 16 bytes of header and 8 of text each; all but 1/64 can be found, and one record.
    assert!(held >= (4096 - 4096 / 64) / 24 - 1, "{held}");
    let mut reader = open(&ring, Start::Oldest);
    assert_eq!(seqs(&mut reader), 10_000 - held..10_000);
    assert!(
        reader.missed().is_empty(),
        "it did not miss what it did not ask for"
    );
    assert_eq!(ring.handle().stats().overwritten, 10_000 - held);
}

#[test]
fn newest_begins_with_what_is_written_next() {
    let ring = ring_of(4096, 1000);
    let mut reader = open(&ring, Start::Newest);
    assert_eq!(seqs(&mut reader), 0..0);
    write(&ring, 1000);
    write(&ring, 1001);
    assert_eq!(seqs(&mut reader), 1000..1002);
}

#[test]
fn last_begins_with_that_many_or_with_all() {
    for written in [0, 1, 30, 1000, 12_345] {
        let ring = ring_of(4096, written);
        let held = if written == 0 {
            0
        } else {
            written - oldest(&ring)
        };
        for count in [0, 1, 2, 29, 30, 31, 100, 150, 160, 170, 1000, u64::MAX] {
            let mut reader = open(&ring, Start::Last(count));
            let got = seqs(&mut reader);
            assert_eq!(got.end - got.start, count.min(held), "{count} of {written}");
            assert!(got.is_empty() || got.end == written);
            assert!(reader.missed().is_empty());
        }
    }
}

#[test]
fn since_begins_with_the_first_that_is_not_older() {
    let ring = ring_of(4096, 5000);
    let first = oldest(&ring);
    for seq in first..5000 {
        let mut reader = open(&ring, Start::Since(time_of(seq)));
        assert_eq!(seqs(&mut reader), seq..5000);
        // Between two of them.
        let after = time_of(seq) - Duration::from_nanos(1);
        assert_eq!(seqs(&mut open(&ring, Start::Since(after))), seq..5000);
    }
    for early in [UNIX_EPOCH, UNIX_EPOCH - Duration::from_secs(1), time_of(0)] {
        assert_eq!(seqs(&mut open(&ring, Start::Since(early))), first..5000);
    }
    let mut later = open(&ring, Start::Since(time_of(5000)));
    assert_eq!(seqs(&mut later), 0..0);
    write(&ring, 5000);
    assert_eq!(seqs(&mut later), 5000..5001);
}

/// Formatting takes its time, clocks are set back, and writers say what they like: records stand in the order
/// in which they were written, whatever their times are.
#[test]
fn since_leaves_out_nothing_that_is_not_older_in_whatever_order_it_stands() {
    // In blocks of 512 bytes, 21 records each: one in so many is late by so much, in records.
    let late = |every: u64, by: u64| {
        move |seq: u64| {
            if seq % every == 0 {
                seq.saturating_sub(by)
            } else {
                seq
            }
        }
    };
    let set_back = |seq: u64| if seq < 4000 { seq } else { seq - 1000 };
    let once_in_the_future = |seq: u64| if seq == 100 { 1_000_000 } else { seq };
    let in_the_future_still = |seq: u64| if seq == 4500 { 1_000_000 } else { seq };
    let backwards = |seq: u64| 5000 - seq;
    let shuffled = |seq: u64| seq * 7919 % 5000;
    let orders: [&dyn Fn(u64) -> u64; 9] = [
        &late(2, 50),
        &late(7, 5),
        &late(21, 20),
        &late(22, 500),
        &set_back,
        &once_in_the_future,
        &in_the_future_still,
        &backwards,
        &shuffled,
    ];
    for (number, order) in orders.into_iter().enumerate() {
        let ring = Ring::new(64 << 10).unwrap();
        for seq in 0..5000 {
            let line = format!("{seq}\n");
            let meta = Meta::new().time(time_of(order(seq)));
            ring.record(meta, line.as_bytes()).unwrap();
        }
        let held = oldest(&ring)..5000;
        for time in (0..5001).step_by(3).chain([1_000_000, 1_000_001]) {
            let first = held.clone().find(|&seq| order(seq) >= time);
            let mut reader = open(&ring, Start::Since(time_of(time)));
            let found = first_seq(&mut reader);
            assert_eq!(found, first, "order {number}, since {time}");
        }
    }
}

/// A long record stands in the index where another would begin.
#[test]
fn since_finds_what_stands_before_and_behind_a_long_record() {
    for long in [400, 600, 1100, 5000] {
        let ring = Ring::new(64 << 10).unwrap();
        let time = |seq: u64| if seq % 3 == 0 { seq } else { seq + 50 };
        for seq in 0..300 {
            let text = if seq % 10 == 0 {
                vec![b'x'; long]
            } else {
                b"short".to_vec()
            };
            ring.record(Meta::new().time(time_of(time(seq))), &text)
                .unwrap();
        }
        let held = oldest(&ring)..300;
        for since in 0..360 {
            let first = held.clone().find(|&seq| time(seq) >= since);
            let mut reader = open(&ring, Start::Since(time_of(since)));
            assert_eq!(first_seq(&mut reader), first, "{long}, since {since}");
        }
    }
}

/// The time that the ring gives a record by itself is that of a clock that lags behind the program's.
#[test]
fn since_now_has_all_that_is_written_from_now_on() {
    let ring = Ring::new(1 << 20).unwrap();
    let begin = std::time::Instant::now();
    let mut seq = 0;
    // Over some steps of that clock.
    while begin.elapsed() < Duration::from_millis(20) {
        let now = SystemTime::now();
        (&ring).write_all(b"without a time of its own\n").unwrap();
        let mut reader = open(&ring, Start::Since(now));
        let first = first_seq(&mut reader);
        assert!(first.is_some_and(|first| first <= seq), "{seq} is left out");
        seq += 1;
    }
    // Not just anything.
    let mut later = open(
        &ring,
        Start::Since(SystemTime::now() + Duration::from_secs(1)),
    );
    assert!(later.try_recv().is_err());
}

#[test]
fn after_goes_on_where_another_reader_left_off() {
    let ring = ring_of(4096, 40);
    let mut reader = open(&ring, Start::Oldest);
    assert_eq!(seqs(&mut reader), 0..40);
    let text = reader.cursor().to_string();
    drop(reader);
    (40..60).for_each(|seq| write(&ring, seq));
    // As text it goes through a URL.
    assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.'));
    let cursor: Cursor = text.parse().unwrap();
    let mut reader = open(&ring, Start::After(cursor));
    assert!(!reader.restarted());
    assert_eq!(seqs(&mut reader), 40..60);
    assert!(reader.missed().is_empty());
    // With nothing new it waits.
    let mut reader = open(&ring, Start::After(reader.cursor()));
    assert_eq!(seqs(&mut reader), 0..0);
    assert!(!reader.restarted());
}

#[test]
fn after_a_cursor_within_what_was_received_goes_on_there() {
    let ring = ring_of(64 << 10, 0);
    let mut reader = open(&ring, Start::Oldest);
    let mut cursors = vec![reader.cursor()];
    for seq in 0..300 {
        write(&ring, seq);
        assert_eq!(seqs(&mut reader), seq..seq + 1);
        cursors.push(reader.cursor());
    }
    for (seq, cursor) in (0..300).zip(cursors) {
        assert_eq!(seqs(&mut open(&ring, Start::After(cursor))), seq..300);
    }
}

#[test]
fn after_what_is_gone_tells_exactly_how_much() {
    for gone in [500, 2000, 33_333] {
        let ring = ring_of(4096, 10);
        let mut before = open(&ring, Start::Oldest);
        assert_eq!(seqs(&mut before), 0..10);
        (10..gone).for_each(|seq| write(&ring, seq));
        let mut reader = open(&ring, Start::After(before.cursor()));
        let first = oldest(&ring);
        let bytes = (10..first).map(|seq| format!("{seq}\n").len() as u64);
        let missed = Missed {
            records: first - 10,
            bytes: bytes.sum(),
        };
        assert_eq!(reader.try_recv().unwrap().missed(), missed);
        seqs(&mut reader);
        assert_eq!(reader.missed(), missed);
        assert!(!reader.restarted());
        let lags = ring.handle().stats().readers;
        assert_eq!(lags.last().unwrap().missed, missed);
    }
}

#[test]
fn a_cursor_of_another_ring_restarts_at_the_oldest() {
    let other = ring_of(4096, 5);
    let mut reader = open(&other, Start::Oldest);
    seqs(&mut reader);
    let ring = ring_of(4096, 20);
    let mut foreign = open(&ring, Start::After(reader.cursor()));
    assert!(foreign.restarted());
    assert_eq!(seqs(&mut foreign), 0..20);
    assert!(foreign.missed().is_empty());
    // And one that this ring never reached.
    let mut ahead = open(&ring, Start::Newest);
    seqs(&mut ahead);
    let text = ahead.cursor().to_string();
    let [id, _, bytes] = text.split('.').collect::<Vec<_>>()[..] else {
        panic!("{text}");
    };
    let ahead: Cursor = format!("{id}.21.{bytes}").parse().unwrap();
    let mut ahead = open(&ring, Start::After(ahead));
    assert!(ahead.restarted());
    assert_eq!(seqs(&mut ahead), 0..20);
    assert!(!open(&ring, Start::Oldest).restarted());
}

#[test]
fn a_forged_cursor_does_no_harm() {
    let ring = ring_of(4096, 5000);
    let cursor = open(&ring, Start::Oldest).cursor().to_string();
    let id = cursor.split('.').next().unwrap();
    for seq in [
        "0",
        "1",
        "2500",
        "4999",
        "5000",
        "5001",
        "18446744073709551615",
    ] {
        for bytes in ["0", "7", "18446744073709551615"] {
            let cursor: Cursor = format!("{id}.{seq}.{bytes}").parse().unwrap();
            let mut reader = open(&ring, Start::After(cursor));
            seqs(&mut reader);
            assert_eq!(reader.restarted(), seq.parse::<u64>().unwrap() > 5000);
        }
    }
}

#[test]
fn a_stream_of_bytes_tells_that_it_restarted() {
    let ring = ring_of(4096, 2);
    let foreign = open(&ring_of(4096, 1), Start::Oldest).cursor();
    ring.handle().close();
    for (notice, told) in [
        (
            Notice::Text,
            "--- restarted: the cursor is not of this ring, reading from the oldest ---\n0\n1\n",
        ),
        (Notice::Json, "{\"restarted\":true}\n0\n1\n"),
        (Notice::None, "0\n1\n"),
    ] {
        let sink = collected::Collected::default();
        let reader = ring.handle().reader().start(Start::After(foreign));
        let bytes = reader.notice(notice).write_to(sink.clone()).unwrap();
        assert_eq!(sink.text(), told);
        assert_eq!(bytes, told.len() as u64);
    }
}

#[test]
fn every_start_works_on_a_closed_and_on_an_empty_ring() {
    for written in [0, 5, 5000] {
        let ring = ring_of(4096, written);
        let cursor = open(&ring, Start::Oldest).cursor();
        ring.handle().close();
        for start in [
            Start::Oldest,
            Start::Newest,
            Start::Last(3),
            Start::Since(UNIX_EPOCH),
            Start::After(cursor),
        ] {
            for policy in [Policy::Skip, Policy::Block] {
                let reader = ring.handle().reader().start(start).policy(policy);
                let mut reader = reader.open();
                let mut count = 0;
                while let Ok(batch) = reader.recv() {
                    count += batch.len() as u64;
                }
                let expected = match start {
                    Start::Newest => 0,
                    Start::Last(count) => count.min(written),
                    _ if written == 0 => 0,
                    _ => written - oldest(&ring),
                };
                assert_eq!(count, expected, "{start:?} of {written}");
                assert!(reader.recv().is_err(), "it stays at its end");
            }
        }
    }
}

#[test]
fn a_minimum_level_lets_records_without_a_level_pass() {
    let ring = Ring::new(4096).unwrap();
    for level in Level::ALL {
        ring.record(Meta::new().level(level), level.as_str().as_bytes())
            .unwrap();
    }
    (&ring).write_all(b"none").unwrap();
    ring.handle().close();
    for least in Level::ALL {
        let mut reader = ring.handle().reader().at_least(least).open();
        let mut got = Vec::new();
        while let Ok(batch) = reader.recv() {
            got.extend(batch.records().map(|record| record.level()));
        }
        let expected = Level::ALL.into_iter().filter(|level| *level >= least);
        let expected: Vec<_> = expected.map(Some).chain([None]).collect();
        assert_eq!(got, expected);
        assert!(reader.missed().is_empty(), "filtered is not missed");
    }
}
