//! A `Skip` reader of a small ring gets on although writers never pause.

use circular_core::{Batch, Handle, Ring};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

#[path = "common/watchdog.rs"]
mod watchdog;

/// How many batches with records it must get, one after the other.
const BATCHES: usize = 1000;

/// Runs `work` while two writers keep a ring of 4 KiB busy.
fn under_writers(work: impl FnOnce(&Handle)) {
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Relaxed);
        }
    }
    let ring = Ring::new(4096).unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for writer in 0..2 {
            let (mut ring, stop) = (&ring, &stop);
            scope.spawn(move || {
                let line = [b'a' + writer; 100];
                while !stop.load(Relaxed) {
                    ring.write_all(&line).unwrap();
                }
            });
        }
        // When an assertion fails too.
        let _stop = Stop(&stop);
        work(&ring.handle());
    });
}

/// Counts the batches that have records, and checks that each goes on where the one before ended.
#[derive(Default)]
struct Checked {
    next: Option<u64>,
    batches: usize,
}

impl Checked {
    fn batch(&mut self, batch: Batch<'_>) {
        self.next = self.next.map(|next| next + batch.missed().records);
        self.batches += usize::from(!batch.is_empty());
        for record in batch {
            assert_eq!(record.seq(), self.next.unwrap_or(record.seq()));
            self.next = Some(record.seq() + 1);
            // Of one writer or the other, and nothing in between.
            let first = record.bytes()[0];
            assert_eq!(record.bytes(), [first; 100]);
        }
    }
}

#[test]
fn one_that_waits_on_a_thread() {
    let _watchdog = watchdog::minutes(5);
    under_writers(|handle| {
        let (mut reader, mut checked) = (handle.reader().open(), Checked::default());
        while checked.batches < BATCHES {
            checked.batch(reader.recv().unwrap());
        }
    });
}

#[test]
fn one_that_waits_as_a_task() {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let _watchdog = watchdog::minutes(5);
    under_writers(|handle| {
        let (mut reader, mut checked) = (handle.reader().open_async().unwrap(), Checked::default());
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        while checked.batches < BATCHES {
            match reader.poll_recv(&mut context) {
                Poll::Ready(batch) => checked.batch(batch.unwrap()),
                Poll::Pending => thread::park(),
            }
        }
    });
}

#[test]
fn one_with_a_sink() {
    /// Ends its reader when it has had enough.
    struct Enough(usize);
    impl Write for Enough {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += usize::from(bytes.contains(&b'a') || bytes.contains(&b'b'));
            if self.0 > BATCHES {
                return Err(io::Error::other("enough"));
            }
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let _watchdog = watchdog::minutes(5);
    under_writers(|handle| {
        let error = handle.reader().write_to(Enough(0)).unwrap_err();
        assert_eq!(error.to_string(), "enough");
    });
}

#[test]
fn snapshots_and_new_readers_too() {
    let _watchdog = watchdog::minutes(5);
    under_writers(|handle| {
        let mut found = 0;
        while found < BATCHES {
            let snapshot = handle.snapshot();
            found += usize::from(!snapshot.is_empty());
            let seqs: Vec<_> = snapshot.records().map(|record| record.seq()).collect();
            assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]));
            for record in &snapshot {
                assert_eq!(record.bytes(), [record.bytes()[0]; 100]);
            }
        }
        for _ in 0..BATCHES {
            let mut reader = handle.reader().open();
            let mut checked = Checked::default();
            while checked.batches == 0 {
                checked.batch(reader.recv().unwrap());
            }
        }
    });
}
