//! The backtrace of a panic, the last thing that is done of it.
//!
//! The standard library has one lock for backtraces, and holds it while its own panic hook prints one. A
//! thread whose hook is stuck in a full stderr holds it for ever, so who asks for a backtrace then waits
//! for ever. Invariant: none is asked for while another thread is in the hook that was there before, and
//! nobody goes into that while one is made, but for one that takes far too long.

use crate::sys::fork::Generation;
use crate::sys::presence::Presence;
use crate::sys::underway::{LOOK, PATIENCE};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::thread;
use std::time::Instant;

static IN_PREVIOUS: Presence = Presence::new();
static CAPTURES: Presence = Presence::new();

thread_local! {
    /// How many previous hooks this thread is in: with hooks of several rings, one in the other's.
    static OWN: Cell<u32> = const { Cell::new(0) };
}

fn own() -> u32 {
    OWN.try_with(Cell::get).unwrap_or(0)
}

/// Says that this thread is in the hook that was there before, until it is dropped.
pub(super) struct InPrevious(Generation);

impl InPrevious {
    pub(super) fn enter(generation: Generation) -> Self {
        IN_PREVIOUS.enter(generation);
        let _ = OWN.try_with(|own| own.set(own.get() + 1));
        // Whoever looked before that is making one now; whoever looks later makes none.
        let began = Instant::now();
        while CAPTURES.count(generation) > 0 && began.elapsed() < PATIENCE {
            thread::sleep(LOOK);
        }
        Self(generation)
    }
}

impl Drop for InPrevious {
    fn drop(&mut self) {
        IN_PREVIOUS.leave(self.0);
        let _ = OWN.try_with(|own| own.set(own.get().saturating_sub(1)));
    }
}

struct Capturing(Generation);

impl Drop for Capturing {
    fn drop(&mut self) {
        CAPTURES.leave(self.0);
    }
}

/// Hands the backtrace of this thread to `work`, or nothing where it might be waited for without end.
/// What `work` does with it, its formatting, needs the same lock.
pub(super) fn with<R>(generation: Generation, work: impl FnOnce(Option<Backtrace>) -> R) -> R {
    CAPTURES.enter(generation);
    let _capturing = Capturing(generation);
    let others = IN_PREVIOUS.count(generation) > own();
    work((!others).then(Backtrace::force_capture))
}
