//! The one-line set-up: logger, `RUST_LOG`, maximum level.

use std::env;
use std::io::{self, Write as _};

use env_filter::FilteredLog;
use log::SetLoggerError;

use crate::RingLogger;
use crate::filter::{self, Ignored};

/// Makes `ring` the program's log, filtered by `RUST_LOG`. It may be a [`RingLogger`] as well, one with a
/// [`dump_on`](RingLogger::dump_on) say.
///
/// A recorder is meant to be on always and to know more than the console. So without `RUST_LOG`, or
/// with an empty one, everything down to DEBUG is recorded.
///
/// # `RUST_LOG`
///
/// Directives with commas between them, as [`env_filter`](https://docs.rs/env_filter) reads them: a
/// level (`info`), a target (`my_crate::db`, all of it), or both (`my_crate=warn`). A target stands
/// for everything that begins with it, and the longest one that fits counts. Once there is a
/// directive, a target that none of them fits is off. [`log::max_level`] is set to the most that
/// any of them lets through.
///
/// A part that does not parse is named in a line on stderr, and the others hold. When no directive
/// is left, DEBUG for everything holds. A misspelt level by itself (`inof`) is no error: it reads
/// as a target.
///
/// # The message
///
/// At the end of the directives, `/text` keeps only records whose message contains the text (or
/// matches it as a regular expression, when something in the program turns on the `regex` feature
/// of `env_filter`). The message of every record that passes the directives is then formatted once
/// more, which allocates, and panics where a `Display` returns an error.
///
/// # Errors
///
/// The one of [`log::set_boxed_logger`], passed on, when the program has a logger already. Nothing
/// is changed or printed then.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ring = circular_core::Ring::new(1 << 20)?;
/// circular_log::init(ring.clone())?;
/// assert!(circular_log::init(ring).is_err(), "a program has one logger");
/// # Ok(())
/// # }
/// ```
pub fn init(ring: impl Into<RingLogger>) -> Result<(), SetLoggerError> {
    let spec = env::var_os("RUST_LOG").unwrap_or_default();
    // What is not UTF-8 becomes the replacement character, and the part that has it does not parse.
    let (filter, ignored) = filter::parse(&spec.to_string_lossy());
    let max_level = filter.filter();
    log::set_boxed_logger(Box::new(FilteredLog::new(ring.into(), filter)))?;
    log::set_max_level(max_level);
    for part in &ignored {
        complain(part);
    }
    Ok(())
}

/// Says on stderr what is ignored. It is all that this crate ever prints, and [`init`] promises it.
///
/// Not through `eprintln!`, which panics when stderr is gone: a wrong `RUST_LOG` must not end the
/// program.
fn complain(part: &Ignored) {
    let _ = writeln!(io::stderr(), "circular-log: RUST_LOG: {part}");
}
