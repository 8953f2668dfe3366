//! How often a thread has entered or left a span: whoever compares two counts knows, for next to nothing, whether it
//! is in the same span still.

use std::cell::Cell;

thread_local! {
    /// Has no destructor: it is there to a thread's end.
    static MOVES: Cell<u64> = const { Cell::new(0) };
}

/// To be called when this thread enters or leaves a span.
pub(crate) fn count() {
    MOVES.with(|moves| moves.set(moves.get().wrapping_add(1)));
}

/// How often it has.
pub(crate) fn counted() -> u64 {
    MOVES.with(Cell::get)
}
