//! What readers get of a process that a panic is about to abort.
//!
//! Invariant: it ends when its patience does, in whatever state the thread and all others are. So nothing is
//! slept on: the ring's lock is tried for, and whether readers are done is looked at again after a moment.

use crate::ring::readers::Flush;
use crate::ring::shared::Shared;
use crate::sys::no_wait::OwnAtEnd;
use crate::sys::underway::LOOK;
use std::mem;
use std::thread;
use std::time::{Duration, Instant};

/// As good as for ever, and a time that can be counted with.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

pub(super) struct LastFlush<'a> {
    pub(super) shared: &'a Shared,
    /// What this thread is in, which can get nothing.
    pub(super) own: OwnAtEnd,
    /// What is left of it.
    pub(super) patience: Duration,
}

impl LastFlush<'_> {
    /// Waits until readers have written and flushed what was written to the ring before this call.
    pub(super) fn wait(&mut self) {
        let began = Instant::now();
        self.wait_by(began, began + self.patience.min(LONGEST));
        self.patience = self.patience.saturating_sub(began.elapsed());
    }

    fn wait_by(&self, began: Instant, deadline: Instant) {
        let shared = self.shared;
        let mut flush = None;
        let mut all_woken = false;
        // A redaction hook may have forked, and this be the child.
        while !shared.generation.is_past() {
            let Some(mut state) = shared.state.lock_by(deadline) else {
                return;
            };
            let flush = flush.get_or_insert(Flush {
                offset: state.head.position.offset,
                joined: state.readers.joined(),
                began,
            });
            if !state.readers.ask_to_flush_at_end(flush, &self.own) {
                return;
            }
            // Once: whoever goes to sleep from here on has seen that it is asked to flush.
            let wakes = !mem::replace(&mut all_woken, true);
            let napping = wakes && mem::take(&mut state.napping);
            let asleep = wakes && shared.take_asleep(&state);
            drop(state);
            if napping {
                shared.nap.notify_all();
            }
            if asleep {
                shared.not_empty.notify_all();
            }
            if Instant::now() >= deadline {
                return;
            }
            thread::sleep(LOOK);
        }
    }
}
