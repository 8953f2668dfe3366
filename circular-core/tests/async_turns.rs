//! A task gives way: others that share its thread have their turn, however much there is for it.

use circular_core::{AsyncReader, Level, Meta, Ring};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Context, Poll, Wake, Waker};

/// Counts how often it is woken.
#[derive(Default)]
struct Counting(AtomicU64);

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn counting() -> (Arc<Counting>, Waker) {
    let task = Arc::new(Counting::default());
    (Arc::clone(&task), Waker::from(task))
}

/// How often it is polled, with `before` before each, until it gives way.
fn polls_until_pending(reader: &mut AsyncReader, waker: &Waker, mut before: impl FnMut()) -> usize {
    let mut context = Context::from_waker(waker);
    (1..=10_000)
        .find(|_| {
            before();
            reader.poll_recv(&mut context).is_pending()
        })
        .expect("it never gave way")
}

/// As tokio tests its channels: one that always finds something must let others have their turn.
#[test]
fn a_task_that_always_finds_something_gives_way_and_is_woken() {
    let ring = Ring::new(1 << 20).unwrap();
    let mut reader = ring.handle().reader().open_async().unwrap();
    let (task, waker) = counting();
    let write = || (&ring).write_all(b"one more\n").unwrap();
    for round in 1..=3 {
        let polls = polls_until_pending(&mut reader, &waker, write);
        // What tokio gives each of its own.
        assert!(polls <= 129, "{polls} in one turn");
        // By itself, and at once: the record that it has not taken yet is all that there is.
        assert_eq!(task.0.load(SeqCst), round);
    }
    // Nothing is lost by it.
    let batch = reader.try_recv().unwrap();
    assert!(batch.missed().is_empty());
    assert_eq!(batch.cursor_before(99).seq(), ring.handle().stats().written);
}

/// A batch may be hundreds of records.
#[test]
fn a_task_that_catches_up_gives_way_more_often_if_it_gets_more_at_once() {
    let ring = Ring::new(4 << 20).unwrap();
    let mut reader = ring.handle().reader().open_async().unwrap();
    for _ in 0..40_000 {
        (&ring).write_all(b"a line of a log\n").unwrap();
    }
    let (task, waker) = counting();
    let mut context = Context::from_waker(&waker);
    let (mut in_this_turn, mut received) = (0, 0);
    while received < 40_000 {
        match reader.poll_recv(&mut context) {
            Poll::Ready(batch) => {
                let count = batch.unwrap().len();
                received += count;
                in_this_turn += count;
            }
            Poll::Pending => {
                assert!(reader.batch().is_empty(), "that is done with");
                in_this_turn = 0;
            }
        }
        assert!(in_this_turn < 2000, "{in_this_turn} in one turn");
    }
    assert!(task.0.load(SeqCst) > 10);
}

/// What is filtered out is work too, though it gives nothing.
#[test]
fn a_task_that_filters_everything_out_gives_way_in_the_midst() {
    let ring = Ring::new(8 << 20).unwrap();
    let info = Meta::new().level(Level::Info);
    for _ in 0..100_000 {
        ring.record(info, b"not for it\n").unwrap();
    }
    let reader = ring.handle().reader().at_least(Level::Error);
    let mut reader = reader.open_async().unwrap();
    let (task, waker) = counting();
    let mut context = Context::from_waker(&waker);
    let (mut turns, mut before) = (0, 0);
    while before < 100_000 {
        assert!(reader.poll_recv(&mut context).is_pending());
        let now = reader.cursor().seq();
        assert!(now - before <= 10_000, "{} in one turn", now - before);
        assert!(now > before, "it gets on");
        before = now;
        turns += 1;
        // Woken for as long as there is more.
        if now < 100_000 {
            assert_eq!(task.0.load(SeqCst), turns);
        }
    }
}

/// The same as a stream of bytes.
#[cfg(feature = "futures")]
#[test]
fn a_stream_gives_way_too() {
    use futures_core::Stream;
    let ring = Ring::new(1 << 20).unwrap();
    let mut stream = ring.handle().reader().open_async().unwrap();
    let (task, waker) = counting();
    let mut context = Context::from_waker(&waker);
    let mut poll = || {
        (&ring).write_all(b"one more\n").unwrap();
        std::pin::Pin::new(&mut stream).poll_next(&mut context)
    };
    let polls = (1..10_000).find(|_| poll().is_pending());
    assert!(polls.is_some_and(|polls| polls <= 129), "{polls:?}");
    assert_eq!(task.0.load(SeqCst), 1);
    let Poll::Ready(Some(both)) = poll() else {
        panic!("there is more");
    };
    assert_eq!(both, b"one more\none more\n");
}
