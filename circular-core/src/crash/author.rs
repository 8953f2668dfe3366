//! Which handler it is that notes a crash.

use crate::crash::system::{self, Signal};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// A handler, as long as it runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Author {
    pub(super) thread: u32,
    /// Where it is on that thread's stack.
    pub(super) frame: u64,
    pub(super) is_on_alternate_stack: bool,
    /// How far the stack went that it has interrupted. That may be another one.
    interrupted: u64,
    /// No two have the same.
    pub(super) number: u64,
}

impl Author {
    /// Of the handler that has this as a local variable, and that signal.
    pub(super) fn with(local: &u8, signal: &Signal) -> Self {
        /// 0 is nobody's.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let frame = std::ptr::from_ref(local).addr();
        Self {
            thread: system::thread_id(),
            frame: frame as u64,
            is_on_alternate_stack: system::is_on_alternate_stack(),
            interrupted: signal.stack_pointer().unwrap_or(frame) as u64,
            number: NEXT.fetch_add(1, Relaxed),
        }
    }

    /// Of no handler, or of one that does not say which: where this local variable is.
    pub(super) fn here(local: &u8) -> Self {
        let frame = std::ptr::from_ref(local).addr() as u64;
        Self {
            thread: system::thread_id(),
            frame,
            is_on_alternate_stack: system::is_on_alternate_stack(),
            interrupted: frame,
            number: 0,
        }
    }

    /// Whether it runs within the handler of a thread that is at `frame`: it has interrupted what that one calls. Stacks grow down.
    pub(super) fn is_within_that(self, thread: u32, frame: u64) -> bool {
        thread == self.thread
            && self.interrupted < frame
            && system::are_on_one_stack(self.interrupted, frame)
    }
}
