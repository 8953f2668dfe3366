//! Readers that wait as tasks, without any runtime.

use circular_core::{Closed, Level, Meta, Policy, Ring, Start, TryRecvError};
use std::future::Future;
use std::io::{ErrorKind, Write};
use std::pin::pin;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

#[path = "common/block_on.rs"]
mod block_on;
#[path = "common/wakers.rs"]
mod wakers;
#[path = "common/watchdog.rs"]
mod watchdog;

use block_on::block_on;
use wakers::{counting, pending};

fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

#[test]
fn it_knows_whether_a_batch_was_all_there_was() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(1 << 20).unwrap();
    let mut reader = ring.handle().reader().open_async().unwrap();
    assert!(!reader.has_more());
    for number in 0..10_000 {
        writeln!(ring, "{number}").unwrap();
    }
    let mut received = 0;
    loop {
        received += reader.try_recv().unwrap().len();
        assert_eq!(reader.has_more(), received < 10_000);
        if !reader.has_more() {
            break;
        }
    }
    assert_eq!(received, 10_000);
    // What comes afterwards was not there.
    writeln!(ring, "more").unwrap();
    assert!(!reader.has_more());
    assert_eq!(reader.try_recv().unwrap().bytes(), b"more\n");
}

#[test]
fn it_gets_what_is_held_and_what_follows_and_the_end() {
    let _watchdog = watchdog::minutes(5);
    let mut ring = Ring::new(1 << 20).unwrap();
    let mut reader = ring.handle().reader().open_async().unwrap();
    writeln!(ring, "0").unwrap();
    let writer = thread::spawn(move || {
        for number in 1..20_000 {
            writeln!(ring, "{number}").unwrap();
        }
    });
    block_on(async {
        let mut next = 0;
        while let Ok(batch) = reader.recv().await {
            next += batch.missed().records;
            for record in batch {
                assert_eq!(record.seq(), next);
                assert_eq!(record.bytes(), format!("{next}\n").as_bytes());
                next += 1;
            }
        }
        assert_eq!(next, 20_000);
        // It stays at its end.
        assert_eq!(reader.recv().await.unwrap_err(), Closed);
    });
    writer.join().unwrap();
}

#[test]
fn every_record_wakes_it() {
    let _watchdog = watchdog::minutes(5);
    let mut ring = Ring::new(4096).unwrap();
    let mut reader = ring.handle().reader().open_async().unwrap();
    let (tell, told) = mpsc::channel();
    let task = thread::spawn(move || {
        block_on(async {
            while let Ok(batch) = reader.recv().await {
                tell.send(batch.len()).unwrap();
            }
        });
    });
    // The next is written only when the one before was received.
    for _ in 0..1000 {
        ring.write_all(b"x").unwrap();
        assert_eq!(told.recv(), Ok(1));
    }
    drop(ring);
    task.join().unwrap();
}

#[test]
fn dropping_a_call_loses_nothing() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let mut reader = ring.handle().reader().open_async().unwrap();
    for number in 0..100_u64 {
        // Never polled, polled while there is nothing, and polled again with another waker.
        drop(reader.recv());
        for _ in 0..2 {
            let mut call = pin!(reader.recv());
            assert!(call.as_mut().poll(&mut context()).is_pending());
        }
        ring.write_all(b"x").unwrap();
        // Made when there is something, but never polled.
        drop(reader.recv());
        let batch = block_on(reader.recv()).unwrap();
        assert_eq!(batch.records().next().unwrap().seq(), number);
        assert_eq!(batch.len(), 1);
    }
}

#[test]
fn a_reader_that_moves_to_another_task_is_woken_there() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let mut reader = pending(&ring, Waker::noop());
    let task = thread::spawn(move || block_on(reader.recv()).map(|batch| batch.bytes().to_vec()));
    ring.write_all(b"x").unwrap();
    assert_eq!(task.join().unwrap(), Ok(b"x".to_vec()));
}

#[test]
fn it_must_not_hold_writers_back_for_ever() {
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let refused = handle
        .reader()
        .policy(Policy::Block)
        .open_async()
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert!(refused.to_string().contains("Policy::Skip"), "{refused}");
    assert!(handle.stats().readers.is_empty(), "it has not joined");
    let patience = Policy::BlockFor(Duration::from_secs(3600));
    let mut reader = handle.reader().policy(patience).open_async().unwrap();
    (&ring).write_all(b"x").unwrap();
    assert!(!handle.flush_timeout(Duration::ZERO));
    assert_eq!(block_on(reader.recv()).unwrap().bytes(), b"x");
    // Done when the next is asked for.
    assert!(!handle.flush_timeout(Duration::ZERO));
    assert!(reader.poll_recv(&mut context()).is_pending());
    assert!(handle.flush_timeout(Duration::ZERO));
}

#[test]
fn it_is_told_what_it_missed_and_where_it_is() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let mut reader = ring.handle().reader().open_async().unwrap();
    for _ in 0..1000 {
        ring.write_all(&[b'x'; 100]).unwrap();
    }
    let batch = block_on(reader.recv()).unwrap();
    let missed = batch.missed();
    let first = batch.records().next().unwrap().seq();
    assert_eq!((missed.records, missed.bytes), (first, first * 100));
    let next = first + batch.len() as u64;
    assert_eq!(reader.missed(), missed);
    assert!(!reader.restarted());
    let after = circular_core::Start::After(reader.cursor());
    let mut other = ring.handle().reader().start(after).open();
    let batch = other.recv().unwrap();
    assert_eq!(batch.records().next().unwrap().seq(), next);
}

/// It has a thread that others want too, and must not keep it while writers give it more to leave out.
#[test]
fn a_task_for_which_nothing_is_written_returns_though_writers_never_pause() {
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(1 << 16).unwrap();
    let reader = ring.handle().reader().at_least(Level::Error);
    let mut reader = reader.open_async().unwrap();
    let (task, woken) = counting();
    let waker = Waker::from(task);
    let mut context = Context::from_waker(&waker);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Relaxed) {
                    let meta = Meta::new().level(Level::Info);
                    ring.record(meta, b"not for it").unwrap();
                }
            });
        }
        for _ in 0..1000 {
            match reader.poll_recv(&mut context) {
                // Told what it missed.
                Poll::Ready(batch) => assert_eq!(batch.unwrap().records().count(), 0),
                Poll::Pending => woken.recv().unwrap(),
            }
        }
        stop.store(true, Relaxed);
    });
    let meta = Meta::new().level(Level::Error);
    ring.record(meta, b"for it").unwrap();
    loop {
        if let Poll::Ready(batch) = reader.poll_recv(&mut context) {
            if let Some(record) = batch.unwrap().records().next() {
                assert_eq!(record.bytes(), b"for it");
                break;
            }
        } else {
            woken.recv().unwrap();
        }
    }
}

#[cfg(feature = "futures")]
mod stream {
    use super::*;
    use circular_core::{AsyncReader, Notice};
    use futures_core::Stream;
    use std::future::poll_fn;
    use std::pin::Pin;

    /// All items, until the stream ends.
    fn collect(mut stream: AsyncReader) -> String {
        let mut all = String::new();
        block_on(async {
            while let Some(bytes) = poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await {
                assert!(!bytes.is_empty());
                all.push_str(std::str::from_utf8(&bytes).unwrap());
            }
            // It stays at its end.
            assert_eq!(
                poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await,
                None
            );
        });
        all
    }

    #[test]
    fn it_ends_when_the_ring_closes() {
        let _watchdog = watchdog::minutes(2);
        let ring = Ring::new(1 << 20).unwrap();
        let stream = ring.handle().reader().open_async().unwrap();
        let writer = thread::spawn(move || {
            for number in 0..1000 {
                writeln!(&ring, "{number}").unwrap();
            }
        });
        let expected: String = (0..1000).map(|number| format!("{number}\n")).collect();
        assert_eq!(collect(stream), expected);
        writer.join().unwrap();
    }

    #[test]
    fn it_tells_a_loss_in_a_line_of_its_own() {
        let _watchdog = watchdog::minutes(2);
        for (notice, begin, middle) in [
            (
                Notice::Text,
                "\n--- missed ",
                " bytes): reader too slow ---\nline",
            ),
            (Notice::Json, "\n{\"missed\":{\"records\":", "}}\nline"),
            (Notice::None, "line", "\nline"),
        ] {
            let mut ring = Ring::new(4096).unwrap();
            let mut stream = ring.handle().reader().notice(notice).open_async().unwrap();
            ring.write_all(b"no line end").unwrap();
            let first = poll_fn(|cx| Pin::new(&mut stream).poll_next(cx));
            assert_eq!(block_on(first).unwrap(), b"no line end");
            for number in 0..1000 {
                writeln!(ring, "line {number}").unwrap();
            }
            drop(ring);
            let rest = collect(stream);
            assert!(rest.starts_with(begin), "{rest}");
            assert!(
                rest.contains(middle) && rest.ends_with("line 999\n"),
                "{rest}"
            );
        }
    }

    /// All that is left is below its level, and of the loss nothing is to be told.
    #[test]
    fn a_loss_that_is_not_told_is_no_item_and_keeps_nobody_asleep() {
        let _watchdog = watchdog::minutes(2);
        let ring = Ring::new(4096).unwrap();
        let reader = ring.handle().reader().at_least(Level::Error);
        let mut stream = reader.notice(Notice::None).open_async().unwrap();
        let record = |level, text: &str| {
            let meta = Meta::new().level(level);
            ring.record(meta, text.as_bytes()).unwrap();
        };
        (0..1000).for_each(|_| record(Level::Info, "not for it"));
        let (task, woken) = counting();
        let waker = Waker::from(task);
        let mut context = Context::from_waker(&waker);
        assert!(Pin::new(&mut stream).poll_next(&mut context).is_pending());
        assert!(stream.missed().records > 0);
        // Whoever wakes it, now or when it has something, it is woken until it says so.
        record(Level::Error, "for it");
        let item = loop {
            woken.recv().unwrap();
            if let Poll::Ready(item) = Pin::new(&mut stream).poll_next(&mut context) {
                break item;
            }
        };
        assert_eq!(item.unwrap(), b"for it");
    }

    #[test]
    fn it_tells_that_it_restarted_even_while_there_is_nothing() {
        let foreign = Ring::new(4096).unwrap().handle().reader().open().cursor();
        let ring = Ring::new(4096).unwrap();
        let reader = ring.handle().reader().start(Start::After(foreign));
        let mut stream = reader.open_async().unwrap();
        let told = block_on(poll_fn(|cx| Pin::new(&mut stream).poll_next(cx))).unwrap();
        assert!(told.starts_with(b"--- restarted: "));
        assert!(Pin::new(&mut stream).poll_next(&mut context()).is_pending());
        (&ring).write_all(b"x").unwrap();
        drop(ring);
        assert_eq!(collect(stream), "x");
    }
}

#[test]
fn a_batch_can_be_gone_through_in_steps_and_left_in_its_midst() {
    let ring = Ring::new(1 << 16).unwrap();
    let handle = ring.handle();
    let mut reader = handle.reader().open_async().unwrap();
    assert_eq!(reader.try_recv().unwrap_err(), TryRecvError::Empty);
    assert!(reader.batch().is_empty());
    for number in 0..10 {
        ring.record(
            Meta::new(),
            format!("{number}\n").repeat(number + 1).as_bytes(),
        )
        .unwrap();
    }
    assert_eq!(reader.try_recv().unwrap().len(), 10);
    let all: Vec<_> = handle.reader().open().recv().unwrap().bytes().to_vec();
    let batch = reader.batch();
    assert_eq!(batch.bytes(), all);
    let mut seen = 0;
    for (index, record) in batch.records().enumerate() {
        assert_eq!(batch.records().nth(index).unwrap().seq(), record.seq());
        let cursor = batch.cursor_before(index);
        assert_eq!((cursor.seq(), cursor.bytes()), (index as u64, Some(seen)));
        let seen_before = seen;
        seen += record.bytes().len() as u64;
        let mut other = handle.reader().start(Start::After(cursor)).open();
        assert_eq!(
            other.recv().unwrap().bytes(),
            &batch.bytes()[usize::try_from(seen_before).unwrap()..]
        );
    }
    assert_eq!(batch.cursor_before(10), reader.cursor());
    assert_eq!(batch.cursor_before(99), reader.cursor());
    assert!(batch.records().nth(10).is_none() && batch.records().nth(usize::MAX).is_none());
    handle.close();
    assert_eq!(reader.try_recv().unwrap_err(), TryRecvError::Closed);
}

#[test]
fn a_cursor_among_filtered_records_has_no_bytes_and_is_as_good() {
    let ring = Ring::new(1 << 16).unwrap();
    let handle = ring.handle();
    for number in 0..6 {
        let level = if number % 2 == 0 {
            Level::Info
        } else {
            Level::Debug
        };
        ring.record(Meta::new().level(level), format!("{number}\n").as_bytes())
            .unwrap();
    }
    let mut reader = handle.reader().at_least(Level::Info).open_async().unwrap();
    let cursor = reader.try_recv().unwrap().cursor_before(1);
    assert_eq!((cursor.seq(), cursor.bytes()), (2, None));
    let mut other = handle.reader().start(Start::After(cursor)).open();
    assert_eq!(other.recv().unwrap().bytes(), b"2\n3\n4\n5\n");
    // What is gone is counted, but for its bytes.
    for _ in 0..10_000 {
        ring.record(Meta::new(), b"more\n").unwrap();
    }
    let mut late = handle.reader().start(Start::After(cursor)).open();
    let batch = late.recv().unwrap();
    let first = batch.records().next().unwrap().seq();
    assert_eq!(
        (batch.missed().records, batch.missed().bytes),
        (first - 2, 0)
    );
}
