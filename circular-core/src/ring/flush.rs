//! Waiting until readers have passed on what was written, or have ended.
//!
//! Nothing here asks whether this thread may wait: that is for the caller ([`crate::sys::no_wait`]).

use crate::ring::readers::{Flush, earlier};
use crate::ring::shared::Shared;
use crate::sys::sync;
use std::mem;
use std::time::Instant;

impl Shared {
    /// Waits until every lossless reader has written and flushed all that was written before, but no longer than
    /// `deadline`; tells whether all were done by then.
    pub(crate) fn flush_until(&self, deadline: Option<Instant>) -> bool {
        // Nobody reads in a forked child.
        let Some(mut state) = self.lock() else {
            return true;
        };
        let flush = Flush {
            offset: state.head.position.offset,
            joined: state.readers.joined(),
            began: sync::now(),
        };
        let mut all_done = true;
        let mut all_woken = false;
        loop {
            let is_over = sync::is_over(deadline);
            let asked = state.readers.ask_to_flush(&flush, sync::now(), !is_over);
            if asked.demoted > 0 {
                all_done = false;
                self.count(&mut state, |counts| counts.demotions += asked.demoted);
                self.wake_first_in_line(&state);
                self.flushed.notify_all();
            }
            if !asked.any {
                return all_done && !asked.fails && state.lost_sinks == 0;
            }
            if is_over {
                return false;
            }
            // Once: whoever goes to sleep from here on has seen that it is asked to flush. Those with nothing
            // to do go back to sleep, and would be woken again and again.
            if !mem::replace(&mut all_woken, true) {
                let napped = self.end_naps(&mut state);
                if self.end_sleep(&mut state) || napped {
                    continue;
                }
            }
            let until = earlier(deadline, asked.until);
            self.flushed.wait(&mut state, until);
        }
    }

    /// Waits until all sinks are gone and all triggers' threads have ended but for those that this thread is
    /// in, so many; they do when the ring is closed.
    pub(crate) fn await_ended(&self, own: usize, deadline: Option<Instant>) {
        let Some(mut state) = self.lock() else {
            return;
        };
        while state.sinks + state.triggers > own && !sync::is_over(deadline) {
            self.ended.wait(&mut state, deadline);
        }
    }
}
