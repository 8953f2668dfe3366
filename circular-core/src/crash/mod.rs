//! What is done when a signal comes that programs die of: SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT.
//!
//! Each ring that asked for it is told in its file what happened (`note.rs`), and of one on the heap the text is written to a
//! file (`text.rs`); then whatever was there before us has the signal (`former.rs`).
//!
//! Invariant: the program ends, or goes on, as it would without this: with the same status, the same core, and the same
//! words on stderr. And nothing in a handler can block, allocate, or fault: it may have interrupted anything, on a stack
//! of 8 KiB of which the system itself takes up to four.
//!
//! * The handlers are set once for the process, when the first ring asks, and stay (`handler.rs`). A write knows nothing
//!   of them.
//! * Rings stand in a list that is read without a lock (`watched.rs`). A ring's memory is there until no handler looks at
//!   it.
//! * A file that was cut is no crash: the program goes on without it (`cut.rs`).
//! * A forked child leaves its parent's rings alone.

#[cfg(target_os = "linux")]
mod author;
#[cfg(target_os = "linux")]
mod cut;
#[cfg(target_os = "linux")]
mod former;
#[cfg(target_os = "linux")]
mod handler;
#[cfg(target_os = "linux")]
mod note;
#[cfg(target_os = "linux")]
mod system;
#[cfg(target_os = "linux")]
pub(crate) mod text;
#[cfg(target_os = "linux")]
pub(crate) mod watched;

use crate::error::MappingError;
#[cfg(target_os = "linux")]
use crate::sys::sync;
use std::io::ErrorKind;

/// Has signals come to us, from now on.
#[cfg(target_os = "linux")]
pub(crate) fn install() -> Result<(), MappingError> {
    if sync::IS_MODEL {
        return Err(unsupported());
    }
    handler::install().map_err(|error| {
        let message = format!(
            "cannot have crashes noted, as the system refuses handlers for them: {error}; leave out crash_note, or say \
             or_heap(), which does without it"
        );
        MappingError::of_system(message, error)
    })
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn install() -> Result<(), MappingError> {
    Err(unsupported())
}

fn unsupported() -> MappingError {
    MappingError::new(
        ErrorKind::Unsupported,
        String::from(
            "a ring that notes crashes needs Linux: leave out crash_note on this system, or say or_heap(), which does \
             without it",
        ),
    )
}
