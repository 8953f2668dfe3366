//! A reader that comes late gets what is held and then what follows, with no gap and no double.

use circular_core::{Policy, Reader, Ring, Start};
use std::io::Write;
use std::thread;

#[path = "common/collected.rs"]
mod collected;
#[path = "common/watchdog.rs"]
mod watchdog;

const WRITERS: usize = 2;
const RECORDS: usize = 20_000;

/// Runs `late` while writers write numbered lines, and closes the ring when they are done.
fn while_writing(capacity: usize, late: impl Fn(&Ring) + Sync) {
    let ring = Ring::new(capacity).unwrap();
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let mut ring = &ring;
                scope.spawn(move || {
                    for number in 0..RECORDS {
                        writeln!(ring, "{writer} {number}").unwrap();
                    }
                })
            })
            .collect();
        let readers: Vec<_> = (0..4).map(|_| scope.spawn(|| late(&ring))).collect();
        for writer in writers {
            writer.join().unwrap();
        }
        ring.handle().close();
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

/// Reads to the end, checks that nothing is missing, doubled or out of order, and tells the seqs of
/// the first record and of the one after the last.
fn read_to_the_end(mut reader: Reader) -> (u64, u64) {
    let mut seqs = None;
    let mut numbers = [None; WRITERS];
    while let Ok(batch) = reader.recv() {
        assert!(batch.missed().is_empty());
        for record in batch {
            let (first, next) = seqs.unwrap_or((record.seq(), record.seq()));
            assert_eq!(record.seq(), next);
            seqs = Some((first, next + 1));
            let text = std::str::from_utf8(record.bytes()).unwrap();
            let (writer, number) = text.trim_end().split_once(' ').unwrap();
            let before = &mut numbers[writer.parse::<usize>().unwrap()];
            let number: usize = number.parse().unwrap();
            assert_eq!(number, before.map_or(number, |before| before + 1));
            *before = Some(number);
        }
    }
    assert!(reader.missed().is_empty());
    seqs.unwrap()
}

const ALL: u64 = (WRITERS * RECORDS) as u64;

/// Waits until there is something to be late for.
fn wait_for_some(ring: &Ring, records: u64) {
    while ring.handle().stats().written < records {
        thread::yield_now();
    }
}

#[test]
fn where_everything_is_held_it_gets_everything() {
    let _watchdog = watchdog::minutes(5);
    while_writing(4 << 20, |ring| {
        wait_for_some(ring, 1000);
        // Even one that may lose: nothing is overwritten.
        assert_eq!(read_to_the_end(ring.handle().reader().open()), (0, ALL));
    });
}

#[test]
fn where_some_is_overwritten_it_gets_the_rest() {
    let _watchdog = watchdog::minutes(5);
    while_writing(16 << 10, |ring| {
        wait_for_some(ring, 2000);
        let reader = ring.handle().reader().policy(Policy::Block).open();
        // The oldest that was held when it joined, which can only be older than what is held now.
        let oldest = ring.handle().stats().overwritten;
        let (first, end) = read_to_the_end(reader);
        assert!(first <= oldest, "begins at {first}, {oldest} is held");
        assert_eq!(end, ALL);
    });
}

#[test]
fn from_any_start_it_goes_on_live() {
    let _watchdog = watchdog::minutes(5);
    for start in [Start::Newest, Start::Last(100)] {
        while_writing(64 << 10, |ring| {
            let handle = ring.handle();
            wait_for_some(ring, 500);
            let written = handle.stats().written;
            let reader = handle.reader().start(start).policy(Policy::Block).open();
            if handle.stats().written == ALL && start == Start::Newest {
                // The writers were faster: there may be nothing left to read.
                return;
            }
            let (first, end) = read_to_the_end(reader);
            assert!(first + 100 >= written, "{first} is before the newest 100");
            assert_eq!(end, ALL);
        });
    }
}

#[test]
fn sinks_that_come_late_get_the_same() {
    let _watchdog = watchdog::minutes(5);
    while_writing(4 << 20, |ring| {
        wait_for_some(ring, 1000);
        let sink = collected::Collected::default();
        ring.handle().write_to(sink.clone()).unwrap();
        let text = sink.text();
        assert_eq!(text.lines().count() as u64, ALL);
        for writer in 0..WRITERS {
            let prefix = format!("{writer} ");
            let numbers = text.lines().filter_map(|line| line.strip_prefix(&prefix));
            assert!(numbers.eq((0..RECORDS).map(|number| number.to_string())));
        }
    });
}
