//! The log of one test, as text.
//!
//! Invariant: a thread's ring is there while its body runs, and what another thread says goes nowhere.

use std::cell::RefCell;
use std::io;
use std::sync::OnceLock;

use circular_core::{Closed, Notice, Part, Ring};
use log::{LevelFilter, Log, Metadata, Record};

use crate::logger::RingLogger;

/// More than a test says. It is not touched before it is needed.
const CAPACITY: usize = 4 << 20;

thread_local! {
    /// Whose log is kept.
    static HERE: RefCell<Option<RingLogger>> = const { RefCell::new(None) };
}

/// Returns what `body` says through `log`, TRACE and above, as lines without the time: for tests.
///
/// ```
/// fn order(items: usize) {
///     if items == 0 {
///         log::warn!(target: "shop", items; "nothing in it");
///     }
/// }
///
/// let log = circular_log::capture(|| order(0))?;
/// assert_eq!(log, " WARN shop: nothing in it items=0\n");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Which thread
///
/// `log` has one logger for the program. The first call sets one that keeps what is said on threads that are inside a
/// call of this, each for itself, and drops the rest; it sets [`log::max_level`] to TRACE. So tests that run beside each
/// other, each in its thread, get their own log each. What threads say that `body` starts is not heard, nor what tasks say that
/// run elsewhere.
///
/// A program that uses `tracing` as well takes `circular_tracing::capture`.
///
/// # More than a test says
///
/// It holds 4 MiB. Of more, the oldest goes, and a line like that of any reader says how much.
///
/// # Errors
///
/// `AlreadyExists` if the program has another logger; then `body` is not run. `OutOfMemory` if there are no 4 MiB.
///
/// # Panics
///
/// With what `body` panics with; then there is no text.
pub fn capture(body: impl FnOnce()) -> io::Result<String> {
    static SET: OnceLock<bool> = OnceLock::new();
    if !SET.get_or_init(|| log::set_logger(&ByThread).is_ok()) {
        let text = "the program has a logger already: where tests capture what is said, let nothing else set one";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
    }
    log::set_max_level(LevelFilter::Trace);
    let ring = Ring::new(CAPACITY)?;
    let handle = ring.handle();
    let mut reader = handle.reader().open();
    {
        let _back = Back(HERE.replace(Some(RingLogger::new(ring))));
        body();
    }

    // Its last ring is dropped, or a value that is being logged holds it still.
    handle.close();
    let mut text = String::new();
    loop {
        let batch = match reader.recv() {
            Ok(batch) => batch,
            Err(Closed) => return Ok(text),
        };
        text.push_str(&Notice::Text.missed(batch.missed()));
        for record in batch.records() {
            let line = record.text();
            let has_begin = matches!(record.part(), Part::Whole | Part::First);
            // The time, and a space behind it.
            let rest = line.split_once(' ').filter(|_| has_begin);
            text.push_str(rest.map_or(&*line, |(_, rest)| rest));
        }
    }
}

/// Puts the ring back that was there before, also when a test fails.
struct Back(Option<RingLogger>);

impl Drop for Back {
    fn drop(&mut self) {
        HERE.set(self.0.take());
    }
}

/// The program's logger: each thread's own, where there is one.
struct ByThread;

impl ByThread {
    /// Not kept borrowed: a value that is logged may call `capture` itself. None in a thread that is all but gone.
    fn here() -> Option<RingLogger> {
        HERE.try_with(|here| here.borrow().clone()).ok().flatten()
    }
}

impl Log for ByThread {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        Self::here().is_some_and(|logger| logger.enabled(metadata))
    }

    fn log(&self, record: &Record<'_>) {
        if let Some(logger) = Self::here() {
            logger.log(record);
        }
    }

    fn flush(&self) {}
}
