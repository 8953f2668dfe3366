//! When a ring closes, and what still works then.

use circular_core::{Missed, Policy, RecvTimeoutError, Ring, Start, TryRecvError};
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

#[path = "common/collected.rs"]
mod collected;
#[path = "common/stuck.rs"]
mod stuck;
#[path = "common/watchdog.rs"]
mod watchdog;

use collected::Collected;

/// For calls that must come back without having got what they wait for.
const SHORT: Duration = Duration::from_millis(20);
/// Long enough that nobody waits for it to be over.
const LONG: Duration = Duration::from_secs(3600);

#[test]
fn dropping_the_last_ring_closes_it() {
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let clone = ring.clone();
    let other_handle = handle.clone();
    drop(ring);
    assert!(!handle.is_closed(), "a clone is left");
    drop(clone);
    assert!(handle.is_closed());
    // Handles do not keep it open.
    assert!(other_handle.is_closed());
}

#[test]
fn a_writer_that_waits_is_let_go_by_close() {
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let unread = handle.reader().policy(Policy::Block).open();
    let writer = thread::spawn(move || {
        let mut ring = ring;
        let mut written = 0;
        while ring.write_all(&[b'x'; 100]).is_ok() {
            written += 1;
        }
        written
    });
    // 120 bytes each: the ring is full.
    while handle.stats().written < 34 {
        thread::yield_now();
    }
    handle.close();
    assert_eq!(writer.join().unwrap(), 34);
    assert_eq!(handle.stats().refused, 1);
    drop(unread);
}

#[test]
fn after_close_readers_get_what_is_left_and_then_the_end() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let mut reader = handle.reader().open();
    assert_eq!(reader.try_recv().unwrap_err(), TryRecvError::Empty);
    let timed_out = reader.recv_timeout(SHORT).unwrap_err();
    assert_eq!(timed_out, RecvTimeoutError::Timeout);
    ring.write_all(b"left").unwrap();
    drop(ring);
    assert_eq!(reader.recv_timeout(LONG).unwrap().bytes(), b"left");
    assert!(reader.recv().is_err());
    assert_eq!(reader.try_recv().unwrap_err(), TryRecvError::Closed);
    let closed = reader.recv_timeout(LONG).unwrap_err();
    assert_eq!(closed, RecvTimeoutError::Closed);
    // One that has had everything does not hold `join_timeout` up, dropped or not.
    assert!(handle.join_timeout(Duration::ZERO));
}

#[test]
fn what_is_held_outlives_the_ring() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    writeln!(ring, "one").unwrap();
    writeln!(ring, "two").unwrap();
    drop(ring);
    for _ in 0..2 {
        assert_eq!(handle.snapshot().bytes(), b"one\ntwo\n");
        assert_eq!(handle.snapshot().into_bytes(), b"one\ntwo\n");
        let mut late = handle.reader().open();
        assert_eq!(late.recv().unwrap().bytes(), b"one\ntwo\n");
        assert!(late.recv().is_err());
        let sink = Collected::default();
        assert_eq!(handle.write_to(sink.clone()).unwrap(), 8);
        assert_eq!(sink.text(), "one\ntwo\n");
    }
    assert_eq!(handle.stats().written, 2);
}

#[test]
fn write_to_returns_at_close_with_everything_written_and_flushed() {
    /// Takes note of what it has when it is flushed.
    struct Flushed(Collected, Vec<u8>);
    impl Write for Flushed {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.0.write_all(&std::mem::take(&mut self.1))
        }
    }
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let collected = Collected::default();
    let sink = Flushed(collected.clone(), Vec::new());
    let writer = thread::spawn({
        let handle = handle.clone();
        move || {
            // What is overwritten before the reader has joined is not its own.
            while handle.stats().readers.is_empty() {
                thread::yield_now();
            }
            for number in 0..10_000 {
                writeln!(&ring, "{number}").unwrap();
            }
        }
    });
    let bytes = handle.write_to(sink).unwrap();
    writer.join().unwrap();
    let expected: String = (0..10_000).map(|number| format!("{number}\n")).collect();
    assert_eq!(collected.text(), expected);
    assert_eq!(bytes, expected.len() as u64);
}

#[test]
fn join_waits_for_every_reader() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    assert!(handle.join_timeout(Duration::ZERO), "there is none");
    let (sink, release) = stuck::sink();
    let stuck = handle.reader().spawn(sink).unwrap();
    let open = handle.reader().open();
    ring.write_all(b"x").unwrap();
    release.wait_until_stuck();
    handle.close();
    assert!(!handle.join_timeout(SHORT), "neither has ended");
    drop(open);
    assert!(!handle.join_timeout(SHORT), "its sink hangs");
    drop(release);
    assert!(handle.join_timeout(LONG));
    stuck.join().unwrap().unwrap();
    assert!(handle.stats().readers.is_empty());
}

#[test]
fn closing_at_the_same_moment_from_everywhere_does_no_harm() {
    let _watchdog = watchdog::minutes(2);
    for _ in 0..200 {
        let ring = Ring::new(4096).unwrap();
        let handle = ring.handle();
        let reader = handle.reader().policy(Policy::Block);
        let reader = reader.spawn(io::sink()).unwrap();
        let written = thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| handle.close());
            }
            let writers: Vec<_> = (0..2)
                .map(|_| {
                    let mut ring = ring.clone();
                    scope.spawn(move || (0..100).filter(|_| ring.write_all(b"x").is_ok()).count())
                })
                .collect();
            drop(ring);
            let written = writers.into_iter().map(|writer| writer.join().unwrap());
            written.sum::<usize>()
        });
        // Exactly what was accepted was delivered.
        assert_eq!(reader.join().unwrap().unwrap(), written as u64);
        let stats = handle.stats();
        assert_eq!(
            (stats.written, stats.refused),
            (written as u64, 200 - written as u64)
        );
    }
}

#[test]
fn statistics_tell_each_reader_and_its_lag() {
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let mut quick = handle.reader().open();
    let slow = handle.reader().policy(Policy::Block).open();
    for _ in 0..10 {
        ring.write_all(b"12345").unwrap();
    }
    quick.recv().unwrap();
    let stats = handle.stats();
    assert_eq!((stats.written, stats.bytes), (10, 50));
    assert_eq!(stats.overwritten, 0);
    let lags: Vec<_> = stats
        .readers
        .iter()
        .map(|reader| {
            (
                reader.id,
                reader.policy,
                reader.lag_records,
                reader.lag_bytes,
            )
        })
        .collect();
    assert_eq!(lags, [(0, Policy::Skip, 0, 0), (1, Policy::Block, 10, 50)]);
    drop(slow);
    let third = handle.reader().open();
    let ids: Vec<_> = handle.stats().readers.iter().map(|r| r.id).collect();
    assert!(
        ids.contains(&0) && ids.contains(&2) && ids.len() == 2,
        "{ids:?}"
    );
    drop(third);
}

#[test]
fn what_readers_missed_that_have_left_is_in_the_statistics() {
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let cursor = handle.cursor();
    let mut expected = Missed::default();
    assert_eq!(handle.stats().missed, expected);
    let mut stays = handle.reader().open();
    for _ in 0..3 {
        let mut leaves = handle.reader().open();
        for _ in 0..1000 {
            ring.write_all(b"12345").unwrap();
        }
        leaves.recv().unwrap();
        assert!(!leaves.missed().is_empty());
        expected += leaves.missed();
        assert_eq!(handle.stats().missed, expected, "it is still there");
        drop(leaves);
        assert_eq!(handle.stats().missed, expected, "it has left");
    }
    // One that takes nothing has missed what was gone when it joined.
    let takes_nothing = handle.reader().start(Start::After(cursor)).open();
    assert!(!takes_nothing.missed().is_empty());
    expected += takes_nothing.missed();
    drop(takes_nothing);
    stays.recv().unwrap();
    expected += stays.missed();
    assert_eq!(handle.stats().missed, expected);
    assert_eq!(handle.stats().readers.len(), 1);
}
