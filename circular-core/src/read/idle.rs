//! What a reader does that has had everything: it returns, sleeps, or has its task woken.
//!
//! Invariant: what asks to be woken is left under the same lock under which the reader saw that there is
//! nothing more, so no record comes between the two.

use crate::ring::readers::ReaderKey;
use crate::ring::shared::{Shared, State};
use crate::sys::no_wait;
use crate::sys::sync::{self, MutexGuard};
use std::mem;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Waker;
use std::time::{Duration, Instant};

/// After so many records that were filtered out, a reader tells how far it is, and a task lets others have
/// their turn.
pub(super) const FILTERED_PER_TURN: u64 = 4096;

/// How long a drained reader looks away before it asks writers to wake it, which costs them
/// hundreds of writes' time.
pub(crate) const NAP: Duration = Duration::from_millis(1);

/// What to do when the reader has had everything.
pub(crate) enum Idle<'a> {
    Return,
    Sleep {
        until: Option<Instant>,
    },
    /// Leave this waker in exchange for the one that was left before. If that wakes the same task, nothing is
    /// exchanged.
    Wake(&'a mut Option<Waker>),
}

impl Idle<'_> {
    /// Whether it is time to return, though there may be more.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Idle::Return | Idle::Wake(_) => true,
            Idle::Sleep { until } => sync::is_over(*until),
        }
    }

    /// Whether it is time to let others have their turn, after so many records that were filtered out.
    pub(super) fn is_tired(&self, filtered: u64) -> bool {
        matches!(self, Idle::Wake(_)) && filtered >= FILTERED_PER_TURN
    }

    /// There is more: a task shall ask again, when others have had their turn.
    pub(super) fn come_back(self) {
        if let Idle::Wake(Some(waker)) = self {
            no_wait::wake(waker);
        }
    }
}

/// Compares where they point to, and runs no code of theirs.
fn is_same_task(left: Option<&Waker>, new: Option<&Waker>) -> bool {
    left.zip(new).is_some_and(|(left, new)| left.will_wake(new))
}

impl Shared {
    /// Waits for more, or has it told; whether it is worth another look.
    pub(super) fn idle(
        &self,
        state: &mut MutexGuard<'_, State>,
        idle: &mut Idle<'_>,
        key: ReaderKey,
        has_napped: &mut bool,
    ) -> bool {
        match idle {
            Idle::Return => false,
            Idle::Wake(waker) => {
                if let Some(entry) = state.readers.get(key) {
                    if !is_same_task(entry.waker.as_ref(), waker.as_ref()) {
                        mem::swap(&mut entry.waker, waker);
                    }
                }
                if mem::take(&mut state.waker_thread.is_idle) {
                    self.tasks.notify_all();
                }
                false
            }
            Idle::Sleep { until } if sync::is_over(*until) => false,
            Idle::Sleep { until } => {
                self.sleep(state, has_napped, *until);
                true
            }
        }
    }

    /// Waits for a record: for a moment first, and if that brought none, until a write notifies.
    pub(crate) fn sleep(
        &self,
        state: &mut MutexGuard<'_, State>,
        has_napped: &mut bool,
        until: Option<Instant>,
    ) {
        if mem::replace(has_napped, true) {
            state.asleep.store(true, Relaxed);
            self.not_empty.wait(state, until);
        } else {
            let length = until.map_or(NAP, |until| {
                until.saturating_duration_since(sync::now()).min(NAP)
            });
            state.napping = true;
            self.nap.wait_for(state, length);
        }
    }
}
