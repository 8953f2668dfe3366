//! How a sink that puts its flushes off and the reader that feeds it understand each other.
//!
//! Between them may be any wrapper, which knows only of `flush`: so it goes past it, by the thread.
//! Invariant: what a sink has put off never counts as flushed.

use crate::sys::sync::thread_cell;
use std::cell::Cell;
use std::io;

thread_cell! {
    static FLUSH: Flush = Flush::MayBeDeferred;
}

/// The flush that this thread is in, or would be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flush {
    MayBeDeferred,
    WasDeferred,
    /// Somebody waits for it, or it is the last.
    Must,
}

/// Flushes, and tells whether that was done; if it `must` be, no sink may put it off.
pub(crate) fn flush(must: bool, flush: impl FnOnce() -> io::Result<()>) -> io::Result<bool> {
    let asked = if must {
        Flush::Must
    } else {
        Flush::MayBeDeferred
    };
    // A sink's flush may feed another sink, or panic.
    let _outer = Outer(FLUSH.with(|now| now.replace(asked)));
    flush()?;
    Ok(FLUSH.with(Cell::get) != Flush::WasDeferred)
}

/// The flush around this one, of which it is to be again when this one is over.
struct Outer(Flush);

impl Drop for Outer {
    fn drop(&mut self) {
        FLUSH.with(|now| now.set(self.0));
    }
}

/// Puts the flush that this thread is in off, and tells whether that may be.
pub(crate) fn try_defer() -> bool {
    FLUSH.with(|now| {
        let may_be = now.get() != Flush::Must;
        if may_be {
            now.set(Flush::WasDeferred);
        }
        may_be
    })
}
