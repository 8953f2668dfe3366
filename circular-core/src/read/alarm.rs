//! Waking tasks that follow a ring in a file: nobody tells them when there is more, so they look again after a while.
//!
//! Invariant: no waker is called under the lock, and there is a thread as long as a task waits.

use crate::sys::fork::Generation;
use crate::sys::no_wait::NoWait;
use crate::sys::sync::{self, Condvar, Mutex, ThreadBuilder};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

/// A thread for which there is nothing more to do waits so long for a task that comes back.
const LINGER: Duration = Duration::from_secs(1);

/// Wakes tasks at a time, by one thread for all that use it.
pub(crate) struct Alarm {
    state: Mutex<State>,
    changed: Condvar,
    /// A forked child has the alarm, and not the thread.
    generation: Generation,
}

#[derive(Default)]
struct State {
    /// What is to be woken, and when.
    waiting: Vec<(Instant, Waker)>,
    runs: bool,
}

impl Alarm {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
            generation: Generation::current(),
        })
    }

    /// Has `waker` woken at `when`, once.
    ///
    /// # Errors
    ///
    /// Why there is no thread to do it; in a forked child there is none.
    pub(crate) fn wake_at(self: &Arc<Self>, when: Instant, waker: Waker) -> io::Result<()> {
        if self.generation.is_past() {
            let message = "a task cannot follow a ring that was opened before the process was forked: open it anew";
            return Err(io::Error::other(message));
        }
        let mut state = self.state.lock();
        let is_next = state.waiting.iter().all(|(other, _)| when < *other);
        state.waiting.push((when, waker));
        if std::mem::replace(&mut state.runs, true) {
            drop(state);
            // Else the thread wakes up in time by itself.
            if is_next {
                self.changed.notify_all();
            }
            return Ok(());
        }
        drop(state);
        let alarm = Arc::clone(self);
        let started = ThreadBuilder::new()
            .name("circular-alarm".into())
            .spawn(move || alarm.run());
        if let Err(error) = started {
            let mut state = self.state.lock();
            state.runs = false;
            let waiting = std::mem::take(&mut state.waiting);
            drop(state);
            // They ask again, and are told.
            waiting.into_iter().for_each(|(_, waker)| wake(waker));
            return Err(error);
        }
        Ok(())
    }

    /// Wakes until nothing waits.
    fn run(&self) {
        let mut lingers_until: Option<Instant> = None;
        loop {
            let mut state = self.state.lock();
            let next = state.waiting.iter().map(|(when, _)| *when).min();
            let now = sync::now();
            let Some(next) = next else {
                if lingers_until.is_some_and(|until| now >= until) {
                    state.runs = false;
                    return;
                }
                let until = *lingers_until.get_or_insert(now + LINGER);
                self.changed.wait(&mut state, Some(until));
                continue;
            };
            lingers_until = None;
            if now < next {
                self.changed.wait(&mut state, Some(next));
                continue;
            }
            let (due, later) = std::mem::take(&mut state.waiting)
                .into_iter()
                .partition(|(when, _)| *when <= now);
            state.waiting = later;
            drop(state);
            let due: Vec<(Instant, Waker)> = due;
            due.into_iter().for_each(|(_, waker)| wake(waker));
        }
    }
}

impl std::fmt::Debug for Alarm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Alarm").finish_non_exhaustive()
    }
}

/// It is foreign code: what it does to itself is nothing to the others.
fn wake(waker: Waker) {
    let _entered = NoWait::enter();
    // A panic has been told by its hook.
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
}
