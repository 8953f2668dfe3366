//! Readers that wait on a thread, and how every kind of reader is asked for.

use crate::api::async_reader::AsyncReader;
use crate::error::{Closed, OutOfMemory, RecvTimeoutError, TryRecvError};
use crate::read::core::{Outcome, ReaderCore};
use crate::read::idle::Idle;
use crate::record::cursor::Cursor;
use crate::record::level::Level;
use crate::record::missed::Missed;
use crate::ring::policy::{Policy, Start};
use crate::ring::shared::Shared;
use crate::select::Select;
use crate::select::targets::Targets;
use crate::sink::failure::Choice;
use crate::sink::feed::Feed;
use crate::sink::notice::Notice;
use crate::sink::on_error::OnError;
use crate::sys::sync;
use crate::tape::batch::Batch;
use std::any;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What a reader is to be like. Made by [`Handle::reader`](crate::Handle::reader).
///
/// The reader joins the ring when [`open`](Self::open) or one of the others is called: from then on
/// it counts.
#[derive(Clone)]
#[must_use = "it does nothing until `open`, `open_async`, `spawn` or `write_to` is called"]
pub struct ReaderBuilder {
    shared: Arc<Shared>,
    start: Start,
    policy: Policy,
    select: Select,
    notice: Notice,
    on_error: OnError,
    tells_errors: bool,
}

impl ReaderBuilder {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            start: Start::default(),
            policy: Policy::default(),
            select: Select::default(),
            notice: Notice::default(),
            on_error: OnError::default(),
            tells_errors: true,
        }
    }

    /// Sets where it begins; [`Start::Oldest`] by default.
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Sets what happens when it is slow; [`Policy::Skip`] by default.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Filters out the records below `level`. Records without a level always pass.
    pub fn at_least(mut self, level: Level) -> Self {
        self.select.least = Some(level);
        self
    }

    /// Filters out the records that `targets` does not want. Records without a level always pass. With
    /// [`at_least`](Self::at_least), both must be content.
    ///
    /// ```
    /// use circular_core::{Level, Meta, Ring};
    ///
    /// let ring = Ring::new(1 << 20)?;
    /// let mut console = ring.handle().reader().filter("info,hyper=off".parse()?).open();
    /// ring.record(Meta::new().level(Level::Info).target("hyper::client"), b"pooling\n")?;
    /// ring.record(Meta::new().level(Level::Info).target("shop"), b"sold\n")?;
    /// assert_eq!(console.recv()?.bytes(), b"sold\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn filter(mut self, targets: Targets) -> Self {
        self.select.targets = Some(Arc::new(targets));
        self
    }

    /// Sets how a stream of bytes tells what was missed; [`Notice::Text`] by default.
    pub fn notice(mut self, notice: Notice) -> Self {
        self.notice = notice;
        self
    }

    /// Sets what it does if the sink fails that it feeds; [`OnError::GiveUp`] by default. It is for
    /// [`spawn`](Self::spawn) and [`write_to`](Self::write_to).
    ///
    /// ```
    /// use circular_core::{OnError, Policy, Ring};
    /// use std::fs::File;
    ///
    /// let ring = Ring::new(1 << 20)?;
    /// # let path = std::env::temp_dir().join(format!("shop-{}.log", std::process::id()));
    /// // When the disk is full, the file goes on as soon as there is room again.
    /// let reader = ring.handle().reader().policy(Policy::Block).on_error(OnError::TryAgain);
    /// reader.spawn(File::create(&path)?)?;
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_error(mut self, on_error: OnError) -> Self {
        self.on_error = on_error;
        self
    }

    /// Sets whether [`spawn`](Self::spawn) says on stderr that the sink has failed, in one line that tells of what
    /// type the sink is, why it failed and what that means; yes by default. A sink that is tried again is
    /// told of when it begins to fail, once a minute at most. The line is left out where stderr takes nothing.
    pub fn tell_errors(mut self, tell_errors: bool) -> Self {
        self.tells_errors = tell_errors;
        self
    }

    /// Returns a reader for this thread, which gets the records themselves.
    ///
    /// Where there is no memory for its buffer, 64 KiB, it aborts, as the standard library's collections
    /// do; [`try_open`](Self::try_open) does not.
    #[must_use = "a reader that is dropped has left"]
    pub fn open(self) -> Reader {
        self.try_open().unwrap_or_else(|error| error.abort())
    }

    /// Does what [`open`](Self::open) does, or returns an error.
    ///
    /// # Errors
    ///
    /// [`OutOfMemory`] if there is no memory for its buffer.
    pub fn try_open(self) -> Result<Reader, OutOfMemory> {
        let (notice, on_error) = (self.notice, self.on_error);
        Ok(Reader {
            core: self.join(true)?,
            notice,
            on_error,
        })
    }

    /// Returns a reader for an asynchronous task. It holds no thread: the ring has one for all of them, which
    /// the first starts and which ends with the last.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for [`Policy::Block`]: a worker thread would wait in a write for a task that
    /// it should be running. Else why the thread could not be started, or that there is no memory for the
    /// reader's buffer.
    pub fn open_async(self) -> io::Result<AsyncReader> {
        if self.policy == Policy::Block {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "an asynchronous reader must not block writers: use Policy::Skip, or Policy::BlockFor",
            ));
        }
        let notice = self.notice;
        AsyncReader::start(self.join(true)?, notice)
    }

    /// Does what [`open_async`](Self::open_async) does.
    ///
    /// # Errors
    ///
    /// The same.
    #[deprecated(
        since = "0.1.0",
        note = "it is `open_async` now, as what it returns need be no `Stream`"
    )]
    pub fn stream(self) -> io::Result<AsyncReader> {
        self.open_async()
    }

    /// Hands everything to `sink` until the ring is closed; see
    /// [`Handle::write_to`](crate::Handle::write_to).
    ///
    /// # Errors
    ///
    /// The sink's, as [`SinkError`](crate::SinkError) describes.
    pub fn write_to(self, sink: impl io::Write) -> io::Result<u64> {
        let notice = self.notice;
        let choice = Choice {
            on_error: self.on_error,
            tells_of: None,
        };
        Feed::new(self.join(false)?, sink).run_or(notice, choice)
    }

    /// Joins now, and hands everything to `sink` on a thread of its own until the ring is closed.
    ///
    /// It has joined when this returns: what is written, flushed or closed afterwards does not
    /// depend on when the thread begins to run. The thread's result is that of
    /// [`write_to`](Self::write_to). As nobody may look at it, a sink that fails is told of on stderr, unless
    /// [`tell_errors`](Self::tell_errors) says otherwise; what is done then,
    /// [`on_error`](Self::on_error) says.
    ///
    /// ```
    /// use circular_core::{Policy, Ring};
    /// use std::io::{self, Write};
    /// use std::time::Duration;
    ///
    /// let mut ring = Ring::new(1 << 20)?;
    /// let handle = ring.handle();
    /// let patience = Duration::from_secs(1);
    /// let console = handle.reader().policy(Policy::BlockFor(patience)).spawn(io::stderr())?;
    /// writeln!(ring, "on its way to stderr")?;
    /// handle.close();
    /// assert_eq!(console.join().unwrap()?, 21);
    /// # Ok::<(), io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Why the thread could not be started; the reader has left then.
    pub fn spawn<W: io::Write + Send + 'static>(
        self,
        sink: W,
    ) -> io::Result<JoinHandle<io::Result<u64>>> {
        let notice = self.notice;
        let choice = Choice {
            on_error: self.on_error,
            tells_of: self.tells_errors.then(any::type_name::<W>),
        };
        let feed = Feed::new(self.join(false)?, sink);
        thread::Builder::new()
            .name("circular-sink".into())
            .spawn(move || feed.run_or(notice, choice))
    }

    fn join(self, details: bool) -> Result<ReaderCore, OutOfMemory> {
        ReaderCore::join(self.shared, self.start, self.policy, self.select, details)
    }
}

impl fmt::Debug for ReaderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReaderBuilder")
            .field("start", &self.start)
            .field("policy", &self.policy)
            .field("at_least", &self.select.least)
            .field("filter", &self.select.targets)
            .field("notice", &self.notice)
            .field("on_error", &self.on_error)
            .finish_non_exhaustive()
    }
}

/// A reader that gets whole records, on the thread that asks for them.
///
/// A batch counts as done when the next one is asked for: that is what
/// [`Handle::flush`](crate::Handle::flush) waits for if the reader is lossless. A lossless reader
/// that nobody asks holds writers back for as long as its policy says, so keep one only where it is
/// read; and do not write to a ring that is full from the thread that should be reading it.
///
/// # Lagging
///
/// A reader that was overtaken goes on half a ring behind the newest record, and
/// [`Batch::missed`] tells exactly how much it missed.
///
/// # Closing
///
/// After close it gets what the ring still holds, then [`Closed`].
pub struct Reader {
    core: ReaderCore,
    notice: Notice,
    on_error: OnError,
}

impl Reader {
    /// Waits for the next batch, and returns it.
    ///
    /// # Errors
    ///
    /// [`Closed`] when the ring is closed and everything was received.
    pub fn recv(&mut self) -> Result<Batch<'_>, Closed> {
        self.batch(Idle::Sleep { until: None }).map_err(|_| Closed)
    }

    /// Returns the next batch, if there is one at once.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] if there is none yet, [`TryRecvError::Closed`] if there will be none.
    pub fn try_recv(&mut self) -> Result<Batch<'_>, TryRecvError> {
        self.batch(Idle::Return)
    }

    /// Waits for the next batch, but no longer than `timeout`, and returns it.
    ///
    /// # Errors
    ///
    /// [`RecvTimeoutError::Timeout`] if there is none in time, [`RecvTimeoutError::Closed`] if there
    /// will be none.
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Batch<'_>, RecvTimeoutError> {
        let until = sync::now().checked_add(timeout);
        self.batch(Idle::Sleep { until })
            .map_err(|error| match error {
                TryRecvError::Empty => RecvTimeoutError::Timeout,
                TryRecvError::Closed => RecvTimeoutError::Closed,
            })
    }

    fn batch(&mut self, idle: Idle<'_>) -> Result<Batch<'_>, TryRecvError> {
        match self.core.recv(idle) {
            Outcome::Batch => {
                let missed = self.core.take_untold();
                Ok(Batch {
                    buffer: self.core.buffer(),
                    missed,
                    end: self.core.cursor(),
                })
            }
            Outcome::Drained => Err(TryRecvError::Empty),
            Outcome::Ended => {
                self.core.leave();
                Err(TryRecvError::Closed)
            }
        }
    }

    /// Returns the place behind the last batch that was received: where [`Start::After`] goes on.
    pub fn cursor(&self) -> Cursor {
        self.core.cursor()
    }

    /// Returns what was missed in all.
    pub fn missed(&self) -> Missed {
        self.core.missed()
    }

    /// Returns whether it was to start after a cursor that this ring never had, and so began at the oldest
    /// record.
    pub fn restarted(&self) -> bool {
        self.core.restarted()
    }

    /// Hands the rest to `sink` until the ring is closed; see
    /// [`Handle::write_to`](crate::Handle::write_to).
    ///
    /// # Errors
    ///
    /// The sink's, as [`SinkError`](crate::SinkError) describes.
    pub fn write_to(self, sink: impl io::Write) -> io::Result<u64> {
        let choice = Choice {
            on_error: self.on_error,
            tells_of: None,
        };
        Feed::new(self.core, sink).run_or(self.notice, choice)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("cursor", &self.cursor())
            .field("missed", &self.missed())
            .finish_non_exhaustive()
    }
}
