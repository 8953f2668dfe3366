//! A lossless sink that is there from the first record to the last: what a flush waits for, it must
//! have flushed.

use crate::checker::Checker;
use crate::round::Round;
use circular_core::Policy;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

pub(crate) struct Steady {
    flushed: Arc<AtomicU64>,
    thread: JoinHandle<io::Result<u64>>,
    checker: Receiver<Checker>,
}

struct Sink {
    /// Always there, until it is sent back.
    checker: Option<Checker>,
    taken: u64,
    flushed: Arc<AtomicU64>,
    moves: Arc<AtomicU64>,
    back: Sender<Checker>,
}

impl Steady {
    /// Nobody has written to the ring yet.
    pub(crate) fn start(round: &Round) -> Self {
        let flushed = Arc::new(AtomicU64::new(0));
        let (back, checker) = mpsc::channel();
        let sink = Sink {
            checker: Some(Checker::new(true, None, true)),
            taken: 0,
            flushed: Arc::clone(&flushed),
            moves: Arc::clone(&round.moves),
            back,
        };
        let reader = round.handle.reader().policy(Policy::Block);
        Self {
            flushed,
            thread: reader.spawn(sink).expect("a thread"),
            checker,
        }
    }

    /// A flush has returned, and so many bytes had been written before it was called.
    pub(crate) fn check_flushed(&self, written: u64) {
        check_flushed(&self.flushed, written);
    }

    /// The ring is closed, and everybody has ended.
    pub(crate) fn finish(self, round: &Round) {
        let Self {
            flushed,
            thread,
            checker,
        } = self;
        let taken = thread.join().expect("no panic gets this far");
        let mut checker = checker.recv().expect("the sink was dropped");
        let stats = round.handle.stats();
        assert!(taken.expect("it never fails") >= checker.delivered);
        let had = checker.delivered + checker.missed.bytes;
        let exact = had - checker.doubtful <= stats.bytes && stats.bytes <= had;
        assert!(exact, "the steady sink got {had} of {}", stats.bytes);
        assert!(
            checker.missed.is_empty() || stats.overtakes > 0,
            "it was not waited for"
        );
        check_flushed(&flushed, stats.bytes);
        checker.finish(&round.ledger);
    }
}

fn check_flushed(flushed: &AtomicU64, written: u64) {
    let flushed = flushed.load(Relaxed);
    assert!(flushed >= written, "flushed {flushed} of {written}");
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(checker) = &mut self.checker {
            checker.take(bytes);
            self.taken = checker.delivered + checker.missed.bytes;
        }
        self.moves.fetch_add(1, Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed.store(self.taken, Relaxed);
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if let Some(checker) = self.checker.take() {
            // Nobody waits for it if the program ends.
            let _ = self.back.send(checker);
        }
    }
}
