//! A ring as the program's log, and nothing else.

use log::{LevelFilter, SetLoggerError};

use crate::logger::RingLogger;

/// Makes `ring` the program's log, and records DEBUG and above: [`log::max_level`] is set to that. It may be a
/// [`RingLogger`] as well, one with a [`dump_on`](RingLogger::dump_on) or a [`filter`](RingLogger::filter), say.
///
/// It reads no variable: `RUST_LOG` says what a console is to show, and a recorder is to know more than that.
/// [`recorder`](crate::recorder()) reads both.
///
/// # Errors
///
/// The one of [`log::set_boxed_logger`], passed on, when the program has a logger already. Nothing
/// is changed then.
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
    log::set_boxed_logger(Box::new(ring.into()))?;
    log::set_max_level(LevelFilter::Debug);
    Ok(())
}
