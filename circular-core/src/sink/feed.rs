//! Feeding a sink, and what can go wrong in it.

use crate::read::core::ReaderCore;
use crate::record::missed::Loss;
use crate::ring::attending::Attending;
use crate::sink::deferred_flush;
use crate::sink::failure::{Choice, Failure};
use crate::sink::notice::Notice;
use crate::sys::no_wait::{InRing, NoWait};
use crate::text::fixed_text::FixedText;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

/// More than the longest notice, in bytes.
const NOTICE: usize = 160;

/// How long a sink that is not ready is left alone.
pub(crate) const NOT_READY: Duration = Duration::from_millis(5);

/// A reader and the sink that it feeds.
///
/// Invariant: the ring counts it from when the reader has joined until the sink is gone, so who waits for
/// readers to end has what the sink writes when it is dropped, an archive's trailer say. But from the
/// moment that the reader is done, no writer and no flush waits for it.
pub(crate) struct Feed<W> {
    core: ReaderCore,
    sink: Option<W>,
    /// Dropped last.
    _attending: Attending,
}

impl<W: Write> Feed<W> {
    /// For a reader that is done with what it was given before.
    pub(crate) fn new(mut core: ReaderCore, sink: W) -> Self {
        core.release();
        Self {
            _attending: attend(&core),
            core,
            sink: Some(sink),
        }
    }

    /// Hands everything that is read to the sink, until the ring is closed, and tells how many bytes
    /// that were.
    ///
    /// The sink is flushed when the reader has had everything, and whenever a flush waits for it.
    #[cfg(test)]
    pub(crate) fn run(self, notice: Notice) -> io::Result<u64> {
        self.run_or(notice, Choice::default())
    }

    /// The same, and does what is chosen if the sink fails.
    pub(crate) fn run_or(mut self, notice: Notice, choice: Choice) -> io::Result<u64> {
        let _in_ring = InRing::enter(self.core.shared().id, self.core.number());
        let Some(sink) = &mut self.sink else {
            return Ok(0);
        };
        let mut writer = SinkWriter {
            failure: Failure::new(&self.core, choice),
            ..SinkWriter::new(sink)
        };
        // Until it is known better: it may panic.
        self.core.set_fails(true);
        let outcome = feed_all(&mut self.core, &mut writer, notice);
        let bytes = writer.taken;
        self.core.set_fails(outcome.is_err());
        if let Err(error) = &outcome {
            // Nobody waits for a reader that is through, but the exit waits until its sink is gone.
            self.core.leave();
            choice.tell_end(bytes, error);
        }
        outcome.map(|()| bytes).map_err(|source| {
            let kind = source.kind();
            io::Error::new(kind, SinkError { bytes, source })
        })
    }
}

impl<W> Drop for Feed<W> {
    fn drop(&mut self) {
        // Before the sink is dropped, which may take its time.
        self.core.leave();
        let _in_ring = InRing::enter(self.core.shared().id, None);
        let _no_wait = NoWait::enter();
        let sink = self.sink.take();
        if self.core.shared().generation.is_past() {
            // The sink has forked. What it holds is the parent's to write.
            mem::forget(sink);
        } else if thread::panicking() {
            // One that panics a second time must not end the process.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(sink)));
        } else {
            drop(sink);
        }
    }
}

/// Says that there is a sink now, until what is returned is dropped. It may be in the place of one that failed.
fn attend(core: &ReaderCore) -> Attending {
    let shared = core.shared();
    let attending = Attending::new(shared);
    if let Some(mut state) = shared.lock() {
        let mut replaces = false;
        if let Some(entry) = core.entry(&mut state) {
            entry.feeds = true;
            replaces = entry.is_lossless();
        }
        state.lost_sinks = state.lost_sinks.saturating_sub(usize::from(replaces));
    }
    attending
}

fn feed_all<W: Write>(
    core: &mut ReaderCore,
    writer: &mut SinkWriter<'_, W>,
    notice: Notice,
) -> io::Result<()> {
    if core.restarted() {
        writer.line(notice.restarted())?;
    }
    while let Some(mut delivery) = core.deliver() {
        writer.notice(notice, delivery.take_loss())?;
        writer.take(delivery.bytes())?;
        if !delivery.wants_flush() {
            delivery.written();
        } else if writer.flush(delivery.must_flush())? {
            delivery.done();
        } else {
            delivery.deferred();
        }
    }
    Ok(())
}

/// A sink, and what it has taken.
pub(crate) struct SinkWriter<'a, W> {
    sink: &'a mut W,
    taken: u64,
    at_line_start: bool,
    /// If an error is not to be the end.
    failure: Option<Failure>,
}

impl<'a, W: Write> SinkWriter<'a, W> {
    pub(crate) fn new(sink: &'a mut W) -> Self {
        Self {
            sink,
            taken: 0,
            at_line_start: true,
            failure: None,
        }
    }

    pub(crate) fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        let _no_wait = NoWait::enter();
        let mut rest = bytes;
        while !rest.is_empty() {
            let began = Instant::now();
            match self.sink.write(rest) {
                Ok(0) => self.try_again(ErrorKind::WriteZero.into(), began)?,
                Ok(count) => {
                    self.works();
                    self.taken += count as u64;
                    // A sink that claims more than it was given gets nothing more of it.
                    rest = rest.get(count..).unwrap_or_default();
                }
                Err(error) => self.try_again(error, began)?,
            }
        }
        if let Some(&last) = bytes.last() {
            self.at_line_start = last == b'\n';
        }
        Ok(())
    }

    /// Tells what was missed, if anything was.
    pub(crate) fn notice(&mut self, notice: Notice, loss: impl Into<Loss>) -> io::Result<()> {
        let mut line = FixedText::<NOTICE>::new();
        notice.tell_missed(loss, &mut line);
        self.line(line.as_str())
    }

    /// Writes a line of its own, or nothing if it is empty.
    fn line(&mut self, line: &str) -> io::Result<()> {
        if !line.is_empty() && !self.at_line_start {
            self.take(b"\n")?;
        }
        self.take(line.as_bytes())
    }

    /// Tells whether the sink is flushed. If not, it has put that off, which it may unless it `must`, or it fails
    /// at that, is tried again, and there is more for it.
    pub(crate) fn flush(&mut self, must: bool) -> io::Result<bool> {
        let _no_wait = NoWait::enter();
        loop {
            let began = Instant::now();
            match deferred_flush::flush(must, || self.sink.flush()) {
                Err(error) => {
                    self.try_again(error, began)?;
                    // What only a flush fails at is no reason to keep the rest from it.
                    if self.failure.as_ref().is_some_and(Failure::has_more) {
                        return Ok(false);
                    }
                }
                done => {
                    self.works();
                    return done;
                }
            }
        }
    }

    fn works(&mut self) {
        if let Some(failure) = &mut self.failure {
            failure.recovered();
        }
    }

    /// Returns when what gave `error` is worth another try, or with the error.
    fn try_again(&mut self, error: io::Error, began: Instant) -> io::Result<()> {
        match error.kind() {
            ErrorKind::Interrupted => Ok(()),
            // A terminal or a pipe that somebody else who has it open has made non-blocking. It says so at
            // once; one that says so later has waited, as a socket with a time-out of its own does, and
            // means it.
            ErrorKind::WouldBlock if began.elapsed() < NOT_READY => {
                thread::sleep(NOT_READY);
                Ok(())
            }
            _ => match &mut self.failure {
                Some(failure) => failure.wait(error),
                None => Err(error),
            },
        }
    }
}

/// What a sink's error is wrapped in on its way to the caller of `write_to`.
///
/// The [`io::Error`] that `write_to` returns has the sink's kind and message;
/// [`get_ref`](io::Error::get_ref) gives this for how far it got.
///
/// ```
/// use circular_core::{Ring, SinkError};
/// use std::io::Write;
///
/// let mut ring = Ring::new(4096)?;
/// ring.write_all(b"too long")?;
/// let error = ring.handle().write_to(&mut [0; 3][..]).unwrap_err();
/// let sink_error = error.get_ref().unwrap().downcast_ref::<SinkError>().unwrap();
/// assert_eq!(sink_error.bytes, 3);
/// assert_eq!(sink_error.source.kind(), error.kind());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct SinkError {
    /// How many bytes the sink had taken.
    pub bytes: u64,
    /// The sink's own error.
    pub source: io::Error,
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl std::error::Error for SinkError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ring::Ring;
    use crate::ring::policy::{Policy, Start};
    use crate::ring::readers::Flush;
    use crate::select::Select;
    use std::sync::Arc;

    #[derive(Debug, PartialEq)]
    enum Event {
        Written,
        Flushed,
    }

    struct Events<'a>(&'a mut Vec<Event>);

    impl Write for Events<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(Event::Written);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.push(Event::Flushed);
            Ok(())
        }
    }

    /// Writers may never pause, and then the reader never has had everything.
    #[test]
    fn a_sink_is_flushed_in_the_midst_if_somebody_waits_for_that() {
        let mut ring = Ring::new(4096).unwrap();
        let shared = Arc::clone(ring.handle().shared());
        let core = ReaderCore::join(
            Arc::clone(&shared),
            Start::Oldest,
            Policy::Block,
            Select::default(),
            false,
        )
        .unwrap();
        ring.write_all(b"waited for").unwrap();
        // As a flush does that is called now.
        {
            let mut state = shared.lock().unwrap();
            let now = Instant::now();
            let flush = Flush {
                offset: state.head.position.offset,
                joined: state.readers.joined(),
                began: now,
            };
            assert!(state.readers.ask_to_flush(&flush, now, true).any);
        }
        // More than one batch.
        for _ in 0..30 {
            ring.write_all(&[b'x'; 100]).unwrap();
        }
        drop(ring);
        let mut events = Vec::new();
        Feed::new(core, Events(&mut events))
            .run(Notice::None)
            .unwrap();
        assert_eq!(events[..2], [Event::Written, Event::Flushed], "not at once");
        assert!(
            events[2..].contains(&Event::Written),
            "it was all one batch"
        );
        assert_eq!(events.last(), Some(&Event::Flushed));
    }
}
