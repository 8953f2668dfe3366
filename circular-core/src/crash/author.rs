//! Which handler it is that notes a crash.

use crate::crash::system::{self, Signal};

/// A handler, as long as it runs: its thread, and where it is on a stack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Author {
    pub(super) thread: u32,
    pub(super) frame: u64,
    /// How far the stack went that it has interrupted. That may be another one.
    interrupted: u64,
}

impl Author {
    /// Of the handler that has this as a local variable, and that signal.
    pub(super) fn with(local: &u8, signal: &Signal) -> Self {
        let frame = std::ptr::from_ref(local).addr();
        Self {
            thread: system::thread_id(),
            frame: frame as u64,
            interrupted: signal.stack_pointer().unwrap_or(frame) as u64,
        }
    }

    /// Whether it runs within the handler of a thread that is at `frame`: it has interrupted what that one calls. Stacks grow down.
    pub(super) fn is_within_that(self, thread: u32, frame: u64) -> bool {
        thread == self.thread
            && self.interrupted < frame
            && system::are_on_one_stack(self.interrupted, frame)
    }
}
