//! The one thread of a ring that wakes the tasks of its asynchronous readers.
//!
//! A writer never calls a waker: that is foreign code, and there may be a million writes a second. A task that has
//! had everything leaves its waker with the ring; this thread sleeps and naps as a reader does, and wakes the tasks
//! for which there is more. It starts with the first reader and ends with the last.
//!
//! Invariant: wakers are called and dropped without the lock.

use crate::ring::shared::{Shared, State, ThreadState};
use crate::sys::no_wait::NoWait;
use crate::sys::sync::ThreadBuilder;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;

/// How many tasks are woken at once.
const WAKERS: usize = 64;

/// One reader's share in the waker thread.
pub(crate) struct WakerThreadUse {
    shared: Arc<Shared>,
}

impl WakerThreadUse {
    pub(crate) fn new(shared: &Arc<Shared>) -> io::Result<Self> {
        let in_use = Self {
            shared: Arc::clone(shared),
        };
        let Some(mut state) = shared.lock() else {
            return Ok(in_use);
        };
        // From here on the drop undoes the count.
        state.waker_thread.readers += 1;
        while state.waker_thread.thread == ThreadState::Starting {
            // Another's first reader starts it now, or fails to.
            shared.tasks.wait(&mut state, None);
        }
        if state.waker_thread.thread == ThreadState::Runs {
            return Ok(in_use);
        }
        state.waker_thread.thread = ThreadState::Starting;
        drop(state);

        let started = ThreadBuilder::new().name("circular-waker".into()).spawn({
            let shared = Arc::clone(shared);
            move || run(&shared)
        });
        if let Some(mut state) = shared.lock() {
            state.waker_thread.thread = if started.is_ok() {
                ThreadState::Runs
            } else {
                ThreadState::None
            };
        }
        shared.tasks.notify_all();
        started.map(|_| in_use)
    }
}

impl Drop for WakerThreadUse {
    fn drop(&mut self) {
        let Some(mut state) = self.shared.lock() else {
            return;
        };
        state.waker_thread.readers -= 1;
        let is_last = state.waker_thread.readers == 0;
        drop(state);
        if is_last {
            self.shared.tasks.notify_all();
            self.shared.not_empty.notify_all();
            self.shared.nap.notify_all();
        }
    }
}

/// Wakes the tasks of asynchronous readers until there are none of either.
fn run(shared: &Shared) {
    let mut wakers: Vec<Waker> = Vec::with_capacity(WAKERS);
    let mut has_napped = false;
    let Some(mut state) = shared.lock() else {
        return;
    };
    while state.waker_thread.thread == ThreadState::Starting {
        shared.tasks.wait(&mut state, None);
    }
    while state.waker_thread.readers > 0 {
        let tasks = take_ready(&mut state, &mut wakers);
        if !wakers.is_empty() {
            drop(state);
            // A waker that logs must not wait here for the task that it is to wake.
            let _no_wait = NoWait::enter();
            for waker in wakers.drain(..) {
                // A waker that panics must not end the others' thread; the panic was told by the
                // hook.
                let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
            }
            has_napped = false;
            state = match shared.lock() {
                Some(state) => state,
                None => return,
            };
        } else if tasks {
            shared.sleep(&mut state, &mut has_napped, None);
        } else {
            state.waker_thread.is_idle = true;
            shared.tasks.wait(&mut state, None);
        }
    }
    state.waker_thread.thread = ThreadState::None;
}

/// Takes the wakers of tasks for which there is something, as many as there is room for, and tells
/// whether any task waits.
fn take_ready(state: &mut State, wakers: &mut Vec<Waker>) -> bool {
    let (head, closed) = (state.head.position.offset, state.closed);
    let mut any = false;
    for entry in state
        .readers
        .iter_mut()
        .filter(|entry| entry.waker.is_some())
    {
        any = true;
        if (entry.position.offset < head || closed) && wakers.len() < wakers.capacity() {
            wakers.extend(entry.waker.take());
        }
    }
    any
}
