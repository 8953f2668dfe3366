//! Which handler it is that notes a crash.

use crate::crash::system;

/// A handler, as long as it runs: its thread, and where it is on a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Author {
    pub(super) thread: u32,
    pub(super) frame: u64,
}

impl Author {
    /// Of the handler that has this as a local variable.
    pub(super) fn with(local: &u8) -> Self {
        Self {
            thread: system::thread_id(),
            frame: std::ptr::from_ref(local).addr() as u64,
        }
    }
}
