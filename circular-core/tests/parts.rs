//! Writes that are longer than the ring.

use circular_core::{Level, Meta, Part, Policy, Ring};
use std::io::{self, IoSlice, Write};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

#[path = "common/watchdog.rs"]
mod watchdog;

const CAPACITY: usize = 4096;

/// Three times the capacity, and no piece of it like another.
fn long_text() -> Vec<u8> {
    let numbers = (0..).map(|number: u32| format!("{number:05}-"));
    let text: Vec<u8> = numbers
        .take(CAPACITY)
        .flat_map(String::into_bytes)
        .collect();
    text[..3 * CAPACITY].to_vec()
}

#[test]
fn parts_are_first_middle_last_and_have_the_level_time_and_target_of_the_whole() {
    let ring = Ring::new(CAPACITY).unwrap();
    let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let meta = Meta::new().level(Level::Warn).target("a::b").time(time);
    ring.record(Meta::new(), b"before").unwrap();
    ring.record(meta, &long_text()).unwrap();
    let stats = ring.handle().stats();
    assert_eq!(stats.bytes, 6 + 3 * CAPACITY as u64);

    // A snapshot has its tail, which is most of what the ring can hold.
    let snapshot = ring.handle().snapshot();
    assert!(long_text().ends_with(snapshot.bytes()));
    assert!(snapshot.bytes().len() > CAPACITY / 2);
    let last = snapshot.record_count() - 1;
    for (number, record) in snapshot.records().enumerate() {
        let part = if number == last {
            Part::Last
        } else {
            Part::Middle
        };
        assert_eq!(record.part(), part);
        assert_eq!(record.level(), Some(Level::Warn));
        assert_eq!((record.target(), record.time()), ("a::b", time));
    }
    // Each part counts as a record.
    let newest = snapshot.records().last().unwrap().seq();
    assert_eq!(stats.written, newest + 1);
    assert!(stats.written > 4);
}

#[test]
fn every_length_around_the_largest_record_goes_through() {
    let text = long_text();
    for len in CAPACITY - 40..CAPACITY + 40 {
        for target in ["", "t", "target"] {
            let ring = Ring::new(CAPACITY).unwrap();
            // Not at the beginning of the memory.
            ring.record(Meta::new(), b"something").unwrap();
            let mut reader = ring.handle().reader().policy(Policy::Block).open();
            thread::scope(|scope| {
                scope.spawn(|| {
                    ring.record(Meta::new().target(target), &text[..len])
                        .unwrap();
                    ring.handle().close();
                });
                let (mut received, mut parts) = (Vec::new(), Vec::new());
                while let Ok(batch) = reader.recv() {
                    for record in batch.records().filter(|record| record.seq() > 0) {
                        received.extend_from_slice(record.bytes());
                        parts.push(record.part());
                    }
                }
                assert_eq!(received, text[..len]);
                let is_whole = len + target.len() + 16 <= CAPACITY;
                assert_eq!(parts == [Part::Whole], is_whole, "{len} bytes, {target:?}");
            });
        }
    }
}

/// While other writers never pause and several lossless readers read.
#[test]
fn no_other_record_stands_between_parts() {
    const LONG_WRITERS: u8 = 2;
    const LONGS: usize = 50;
    let _watchdog = watchdog::minutes(5);
    let text = long_text();
    let ring = Ring::new(CAPACITY).unwrap();
    let handle = ring.handle();
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let mut reader = handle.reader().policy(Policy::Block).open();
            thread::spawn(move || {
                let (mut longs, mut whole) = (Vec::new(), 0);
                let mut open: Option<Vec<u8>> = None;
                while let Ok(batch) = reader.recv() {
                    assert!(batch.missed().is_empty());
                    for record in batch {
                        match (record.part(), &mut open) {
                            (Part::Whole, None) => {
                                assert_eq!(record.bytes(), b"short");
                                whole += 1;
                            }
                            (Part::First, None) => open = Some(record.bytes().to_vec()),
                            (Part::Middle, Some(long)) => long.extend_from_slice(record.bytes()),
                            (Part::Last, Some(long)) => {
                                long.extend_from_slice(record.bytes());
                                longs.extend(open.take());
                            }
                            (part, _) => panic!("{part:?} where it must not stand"),
                        }
                    }
                }
                (longs, whole)
            })
        })
        .collect();
    thread::scope(|scope| {
        for writer in 0..LONG_WRITERS {
            let (mut ring, text) = (&ring, &text);
            scope.spawn(move || {
                for _ in 0..LONGS {
                    let name = [b'A' + writer];
                    let slices = [IoSlice::new(&name), IoSlice::new(text)];
                    let len = ring.write_vectored(&slices).unwrap();
                    assert_eq!(len, 1 + text.len());
                }
            });
        }
        for _ in 0..4 {
            let mut ring = &ring;
            scope.spawn(move || {
                for _ in 0..2000 {
                    ring.write_all(b"short").unwrap();
                }
            });
        }
    });
    drop(ring);
    for reader in readers {
        let (longs, whole) = reader.join().unwrap();
        assert_eq!(whole, 4 * 2000);
        for writer in 0..LONG_WRITERS {
            let of_writer = longs.iter().filter(|long| long[0] == b'A' + writer);
            assert!(of_writer.clone().all(|long| long[1..] == text));
            assert_eq!(of_writer.count(), LONGS);
        }
    }
}

/// Writes a record to `ring` from inside a sink, of another ring.
fn write_from_a_sink(ring: &Ring, record: &[u8]) {
    struct Forward<'a>(&'a Ring);
    impl Write for Forward<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut other = Ring::new(CAPACITY).unwrap();
    other.write_all(record).unwrap();
    other.handle().close();
    other.handle().write_to(Forward(ring)).unwrap();
}

/// A write that cannot wait until the long one is through, first where there is room for it and
/// then where there is none.
#[test]
fn a_write_from_a_sink_may_stand_between() {
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(CAPACITY).unwrap();
    let handle = ring.handle();
    let mut reader = handle.reader().policy(Policy::Block).open();
    // After this three parts fit, and a little more.
    (&ring).write_all(b"before").unwrap();
    let text = long_text();
    thread::scope(|scope| {
        let long = scope.spawn(|| (&ring).write_all(&text).unwrap());
        while handle.stats().written < 4 {
            thread::yield_now();
        }
        write_from_a_sink(&ring, b"there is room");
        assert_eq!(handle.stats().overtakes, 0);
        write_from_a_sink(&ring, &[b'x'; 1000]);
        assert_eq!(handle.stats().overtakes, 1);
        assert!(!long.is_finished(), "it waits for the reader");

        let (mut lost, mut parts, mut received) = (0, Vec::new(), Vec::new());
        let mut bytes = 0;
        while parts.last() != Some(&Part::Last) {
            let batch = reader.recv().unwrap();
            lost += batch.missed().bytes;
            bytes += batch.bytes().len() as u64;
            for record in batch {
                parts.push(record.part());
                if record.part() != Part::Whole {
                    received.extend_from_slice(record.bytes());
                }
            }
        }
        long.join().unwrap();
        // It stands in the middle of the long one.
        let at = parts.iter().rposition(|part| *part == Part::Whole).unwrap();
        assert_eq!(parts[at + 1], Part::Middle);
        // What was lost by it is the oldest, and told; everything else is here.
        assert!(lost > 0 && text.ends_with(&received));
        assert_eq!(bytes + lost, handle.stats().bytes);
        assert_eq!(handle.stats().readers[0].missed.bytes, lost);
    });
}

#[test]
fn a_write_from_a_sink_that_finds_room_costs_the_reader_nothing() {
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(CAPACITY).unwrap();
    let handle = ring.handle();
    let mut reader = handle.reader().policy(Policy::Block).open();
    (&ring).write_all(b"before").unwrap();
    let text = long_text();
    thread::scope(|scope| {
        scope.spawn(|| (&ring).write_all(&text).unwrap());
        while handle.stats().written < 4 {
            thread::yield_now();
        }
        write_from_a_sink(&ring, b"between");
        let (mut parts, mut received, mut others) = (Vec::new(), Vec::new(), Vec::new());
        while parts.last() != Some(&Part::Last) {
            let batch = reader.recv().unwrap();
            assert!(batch.missed().is_empty());
            for record in batch {
                parts.push(record.part());
                match record.part() {
                    Part::Whole => others.push(record.bytes().to_vec()),
                    _ => received.extend_from_slice(record.bytes()),
                }
            }
        }
        assert_eq!(others, [&b"before"[..], b"between"]);
        assert!(received == text, "every byte, in order");
        use Part::{First, Middle, Whole};
        assert_eq!(parts[..6], [Whole, First, Middle, Middle, Whole, Middle]);
    });
}

#[test]
fn a_reader_gives_back_what_its_buffer_grew_by_and_goes_on() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(1 << 20).unwrap();
    let mut reader = ring.handle().reader().open();
    for len in [100, 900_000, 100, 300_000, 1] {
        ring.write_all(&vec![b'x'; len]).unwrap();
        let batch = reader.recv().unwrap();
        let record = batch.records().next().unwrap();
        assert_eq!((record.bytes().len(), record.part()), (len, Part::Whole));
    }
}
