//! How a trigger's thread is asked for a dump, and when it makes it.
//!
//! What is asked for is the seq up to which the next dump must go, and it stays until that is begun.
//! The thread sleeps on the ring's `dump_requested`, and everything here changes under the ring's lock; so no
//! request comes between its look and its sleep, and none is lost while it dumps. Only the first
//! request wakes it: an error in a loop costs a write and a lock each, no system call.
//!
//! A dump may go further than what it was asked for. A request that it has answered by then is none.

use crate::ring::shared::Shared;
use crate::sys::sync::{self, AtomicBool, AtomicU64, Mutex, thread_cell};
use std::cell::Cell;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// Nobody asks for a dump.
const NOTHING: u64 = 0;

thread_cell! {
    /// Whether this is a trigger's own thread.
    static OWN_THREAD: bool = false;
}

/// Says that this thread makes dumps: what it logs sets off none.
pub(super) fn enter_own_thread() {
    OWN_THREAD.with(|own| own.set(true));
}

/// What a trigger and its thread share. The atomics are atomic only to be reached without a list of
/// triggers: they are loaded and stored under the ring's lock, so Relaxed is enough.
pub(super) struct DumpRequest {
    shared: Arc<Shared>,
    /// The seq up to which somebody wants a dump, or [`NOTHING`].
    asked: AtomicU64,
    /// Whether nobody is left who could ask.
    is_dropped: AtomicBool,
    /// Never taken together with the ring's lock.
    stats: Mutex<TriggerStats>,
}

/// The dumps of a [`DumpTrigger`](crate::DumpTrigger).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TriggerStats {
    /// Dumps made.
    pub dumps: u64,
    /// Dumps that failed.
    pub failed: u64,
    /// What went wrong last: why a dump failed, or why an old one could not be removed when a new one
    /// was made. It stays when later dumps are made.
    pub last_error: Option<String>,
}

impl DumpRequest {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            asked: AtomicU64::new(NOTHING),
            is_dropped: AtomicBool::new(false),
            stats: Mutex::new(TriggerStats::default()),
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Asks for a dump of everything that is written by now.
    #[cold]
    pub(super) fn ask(&self) {
        if OWN_THREAD.try_with(Cell::get).unwrap_or(false) {
            return;
        }
        let Some(state) = self.shared.lock() else {
            return;
        };
        let before = self.asked.swap(state.head.position.seq, Relaxed);
        drop(state);
        if before == NOTHING {
            self.shared.dump_requested.notify_all();
        }
    }

    /// Says that nobody will ask again.
    pub(super) fn set_dropped(&self) {
        let Some(state) = self.shared.lock() else {
            return;
        };
        self.is_dropped.store(true, Relaxed);
        drop(state);
        self.shared.dump_requested.notify_all();
    }

    /// Sleeps until it is time for a dump; false if there will be none any more.
    pub(super) fn wait(&self, rate_limit: &mut RateLimit) -> bool {
        let Some(mut state) = self.shared.lock() else {
            return false;
        };
        loop {
            let is_last = state.closed || self.is_dropped.load(Relaxed);
            let asked = self.asked.load(Relaxed);
            if asked <= rate_limit.answered {
                // The last dump went that far; the next who asks shall wake this thread again.
                self.asked.store(NOTHING, Relaxed);
                if is_last {
                    return false;
                }
                self.shared.dump_requested.wait(&mut state, None);
            } else if is_last || rate_limit.is_time() {
                self.asked.store(NOTHING, Relaxed);
                rate_limit.begin(asked);
                return true;
            } else {
                self.shared
                    .dump_requested
                    .wait(&mut state, rate_limit.next());
            }
        }
    }

    pub(super) fn stats(&self) -> TriggerStats {
        if self.shared.generation.is_past() {
            return TriggerStats::default();
        }
        self.stats.lock().clone()
    }

    /// Counts a dump, which was made or failed, and keeps what went wrong, if anything did.
    pub(super) fn count(&self, made: bool, error: Option<String>) {
        let mut stats = self.stats.lock();
        stats.dumps += u64::from(made);
        stats.failed += u64::from(!made);
        if error.is_some() {
            let before = mem::replace(&mut stats.last_error, error);
            drop(stats);
            drop(before);
        }
    }
}

/// How a trigger's thread gets on; its own.
#[derive(Debug)]
pub(super) struct RateLimit {
    interval: Duration,
    /// When the last dump began.
    last: Option<Instant>,
    /// Up to which seq there was one, or an attempt at it.
    answered: u64,
}

impl RateLimit {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            interval,
            last: None,
            answered: 0,
        }
    }

    fn is_time(&self) -> bool {
        self.last
            .is_none_or(|last| sync::now().saturating_duration_since(last) >= self.interval)
    }

    /// When it is; `None` if only in so long that there is no such time.
    fn next(&self) -> Option<Instant> {
        self.last.and_then(|last| last.checked_add(self.interval))
    }

    fn begin(&mut self, asked: u64) {
        self.last = Some(sync::now());
        self.answered = asked;
    }

    /// The dump has got to this seq.
    pub(super) fn reached(&mut self, seq: u64) {
        self.answered = self.answered.max(seq);
    }
}

/// A trigger's thread, counted by its ring until this is dropped.
pub(super) struct Present(Arc<Shared>);

impl Present {
    /// `None` in a forked child.
    pub(super) fn join(shared: Arc<Shared>) -> Option<Self> {
        shared.lock()?.triggers += 1;
        Some(Self(shared))
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        let Some(mut state) = self.0.lock() else {
            return;
        };
        state.triggers -= 1;
        drop(state);
        self.0.ended.notify_all();
    }
}
