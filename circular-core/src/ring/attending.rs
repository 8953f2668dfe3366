//! Those who take what a ring says to a place of their own, and are given time for it at the end.
//!
//! Invariant: the ring counts each from when it is made until it is dropped; joins and the exit wait for them.

use crate::ring::shared::Shared;
use std::fmt;
use std::sync::Arc;

/// Has joins and the exit wait, as far as their patience goes, until this is dropped. For the crates of this
/// project whose readers are no sinks.
#[doc(hidden)]
pub struct Attending(Arc<Shared>);

impl Attending {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        if let Some(mut state) = shared.lock() {
            state.sinks += 1;
        }
        Self(Arc::clone(shared))
    }
}

impl Drop for Attending {
    fn drop(&mut self) {
        if let Some(mut state) = self.0.lock() {
            state.sinks -= 1;
            drop(state);
            self.0.ended.notify_all();
        }
    }
}

impl fmt::Debug for Attending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attending").finish_non_exhaustive()
    }
}
