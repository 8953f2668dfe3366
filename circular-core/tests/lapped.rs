//! What a reader gets and what it is told that it missed is together what was written, exactly.

use circular_core::{Level, Meta, Missed, Notice, Policy, Ring, Start};
use std::io::Write;
use std::thread;

#[path = "common/collected.rs"]
mod collected;
#[path = "common/watchdog.rs"]
mod watchdog;

/// Payloads of many lengths.
const TEXT: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn payload(number: u64) -> &'static [u8] {
    let len = 1 + number % TEXT.len() as u64;
    &TEXT[..usize::try_from(len).unwrap()]
}

#[test]
fn ten_million_records_are_delivered_or_missed() {
    const WRITERS: u64 = 2;
    const RECORDS: u64 = 10_000_000;
    let _watchdog = watchdog::minutes(20);
    let ring = Ring::new(64 << 10).unwrap();
    let handle = ring.handle();
    let mut reader = handle.reader().open();
    // Lapped for certain before it begins.
    for number in 0..RECORDS / 10 {
        (&ring).write_all(payload(number)).unwrap();
    }
    let (mut delivered, mut told) = (Missed::default(), Missed::default());
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let mut ring = ring.clone();
            scope.spawn(move || {
                for number in (RECORDS / 10 + writer..RECORDS).step_by(2) {
                    ring.write_all(payload(number)).unwrap();
                }
            });
        }
        // The writers' clones are the last ones.
        drop(ring);
        while let Ok(batch) = reader.recv() {
            told += batch.missed();
            for record in batch {
                // Each one stands where everything before it is accounted for.
                assert_eq!(record.seq(), delivered.records + told.records);
                delivered.records += 1;
                delivered.bytes += record.bytes().len() as u64;
            }
        }
    });
    assert_eq!(told, reader.missed());
    assert!(told.records > 0 && delivered.records > 0);
    assert_eq!(delivered.records + told.records, RECORDS);
    let written: u64 = (0..RECORDS).map(|n| payload(n).len() as u64).sum();
    assert_eq!(delivered.bytes + told.bytes, written);
    let stats = handle.stats();
    assert_eq!((stats.written, stats.bytes), (RECORDS, written));
}

/// The same in a stream of bytes, where notices tell it.
#[test]
fn a_sink_is_told_in_lines_of_their_own() {
    const RECORDS: u64 = 200_000;
    let _watchdog = watchdog::minutes(5);
    for notice in [Notice::Text, Notice::Json, Notice::None] {
        let mut ring = Ring::new(4096).unwrap();
        let handle = ring.handle();
        let sink = collected::Collected::default();
        let reader = handle.reader().notice(notice).open();
        let mut written = 0;
        let mut write = |number| {
            let line = format!("{number} no line end, now and then");
            let line = line + if number % 7 == 0 { "" } else { "\n" };
            ring.write_all(line.as_bytes()).unwrap();
            written += line.len();
        };
        // Lapped for certain.
        (0..1000).for_each(&mut write);
        let thread = {
            let sink = sink.clone();
            thread::spawn(move || reader.write_to(sink).unwrap())
        };
        (1000..RECORDS).for_each(&mut write);
        drop(ring);
        let taken = thread.join().unwrap();
        let text = sink.text();
        assert_eq!(taken, text.len() as u64);

        let (mut missed, mut delivered, mut told) = (Missed::default(), 0, 0);
        for line in text.lines() {
            let numbers = match notice {
                Notice::Text => line
                    .strip_prefix("--- missed ")
                    .and_then(|line| line.strip_suffix(" bytes): reader too slow ---"))
                    .and_then(|line| line.split_once(" records (")),
                Notice::Json => line
                    .strip_prefix(r#"{"missed":{"records":"#)
                    .and_then(|line| line.strip_suffix("}}"))
                    .and_then(|line| line.split_once(r#","bytes":"#)),
                _ => None,
            };
            if let Some((records, bytes)) = numbers {
                missed += Missed {
                    records: records.parse().unwrap(),
                    bytes: bytes.parse().unwrap(),
                };
                told += line.len() + 1;
            } else {
                assert!(line.ends_with("then") && !line.contains("missed"), "{line}");
                delivered += line.matches("no line end").count() as u64;
            }
        }
        if notice == Notice::None {
            assert!(delivered < RECORDS);
            continue;
        }
        assert!(missed.records > 0);
        assert_eq!(delivered + missed.records, RECORDS);
        // Beside notices and what was written there are only the line ends that make a notice a
        // line of its own.
        let payload = text.len() - told;
        let line_ends = payload + usize::try_from(missed.bytes).unwrap() - written;
        let notices = text.lines().filter(|line| line.contains("missed")).count();
        assert!(
            line_ends <= notices,
            "{line_ends} line ends, {notices} notices"
        );
    }
}

/// What would have been filtered out is missed too; what is delivered is not less for it.
#[test]
fn a_filter_changes_nothing_in_what_is_counted() {
    const RECORDS: u64 = 100_000;
    let _watchdog = watchdog::minutes(5);
    let ring = Ring::new(4096).unwrap();
    let mut reader = ring.handle().reader().at_least(Level::Warn).open();
    let write = |from, to| {
        for number in from..to {
            // Every third one.
            let level = if number % 3 == 0 {
                Level::Error
            } else {
                Level::Debug
            };
            ring.record(Meta::new().level(level), payload(number))
                .unwrap();
        }
    };
    write(0, 1000);
    let mut accounted = 0;
    thread::scope(|scope| {
        scope.spawn(|| {
            write(1000, RECORDS);
            // What ends the last run of what is filtered out.
            ring.record(Meta::new().level(Level::Error), b"end")
                .unwrap();
            ring.handle().close();
        });
        while let Ok(batch) = reader.recv() {
            accounted += batch.missed().records;
            let mut lost = batch.missed().records > 0;
            for record in batch {
                assert_eq!(record.level(), Some(Level::Error));
                // Nothing is delivered that was counted as missed, and where nothing was missed,
                // only the two in between were filtered out.
                assert!(record.seq() >= accounted);
                assert!(lost || record.seq() <= accounted + 2);
                accounted = record.seq() + 1;
                lost = false;
            }
        }
    });
    assert_eq!(accounted, RECORDS + 1);
    assert!(reader.missed().records > 0);
}

/// Each reader takes one batch and leaves its cursor to the next, under a writer that never pauses.
#[test]
fn what_is_missed_between_two_readers_is_counted_too() {
    const RECORDS: u64 = 300_000;
    let _watchdog = watchdog::minutes(5);
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let mut cursor = handle.reader().open().cursor();
    let writer = thread::spawn(move || {
        for number in 0..RECORDS {
            (&ring).write_all(payload(number)).unwrap();
        }
    });
    let (mut next, mut missed, mut bytes) = (0, 0, 0);
    loop {
        let reader = handle.reader().start(Start::After(cursor));
        let mut reader = reader.open();
        assert!(!reader.restarted());
        let Ok(batch) = reader.recv() else { break };
        next += batch.missed().records;
        missed += batch.missed().records;
        bytes += batch.missed().bytes;
        for record in batch {
            assert_eq!((record.seq(), record.bytes()), (next, payload(next)));
            next += 1;
            bytes += record.bytes().len() as u64;
        }
        cursor = reader.cursor();
    }
    writer.join().unwrap();
    assert_eq!(next, RECORDS);
    assert_eq!(bytes, handle.stats().bytes);
    assert!(missed > 0);
}

#[test]
fn a_lossless_reader_that_is_held_to_misses_nothing() {
    let _watchdog = watchdog::minutes(5);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let reader = handle.reader().policy(Policy::Block).start(Start::Newest);
    let thread = {
        let mut reader = reader.open();
        thread::spawn(move || {
            let mut records = 0;
            while let Ok(batch) = reader.recv() {
                assert!(batch.missed().is_empty());
                for record in batch {
                    assert_eq!((record.seq(), record.bytes()), (records, payload(records)));
                    records += 1;
                }
            }
            records
        })
    };
    (0..200_000).for_each(|number| ring.write_all(payload(number)).unwrap());
    drop(ring);
    assert_eq!(thread.join().unwrap(), 200_000);
}

/// A write that cannot wait goes over what each of them has not had yet, and each loses just that.
#[test]
fn lossless_readers_at_different_places_lose_what_is_overwritten_and_no_more() {
    struct WritesOnce(Ring, usize);
    impl Write for WritesOnce {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            (&self.0).write_all(&vec![b'n'; std::mem::take(&mut self.1)])?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    const RECORDS: u64 = (64 << 10) / 64;
    for overwritten in [1, 2, 3, 100, 500] {
        let ring = Ring::new(64 << 10).unwrap();
        let handle = ring.handle();
        let block = |start| handle.reader().start(start).policy(Policy::Block).open();
        for _ in 0..RECORDS {
            (&ring).write_all(&[b'x'; 48]).unwrap();
        }
        let places = [0, 1, 2, 99, 100, 101, RECORDS];
        let mut readers = places.map(|place| block(Start::Last(RECORDS - place)));
        let mut other = Ring::new(4096).unwrap();
        other.write_all(b"what makes the sink run").unwrap();
        other.handle().close();
        let length = usize::try_from(overwritten * 64 - 16).unwrap();
        other.handle().write_to(WritesOnce(ring, length)).unwrap();
        for (reader, place) in readers.iter_mut().zip(places) {
            let batch = reader.recv().unwrap();
            let lost = u64::saturating_sub(overwritten, place);
            assert_eq!(batch.missed().records, lost, "{place} of {overwritten}");
            let first = batch.records().next().unwrap().seq();
            assert_eq!(first, place + lost);
        }
    }
}
