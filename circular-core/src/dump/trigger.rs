//! Dumping what led to an error, when an error is logged, without waiting for it.
//!
//! A trigger has a thread of its own, which sleeps until it is asked for a dump: [`request`] is how it is
//! asked, [`worker`] what it does then.
//!
//! Invariants: every record that was there when a dump was asked for, and that no dump has yet, is in
//! the next one or told as missed; who asks waits for nothing but the ring's lock.

use self::request::{DumpRequest, Present, RateLimit, TriggerStats};
use self::worker::{Destination, Worker};
use crate::api::handle::Handle;
use crate::dump::file::names::Cause;
use crate::dump::options::DumpOptions;
use crate::dump::redaction::Redaction;
use crate::record::Record;
use crate::record::level::Level;
use crate::redact::redacted::Redacted;
use crate::select::targets::Targets;
use crate::sys::sync::ThreadBuilder;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Two dumps are at least this far apart by default.
const INTERVAL: Duration = Duration::from_secs(30);

/// Dumps what the ring holds when something of importance is logged: the DEBUG lines that led to an
/// error are kept, though nobody prints them.
///
/// It is given to what records (`dump_on` of `circular_tracing::RingLayer`, `circular_tracing::RingWriter`
/// and `circular_log::RingLogger`), which calls [`observe`](Self::observe) after each record. Clones are the same
/// trigger.
///
/// ```
/// use circular_core::{DumpTrigger, Level, Meta, Ring};
/// use std::time::Duration;
/// # let dir = std::env::temp_dir().join(format!("circular-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
///
/// let ring = Ring::new(1 << 20)?;
/// let trigger = DumpTrigger::builder(&ring.handle()).dir(&dir).program("shop").start()?;
///
/// ring.record(Meta::new().level(Level::Debug), b"cart has 3 items\n")?;
/// ring.record(Meta::new().level(Level::Error), b"payment refused\n")?;
/// trigger.observe(Level::Error); // What an adapter does for you.
///
/// ring.handle().close();
/// assert!(ring.handle().join_timeout(Duration::from_secs(60)));
/// assert_eq!(trigger.stats().dumps, 1);
/// # std::fs::remove_dir_all(dir)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # What is dumped, and when
///
/// Everything that the ring holds, of every level, the record that set it off included. A later dump
/// goes on where the last one ended; what was overwritten between the two is told in a line of its
/// own, as in a stream. The first begins at the oldest record.
///
/// A thread of its own makes the dump, at once. After that there is none for the
/// [`interval`](DumpTriggerBuilder::interval); whatever sets it off meanwhile, one more follows when
/// that is over. Writers never wait for a dump, and while nothing sets it off it costs them a comparison.
/// A dump ends with what was there when it began, or soon after where writers overtake it. It needs
/// 64 KiB of memory, more only for a record that is larger.
///
/// What the dump's own thread logs, in a sink say, is recorded, but sets off no dump of any trigger: it
/// would go on for ever. A panic that [`PanicDump`](crate::PanicDump) has recorded does not either: that
/// has a dump of its own.
///
/// # When a dump fails
///
/// It is counted, and [`stats`](Self::stats) tells why. The next dump has it all again, but for what
/// a [`sink`](DumpTriggerBuilder::sink) had taken; it is not tried again before something sets it off.
/// A sink or a hook that panics is not called again.
///
/// # Closing
///
/// When the ring is closed, or the last clone is dropped, a dump that waits for the interval is made at
/// once, and the thread ends. [`Handle::join_timeout`] waits for that. So does a ring with
/// [`flush_at_exit`](crate::RingBuilder::flush_at_exit) when the program ends. Without it, a dump that
/// is waited for is lost then, and one to a sink that is being made; the exit waits for one to a file as
/// long as that gets on, on unix. An event that another thread logs while the ring is being closed may come too late.
///
/// In a forked child nothing is dumped: the thread is the parent's.
#[derive(Clone)]
pub struct DumpTrigger {
    least: Level,
    guard: Arc<DropGuard>,
}

/// Lets the thread end when the last clone goes.
struct DropGuard(Arc<DumpRequest>);

impl Drop for DropGuard {
    fn drop(&mut self) {
        self.0.set_dropped();
    }
}

impl DumpTrigger {
    /// Returns a builder for a trigger that dumps the ring of `handle`. It does not keep the ring open.
    pub fn builder(handle: &Handle) -> DumpTriggerBuilder {
        DumpTriggerBuilder {
            handle: handle.clone(),
            least: Level::Error,
            interval: INTERVAL,
            to: None,
            options: DumpOptions::default(),
        }
    }

    /// Tells it that an event of `level` was recorded: if that is at or above the trigger's, there
    /// will be a dump with the event in it.
    ///
    /// It compares; if there is to be a dump, it takes the ring's lock for a moment, as a write does,
    /// and wakes the thread. It allocates nothing and may be called anywhere that the ring may be
    /// written: in a sink, in a panic, in a thread-local's destructor. In a forked child it returns.
    #[inline]
    pub fn observe(&self, level: Level) {
        if level >= self.least {
            self.guard.0.ask();
        }
    }

    /// Does what [`observe`](Self::observe) does.
    #[deprecated(since = "0.1.0", note = "it is `observe` now")]
    pub fn saw(&self, level: Level) {
        self.observe(level);
    }

    /// Returns what came of it so far. In a forked child it is all zero.
    pub fn stats(&self) -> TriggerStats {
        self.guard.0.stats()
    }
}

impl fmt::Debug for DumpTrigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DumpTrigger")
            .field("at_least", &self.least)
            .finish_non_exhaustive()
    }
}

/// Where it goes.
enum To {
    Dir(PathBuf),
    Sink(Box<dyn io::Write + Send>),
}

/// The options of a [`DumpTrigger`].
#[must_use = "it does nothing until `start` is called"]
pub struct DumpTriggerBuilder {
    handle: Handle,
    least: Level,
    interval: Duration,
    to: Option<To>,
    options: DumpOptions,
}

impl DumpTriggerBuilder {
    /// Sets the least level that sets off a dump; [`Level::Error`] by default.
    pub fn at_least(mut self, level: Level) -> Self {
        self.least = level;
        self
    }

    /// Sets how far apart two dumps are at least, counted from when one begins to when the next does;
    /// 30 seconds by default.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Makes each dump a new file in this directory, which must exist. Only its owner may read it, and it
    /// gets its name, `<program>-<pid>-<UTC time>.trigger.log`, when it is whole. The newest 8 of the
    /// program's triggers stay; they and those of [`PanicDump`](crate::PanicDump) do not count as each
    /// other's. Nothing is synced to the disk: a dump outlives the process, not the machine.
    ///
    /// There is one destination: this or [`sink`](Self::sink), whichever is called last.
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.to = Some(To::Dir(dir.into()));
        self
    }

    /// Writes all dumps to `sink`, one behind the other: whole records, many at once. It is flushed
    /// after each dump. It may be slow, or hang: that holds up the next dump and nobody else.
    ///
    /// If it fails amid a dump, the next begins with the records of the call that failed, so some of
    /// these may come twice.
    pub fn sink(mut self, sink: impl io::Write + Send + 'static) -> Self {
        self.to = Some(To::Sink(Box::new(sink)));
        self
    }

    /// Sets the program's name in the names of files; that of the executable by default. Characters other
    /// than ASCII letters, digits, `.`, `_` and `-` are replaced.
    pub fn program(mut self, program: impl Into<String>) -> Self {
        self.options.program = Some(program.into());
        self
    }

    /// Leaves out of dumps the records that `targets` does not want. What
    /// sets off a dump is as it was: see [`at_least`](Self::at_least).
    pub fn filter(mut self, targets: Targets) -> Self {
        self.options.select.targets = Some(targets);
        self
    }

    /// Hands each record to `hook` before it is dumped: see [`Redacted`], and
    /// [`redact_keys`](crate::redact_keys), which is one. It runs on the trigger's thread. What it logs is
    /// recorded, and sets off no dump.
    ///
    /// If it panics, there is no more dump: nothing leaves that it should have seen.
    pub fn redact(self, hook: impl Fn(&Record<'_>) -> Redacted + Send + Sync + 'static) -> Self {
        self.redaction(Redaction::new(hook))
    }

    /// Does what [`redact`](Self::redact) does, for a hook that has several ways out.
    pub fn redaction(mut self, redaction: Redaction) -> Self {
        self.options.select.redaction = Some(redaction);
        self
    }

    /// Starts the thread, which ends when the ring is closed or the last clone of the trigger dropped.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if no destination was given. Why no file can be made in the directory: one is, and
    /// removed, to find that out now; other files are left alone. Why the thread could not be started.
    pub fn start(self) -> io::Result<DumpTrigger> {
        let to = self.to.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "a dump trigger needs a place for its dumps: give it a `dir` or a `sink`",
            )
        })?;
        let shared = Arc::clone(self.handle.shared());
        let request = Arc::new(DumpRequest::new(Arc::clone(&shared)));
        let trigger = DumpTrigger {
            least: self.least,
            guard: Arc::new(DropGuard(Arc::clone(&request))),
        };
        let Some(present) = Present::join(shared) else {
            return Ok(trigger);
        };
        let to = match to {
            To::Sink(sink) => Destination::Sink(sink),
            To::Dir(dir) => {
                let mut dir = self.options.files(dir, Cause::Trigger);
                dir.try_out()?;
                Destination::Dir(dir)
            }
        };
        let worker = Worker::new(request, RateLimit::new(self.interval), self.options.select)?;
        ThreadBuilder::new()
            .name("circular-dump".into())
            .spawn(move || worker.run(to, present))?;
        Ok(trigger)
    }
}

impl fmt::Debug for DumpTriggerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("DumpTriggerBuilder");
        debug
            .field("at_least", &self.least)
            .field("interval", &self.interval)
            .field("options", &self.options);
        if let Some(To::Dir(dir)) = &self.to {
            debug.field("dir", dir);
        }
        debug.finish_non_exhaustive()
    }
}

pub(crate) mod request;
mod worker;
