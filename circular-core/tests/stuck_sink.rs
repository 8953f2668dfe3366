//! A sink that never returns, under each policy.

use circular_core::{Policy, Ring};
use std::io::{ErrorKind, Write};
use std::thread;
use std::time::Duration;

#[path = "common/collected.rs"]
mod collected;
#[path = "common/stuck.rs"]
mod stuck;
#[path = "common/watchdog.rs"]
mod watchdog;

/// For calls that must come back without having got what they wait for.
const SHORT: Duration = Duration::from_millis(20);
/// Long enough that nobody waits for it to be over.
const LONG: Duration = Duration::from_secs(3600);
const LINE: &[u8; 32] = b"a line that is 32 bytes in all.\n";
/// Many times what the ring holds.
const WRITES: u64 = 10_000;

#[test]
fn skip_lets_writers_go_on() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let (sink, release) = stuck::sink();
    let reader = handle.reader().spawn(sink).unwrap();
    ring.write_all(LINE).unwrap();
    release.wait_until_stuck();
    for _ in 1..WRITES {
        ring.write_all(LINE).unwrap();
    }
    let stats = handle.stats();
    assert_eq!(stats.written, WRITES);
    // Not one write has waited.
    assert_eq!(stats.waits.count, 0);
    assert_eq!((stats.demotions, stats.overtakes), (0, 0));
    assert!(stats.readers[0].lag_records >= WRITES - 2);
    drop((ring, release));
    reader.join().unwrap().unwrap();
}

/// `write!` and its kin are often followed by a flush of what was written to. It is in the ring;
/// only `Handle::flush` waits for readers.
#[test]
fn the_rings_own_flush_waits_for_nobody() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let (sink, release) = stuck::sink();
    let reader = handle.reader().policy(Policy::Block).spawn(sink).unwrap();
    ring.write_all(LINE).unwrap();
    release.wait_until_stuck();
    ring.flush().unwrap();
    (&mut &ring).flush().unwrap();
    assert!(!handle.flush_timeout(SHORT));
    drop((ring, release));
    reader.join().unwrap().unwrap();
}

#[test]
fn block_for_holds_one_write_up_once() {
    let _watchdog = watchdog::minutes(2);
    let patience = Duration::from_millis(50);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let (sink, release) = stuck::sink();
    let reader = handle.reader().policy(Policy::BlockFor(patience));
    let reader = reader.spawn(sink).unwrap();
    ring.write_all(LINE).unwrap();
    release.wait_until_stuck();
    assert!(!handle.stats().readers[0].demoted);
    for _ in 1..WRITES {
        ring.write_all(LINE).unwrap();
    }
    let stats = handle.stats();
    assert_eq!(stats.written, WRITES);
    assert_eq!(stats.waits.count, 1);
    assert!(stats.waits.longest >= patience, "{:?}", stats.waits);
    assert_eq!(stats.waits.total, stats.waits.longest);
    assert_eq!(stats.demotions, 1);
    assert!(stats.readers[0].demoted);
    assert_eq!(stats.readers[0].policy, Policy::BlockFor(patience));
    // For good: and a flush does not wait for it any more.
    handle.flush();
    drop((ring, release));
    reader.join().unwrap().unwrap();
}

#[test]
fn block_for_holds_several_writers_up_once_each() {
    const WRITERS: u64 = 8;
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let (sink, release) = stuck::sink();
    let reader = handle.reader().policy(Policy::BlockFor(SHORT));
    let reader = reader.spawn(sink).unwrap();
    ring.write_all(LINE).unwrap();
    release.wait_until_stuck();
    thread::scope(|scope| {
        for _ in 0..WRITERS {
            let mut ring = &ring;
            scope.spawn(move || (0..WRITES).for_each(|_| ring.write_all(LINE).unwrap()));
        }
    });
    let stats = handle.stats();
    assert_eq!(stats.written, 1 + WRITERS * WRITES);
    assert_eq!(stats.demotions, 1);
    assert!(
        (1..=WRITERS).contains(&stats.waits.count),
        "{:?}",
        stats.waits
    );
    drop((ring, release));
    reader.join().unwrap().unwrap();
}

#[test]
fn one_write_in_many_parts_waits_no_longer_than_another() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let (sink, release) = stuck::sink();
    let reader = handle.reader().policy(Policy::BlockFor(SHORT));
    let reader = reader.spawn(sink).unwrap();
    ring.write_all(LINE).unwrap();
    release.wait_until_stuck();
    ring.write_all(&[b'x'; 100_000]).unwrap();
    let stats = handle.stats();
    assert_eq!((stats.waits.count, stats.demotions), (1, 1));
    drop((ring, release));
    reader.join().unwrap().unwrap();
}

/// It loses what it was too slow for, and is told so.
#[test]
fn a_demoted_reader_goes_on_as_one_that_skips() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let mut reader = handle.reader().policy(Policy::BlockFor(SHORT)).open();
    for _ in 0..1000 {
        ring.write_all(LINE).unwrap();
    }
    assert_eq!(handle.stats().demotions, 1);
    drop(ring);
    let (mut delivered, mut missed) = (0, 0);
    while let Ok(batch) = reader.recv() {
        assert!(batch.records().all(|record| record.bytes() == LINE));
        delivered += batch.len() as u64;
        missed += batch.missed().records;
    }
    assert!(missed > 0);
    assert_eq!(delivered + missed, 1000);
}

#[test]
fn block_for_loses_nothing_if_the_sink_is_in_time() {
    let _watchdog = watchdog::minutes(5);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let sink = collected::Collected::default();
    let reader = handle.reader().policy(Policy::BlockFor(LONG));
    let reader = reader.spawn(sink.clone()).unwrap();
    for number in 0..WRITES {
        writeln!(ring, "{number}").unwrap();
    }
    drop(ring);
    reader.join().unwrap().unwrap();
    let expected: String = (0..WRITES).map(|number| format!("{number}\n")).collect();
    assert_eq!(sink.text(), expected);
    assert_eq!(handle.stats().demotions, 0);
}

#[test]
fn close_lets_every_writer_go_that_block_holds_up() {
    const WRITERS: u64 = 8;
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let (sink, release) = stuck::sink();
    let reader = handle.reader().policy(Policy::Block).spawn(sink).unwrap();
    ring.write_all(LINE).unwrap();
    release.wait_until_stuck();
    // That one is copied; from here on nothing makes room.
    let fit = 4096 / (LINE.len() as u64 + 16);
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let mut ring = ring.clone();
            thread::spawn(move || {
                loop {
                    let written = if writer % 2 == 0 {
                        ring.write_all(LINE)
                    } else {
                        // In parts.
                        ring.write_all(&[b'x'; 10_000])
                    };
                    if let Err(error) = written {
                        return error.kind();
                    }
                }
            })
        })
        .collect();
    // All but the last few bytes, too few for a part, are taken.
    while handle.stats().bytes < 2000 && handle.stats().written <= fit {
        thread::yield_now();
    }
    assert!(!handle.flush_timeout(SHORT));
    assert!(!handle.join_timeout(SHORT));
    handle.close();
    for writer in writers {
        assert_eq!(writer.join().unwrap(), ErrorKind::BrokenPipe);
    }
    // One refusal for each, and nobody was counted as refused for what it did get in.
    assert_eq!(handle.stats().refused, WRITERS);
    // The sink still hangs. Nobody has to wait for that.
    assert!(!handle.flush_timeout(SHORT));
    assert!(!handle.join_timeout(SHORT));
    drop(release);
    assert!(handle.join_timeout(LONG));
    reader.join().unwrap().unwrap();
}

#[test]
fn writers_are_let_go_in_the_order_in_which_they_came() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let mut reader = handle.reader().policy(Policy::Block).open();
    // Full to the byte.
    ring.write_all(&[b'x'; 4096 - 16]).unwrap();
    let long = {
        let mut ring = ring.clone();
        thread::spawn(move || ring.write_all(&[b'l'; 4096 - 16]).unwrap())
    };
    let shorts: Vec<_> = (0..4)
        .map(|_| {
            let mut ring = ring.clone();
            thread::spawn(move || {
                for _ in 0..1000 {
                    ring.write_all(b"short").unwrap();
                }
            })
        })
        .collect();
    // The long one needs the whole ring for itself; the short ones must not starve it.
    let (mut bytes, mut longs) = (0, 0);
    while bytes < 2 * (4096 - 16) + 4 * 1000 * 5 {
        for record in reader.recv().unwrap() {
            bytes += record.bytes().len();
            longs += usize::from(record.bytes()[0] == b'l');
        }
    }
    assert_eq!(longs, 1);
    long.join().unwrap();
    for short in shorts {
        short.join().unwrap();
    }
}
