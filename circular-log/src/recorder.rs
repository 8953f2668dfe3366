//! A recorder in one call.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use circular_core::recorder::Setup;
use circular_core::{Level, Record, Recorder, Redacted};
use log::LevelFilter;

use crate::logger::RingLogger;

/// Returns a builder for a recorder of a program of that name: a ring, the console, and dumps if a directory is
/// given, in one call.
///
/// ```
/// use circular_core::{SECRET_KEYS, redact_keys};
///
/// fn main() -> std::io::Result<()> {
///     let _recorder = circular_log::recorder("shop")
///         .record("debug,hyper=info") // what is kept, or what SHOP_RECORD says
///         .console("warn")            // what is printed, or what RUST_LOG says
///         .dumps(std::env::temp_dir()) // what is kept, if the program panics
///         .redact(redact_keys(SECRET_KEYS))
///         .init()?;
///     log::info!(answer = 42; "kept, and not printed");
///     Ok(())
/// }
/// ```
///
/// Directives that are bad are named on standard error, and
/// the others hold.
///
/// The parts, for who wants it otherwise: [`Ring`](circular_core::Ring), [`RingLogger`],
/// [`ReaderBuilder::spawn`](circular_core::ReaderBuilder::spawn), [`PanicDump`](circular_core::PanicDump),
/// [`DumpTrigger`](circular_core::DumpTrigger).
pub fn recorder(program: impl Into<String>) -> RecorderBuilder {
    let setup = Setup::new(program.into());
    RecorderBuilder { setup }
}

/// The options of a recorder. Made by [`recorder`].
#[derive(Clone, Debug)]
#[must_use = "it does nothing until `init` is called"]
pub struct RecorderBuilder {
    setup: Setup,
}

impl RecorderBuilder {
    /// Sets how many bytes the ring holds; 10 MiB by default.
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.setup.capacity(bytes);
        self
    }

    /// Sets whether the ring is in a file in memory, so that the log is there after any end of the program, SIGKILL
    /// included; yes by default. Which file it is is said on standard error, if there is a console, and by
    /// [`Handle::path`](circular_core::Handle::path). Where there can be no file, the ring is on the heap, and standard
    /// error says why. See [`RingBuilder::mapped`](circular_core::RingBuilder::mapped).
    ///
    /// Only the program's user may read the file. What is [hidden](Self::redact) on the way to a dump lies there as it
    /// was logged.
    pub fn mapped(mut self, is_mapped: bool) -> Self {
        self.setup.mapped(is_mapped);
        self
    }

    /// Sets what is kept, as [directives](circular_core::Targets#directives); `debug` by default. The program's
    /// variable, `SHOP_RECORD` for `shop`, comes first if it is set.
    ///
    /// What is printed is kept too.
    pub fn record(mut self, directives: impl Into<String>) -> Self {
        self.setup.record(directives.into());
        self
    }

    /// Sets what is printed on standard error, as [directives](circular_core::Targets#directives); `info` by
    /// default. `RUST_LOG` comes first if it is set.
    ///
    /// A thread prints. If nobody reads standard error, a log call waits a second for it, once. Where it is a
    /// terminal, lines have colours, unless `NO_COLOR` or the like forbids it, and control characters are shown as
    /// escapes: see [`TerminalWriter`](circular_core::TerminalWriter).
    pub fn console(mut self, directives: impl Into<String>) -> Self {
        self.setup.console(Some(directives.into()));
        self
    }

    /// Prints nothing, and does not read `RUST_LOG`.
    pub fn no_console(mut self) -> Self {
        self.setup.console(None);
        self
    }

    /// Sets the directory for dumps, which is made if it is not there: a panic writes what the ring holds to a
    /// new file in it. See [`PanicDump`](circular_core::PanicDump). There is none by default.
    ///
    /// The panic hook is set by [`init`](Self::init). Another one that is set later replaces it: install
    /// color-eyre's and the like before.
    pub fn dumps(mut self, dir: impl Into<PathBuf>) -> Self {
        self.setup.dumps(dir.into());
        self
    }

    /// Dumps at an ERROR too, every 30 seconds at most: see [`DumpTrigger`](circular_core::DumpTrigger). It needs
    /// [`dumps`](Self::dumps).
    pub fn dump_on_error(mut self) -> Self {
        self.setup.dump_on_error();
        self
    }

    /// Hands each record to `hook` before it is dumped: see [`Redacted`], and
    /// [`redact_keys`](circular_core::redact_keys), which is one. It is for the dumps that the recorder makes by itself, at a
    /// panic and at an error. [`Handle::dump_to`](circular_core::Handle::dump_to) and `circular_http::Options` want their own;
    /// the console, and files from [`ReaderBuilder::spawn`](circular_core::ReaderBuilder::spawn), get what was logged.
    pub fn redact(
        mut self,
        hook: impl Fn(&Record<'_>) -> Redacted + Send + Sync + 'static,
    ) -> Self {
        self.setup.redact(hook);
        self
    }

    /// Sets how long readers get to finish when the recorder is dropped or the program exits; a second by
    /// default.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.setup.patience(patience);
        self
    }

    /// Begins to record: what `log` says goes to the ring from now on. [`log::max_level`] is set to what
    /// is kept.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if the program has a logger already. `InvalidInput` for
    /// [`dump_on_error`](Self::dump_on_error) without [`dumps`](Self::dumps). Else why the ring, a directory for dumps, a
    /// file in it, or a thread cannot be had. What was started by then ends.
    pub fn init(self) -> io::Result<Recorder> {
        let prepared = self.setup.prepare()?;
        let mut logger = RingLogger::new(prepared.ring.clone());
        if let Some(trigger) = prepared.trigger.clone() {
            logger = logger.dump_on(trigger);
        }
        let max_level = level_filter(prepared.record.least_level());
        let logger = logger.filter(prepared.record.clone());
        log::set_boxed_logger(Box::new(logger)).map_err(|_| {
            io::Error::new(
                io::ErrorKind::AlreadyExists,
                "the program has a logger already: let this be the only one",
            )
        })?;
        log::set_max_level(max_level);
        Ok(prepared.finish())
    }
}

fn level_filter(least: Option<Level>) -> LevelFilter {
    match least {
        None => LevelFilter::Off,
        Some(Level::Error) => LevelFilter::Error,
        Some(Level::Warn) => LevelFilter::Warn,
        Some(Level::Info) => LevelFilter::Info,
        Some(Level::Debug) => LevelFilter::Debug,
        Some(Level::Trace) => LevelFilter::Trace,
    }
}
