//! A sink whose flush is expensive, flushed once in a while.
//!
//! Invariant: what was written is flushed at most the delay later, whether or not a flush is asked for,
//! and a flush that was asked for is done by then too, whether or not anything is written meanwhile. A
//! thread sees to that; it starts with the first write or flush that leaves something to do, and ends
//! with the wrapper.

use crate::sink::deferred_flush;
use crate::sink::feed::NOT_READY;
use crate::sys::fork::Generation;
use crate::sys::no_wait::NoWait;
use crate::sys::sync::{Condvar, Mutex, MutexGuard};
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::mem;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// As good as for ever, and a time that can be counted with: 30 years.
const LONGEST: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// A sink that is flushed at most once in a while, for one whose flush is expensive: a compressor, a
/// network connection, a file on a slow disk.
///
/// A flush is passed on if the one before is at least `delay` ago, and else put off until it is. What
/// was written is flushed at most `delay` later, by a thread of the wrapper's, though writers may never
/// pause and nobody may ask for a flush: so what a compressor holds back is bounded in time. An error of
/// such a flush is returned by the next write or flush. Dropping the wrapper does what is still put off.
///
/// What a [`Handle::flush`](crate::Handle::flush) waits for is never put off, and neither is the last
/// flush when the ring is closed: so a wrapper around this one must pass each flush on when it gets it.
///
/// ```no_run
/// use circular_core::{ThrottledFlush, Policy, Ring};
/// use std::fs::File;
/// use std::io::BufWriter;
/// use std::time::Duration;
///
/// let ring = Ring::new(1 << 20)?;
/// let file = BufWriter::new(File::create("service.log")?);
/// // The file is to be complete, so writers wait for it.
/// let reader = ring.handle().reader().policy(Policy::Block);
/// reader.spawn(ThrottledFlush::new(file, Duration::from_secs(1)))?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// In a forked child it is dead, as the rings are: a write fails, and the sink is left alone.
pub struct ThrottledFlush<W: Write + Send + 'static> {
    generation: Generation,
    shared: Arc<Shared<W>>,
    delay: Duration,
    thread: Option<JoinHandle<()>>,
}

struct Shared<W> {
    state: Mutex<State<W>>,
    /// Notified when a flush is put off, and when the wrapper goes.
    changed: Condvar,
}

struct State<W> {
    sink: W,
    /// When the sink was flushed last.
    flushed: Option<Instant>,
    /// When the flush that was put off is due.
    due: Option<Instant>,
    /// Why that failed.
    error: Option<io::Error>,
    /// The sink is in a call, or has panicked in one: then it gets no other.
    in_call: bool,
    ends: bool,
}

impl<W: Write + Send + 'static> ThrottledFlush<W> {
    /// Wraps `sink` so that two flushes are at least `delay` apart, unless one must not wait.
    pub fn new(sink: W, delay: Duration) -> Self {
        let state = State {
            sink,
            flushed: None,
            due: None,
            error: None,
            in_call: false,
            ends: false,
        };
        let shared = Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
        };
        Self {
            generation: Generation::current(),
            shared: Arc::new(shared),
            delay: delay.min(LONGEST),
            thread: None,
        }
    }

    fn refuse_in_a_forked_child(&self) -> io::Result<()> {
        if self.generation.is_past() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    }

    /// Has done what is due when it is due.
    fn start_or_flush(&mut self) -> io::Result<()> {
        if self.start().is_err() {
            // Too early is better than never.
            return self.shared.lock()?.flush();
        }
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Starts the thread that does what is put off, if there is none.
    fn start(&mut self) -> io::Result<()> {
        if self.thread.as_ref().is_none_or(JoinHandle::is_finished) {
            let shared = Arc::clone(&self.shared);
            let builder = thread::Builder::new().name("circular-flush".into());
            self.thread = Some(builder.spawn(move || {
                // To the end of the thread, and of the variables that a sink has left in it.
                mem::forget(NoWait::enter());
                shared.flush_when_due();
            })?);
        }
        Ok(())
    }
}

impl<W: Write> Shared<W> {
    fn flush_when_due(&self) {
        let mut state = self.state.lock();
        while !state.ends {
            match state.due {
                Some(due) if due <= Instant::now() => state.flush_late(),
                due => self.changed.wait(&mut state, due),
            }
        }
    }

    /// The lock, or the error of a flush that was put off.
    fn lock(&self) -> io::Result<MutexGuard<'_, State<W>>> {
        let mut state = self.state.lock();
        if state.in_call {
            return Err(io::Error::other("the sink has panicked in a flush"));
        }
        match mem::take(&mut state.error) {
            Some(error) => Err(error),
            None => Ok(state),
        }
    }
}

impl<W: Write> State<W> {
    /// Does what was put off. An error is for the next who asks, but a sink that is not ready is asked
    /// again.
    fn flush_late(&mut self) {
        match self.flush() {
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                self.due = Instant::now().checked_add(NOT_READY);
            }
            flushed => self.error = flushed.err(),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let _no_wait = NoWait::enter();
        self.due = None;
        self.flushed = Some(Instant::now());
        self.call(W::flush)
    }

    fn call<R>(&mut self, call: impl FnOnce(&mut W) -> R) -> R {
        self.in_call = true;
        let done = call(&mut self.sink);
        self.in_call = false;
        done
    }
}

impl<W: Write + Send + 'static> Write for ThrottledFlush<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.refuse_in_a_forked_child()?;
        let mut state = self.shared.lock()?;
        let taken = state.call(|sink| sink.write(bytes))?;
        if state.due.is_none() {
            // A reader whose writers never pause has never had everything, and does not flush.
            state.due = Instant::now().checked_add(self.delay);
            drop(state);
            if let Err(error) = self.start_or_flush() {
                // Not now: what was taken would be written a second time.
                self.shared.state.lock().error = Some(error);
            }
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.refuse_in_a_forked_child()?;
        {
            let mut state = self.shared.lock()?;
            // Without a flush before there is nothing to wait for.
            let due = state
                .flushed
                .and_then(|flushed| flushed.checked_add(self.delay));
            match due {
                Some(due) if Instant::now() < due && deferred_flush::try_defer() => {
                    state.due = Some(due)
                }
                _ => return state.flush(),
            }
        }
        self.start_or_flush()
    }
}

impl<W: Write + Send + 'static> Drop for ThrottledFlush<W> {
    fn drop(&mut self) {
        if self.generation.is_past() {
            // The thread is not here, the lock may be held for ever, and what the sink has buffered is
            // the parent's to write.
            mem::forget(self.thread.take());
            mem::forget(Arc::clone(&self.shared));
            return;
        }
        let mut state = self.shared.state.lock();
        state.ends = true;
        if state.due.is_some() && !state.in_call {
            // Nobody is left to tell of an error.
            let _ = state.flush();
        }
        drop(state);
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // It holds the sink until it has ended.
            let _ = thread.join();
        }
    }
}

impl<W: Write + Send + 'static> fmt::Debug for ThrottledFlush<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThrottledFlush")
            .field("delay", &self.delay)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{RecvTimeoutError, Sender, channel};

    /// Tells of each flush; fails from the second one on.
    struct Sink(Sender<()>, bool);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            let _ = self.0.send(());
            if mem::replace(&mut self.1, true) {
                return Err(io::Error::other("no room"));
            }
            Ok(())
        }
    }

    #[test]
    fn a_flush_that_is_put_off_is_done_and_its_error_told() {
        let (sender, flushes) = channel();
        let mut sink = ThrottledFlush::new(Sink(sender, false), Duration::from_millis(20));
        sink.flush().unwrap();
        flushes.recv().unwrap();
        sink.write_all(b"more").unwrap();
        sink.flush().unwrap();
        // Nothing is written or flushed from here on, and it comes all the same.
        flushes.recv().unwrap();
        // The error is stored after the sink has told of its flush, but under the same lock.
        assert_eq!(sink.flush().unwrap_err().to_string(), "no room");
    }

    struct Panics(#[expect(dead_code, reason = "it tells when it is dropped")] Sender<()>);

    impl Write for Panics {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            assert_ne!(bytes, b"x", "as asked");
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            panic!("in a flush");
        }
    }

    /// It gets no other call: not in its destructor, where a second panic would end the process, and not
    /// again and again.
    #[test]
    fn a_sink_that_panicked_gets_no_other_call() {
        let (sender, _dropped) = channel();
        let mut sink = ThrottledFlush::new(Panics(sender), Duration::from_millis(1));
        // The thread flushes it, once.
        while sink.write(b"y").is_ok() {}
        let error = sink.flush().unwrap_err();
        assert!(error.to_string().contains("panicked"), "{error}");
        drop(sink);

        let (sender, _dropped) = channel();
        let mut sink = ThrottledFlush::new(Panics(sender), Duration::MAX);
        sink.write_all(b"y").unwrap();
        assert!(thread::spawn(move || sink.write(b"x")).join().is_err());
    }

    #[test]
    fn a_delay_without_end_puts_everything_off() {
        let (sender, flushes) = channel();
        let mut sink = ThrottledFlush::new(Sink(sender, false), Duration::MAX);
        (0..100).for_each(|_| sink.flush().unwrap());
        assert_eq!(flushes.try_iter().count(), 1);
    }

    #[test]
    fn a_sink_that_panicked_is_dropped() {
        let (sender, dropped) = channel();
        let mut sink = ThrottledFlush::new(Panics(sender), Duration::from_secs(3600));
        let panicked = thread::spawn(move || sink.write(b"x"));
        let gone = dropped.recv_timeout(Duration::from_secs(60));
        assert_eq!(gone, Err(RecvTimeoutError::Disconnected));
        assert!(panicked.join().is_err());
    }

    /// As when writers never pause, and the reader has never had everything.
    #[test]
    fn what_is_written_is_flushed_though_nobody_asks_for_it() {
        let (sender, flushes) = channel();
        let mut sink = ThrottledFlush::new(Sink(sender, false), Duration::from_millis(20));
        sink.write_all(b"one").unwrap();
        flushes.recv_timeout(Duration::from_secs(60)).unwrap();
        // And again, for what comes then.
        while sink.write_all(b"more").is_ok() {}
        flushes.recv_timeout(Duration::from_secs(60)).unwrap();
    }

    #[test]
    fn flushes_in_a_row_are_one() {
        let (sender, flushes) = channel();
        let mut sink = ThrottledFlush::new(Sink(sender, false), Duration::from_secs(3600));
        for _ in 0..100 {
            sink.flush().unwrap();
        }
        assert_eq!(flushes.try_iter().count(), 1);
        drop(sink);
        assert_eq!(
            flushes.try_iter().count(),
            1,
            "what was put off is done in the end"
        );
    }
}
