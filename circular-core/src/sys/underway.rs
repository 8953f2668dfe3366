//! Dumps that are being written, and whether they get on: for who is about to end the process.
//!
//! A dump that is cut off is worth nothing, so who ends the process waits for those of other threads.
//! Their sign of life is that they get on with bytes or records; without one for a while, they are not
//! waited for any more.

use crate::sys::fork::Generation;
use crate::sys::presence::Presence;
use std::cell::Cell;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

/// How long a dump that gets no further is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// How often to look: there is nothing that could be waited for in every state of a thread.
pub(crate) const LOOK: Duration = Duration::from_millis(1);

static DUMPS: Presence = Presence::new();
/// Moves on whenever a dump does.
static PROGRESS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// How many of the dumps are this thread's. Without a destructor, so it can be asked until the
    /// thread is gone.
    static OWN: Cell<u32> = const { Cell::new(0) };
}

fn own() -> u32 {
    OWN.try_with(Cell::get).unwrap_or(0)
}

/// A dump that is being made until this is dropped.
#[derive(Debug)]
pub(crate) struct Underway(Generation);

impl Underway {
    pub(crate) fn begin(generation: Generation) -> Self {
        DUMPS.enter(generation);
        let _ = OWN.try_with(|own| own.set(own.get() + 1));
        got_on();
        Self(generation)
    }
}

impl Underway {
    /// Whether the process was forked since: the dump is its parent's.
    pub(crate) fn is_past(&self) -> bool {
        self.0.is_past()
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        DUMPS.leave(self.0);
        let _ = OWN.try_with(|own| own.set(own.get().saturating_sub(1)));
    }
}

/// Says that a dump gets on.
pub(crate) fn got_on() {
    PROGRESS.fetch_add(1, Relaxed);
}

/// Waits for the dumps of other threads, for as long as they get on.
pub(crate) fn wait_for_others() {
    let generation = Generation::current();
    let mut patience = Patience::while_it_gets_on();
    while DUMPS.count(generation) > own() && !patience.is_over() {
        thread::sleep(LOOK);
    }
}

/// How long to wait for another thread's dump.
pub(crate) struct Patience {
    since: Instant,
    /// The last sign of life, if that is what counts.
    seen: Option<u64>,
}

impl Patience {
    /// So long in all.
    pub(crate) fn in_all() -> Self {
        Self {
            since: Instant::now(),
            seen: None,
        }
    }

    /// So long without a sign of life.
    pub(crate) fn while_it_gets_on() -> Self {
        Self {
            seen: Some(PROGRESS.load(Relaxed)),
            ..Self::in_all()
        }
    }

    pub(crate) fn is_over(&mut self) -> bool {
        if let Some(seen) = &mut self.seen {
            let now = PROGRESS.load(Relaxed);
            if *seen != now {
                *seen = now;
                self.since = Instant::now();
            }
        }
        self.since.elapsed() >= PATIENCE
    }
}
