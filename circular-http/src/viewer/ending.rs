//! Ends those who look at logs, in a server that is somebody else's.

use std::fmt;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};

use crate::viewer::viewers::Viewers;

/// Ends those who look at a log through `router`, without closing the ring; there is an example there.
///
/// A graceful shutdown waits for every response, and one that follows a log has no end by itself. So the
/// program keeps one of these, gives it to [`Options::ended_by`](crate::Options::ended_by), and calls
/// [`end`](Self::end) when the shutdown begins. What is written afterwards still goes to the ring, and to
/// its other readers.
///
/// Clones end the same viewers, and one can be given to any number of routers.
#[derive(Clone, Default)]
pub struct Ending(Arc<Shared>);

struct Shared {
    has_come: AtomicBool,
    ended: Mutex<Vec<Weak<Viewers>>>,
    /// Where it was made: a forked child must not wait for that lock, which a thread that it has not may hold.
    process: u32,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            has_come: AtomicBool::new(false),
            ended: Mutex::default(),
            process: process::id(),
        }
    }
}

impl Shared {
    /// `None` in a forked child, if it was locked at the fork.
    fn lock(&self) -> Option<MutexGuard<'_, Vec<Weak<Viewers>>>> {
        if self.process == process::id() {
            return Some(self.ended.lock().unwrap_or_else(PoisonError::into_inner));
        }
        match self.ended.try_lock() {
            Ok(ended) => Some(ended),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl Ending {
    /// Returns one that ends nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends every response that follows the log: with what is in the ring now, and in JSON lines and event
    /// streams with a last word, `{"id":…,"closed":true,"stopped":true}`. Returns at once; said again, it
    /// does nothing more.
    ///
    /// Who has not taken all of that after half a second is told what is missing, and ended. A response
    /// that does not follow ends by itself, and whoever asks from now on does not follow either. A client
    /// that takes nothing at all cannot be ended here, as its connection is the server's: give the
    /// shutdown a time limit, as for any other response.
    pub fn end(&self) {
        self.0.has_come.store(true, SeqCst);
        // Without the lock: it is others' code that is woken.
        let ended: Vec<_> = match self.0.lock() {
            Some(ended) => ended.iter().filter_map(Weak::upgrade).collect(),
            None => Vec::new(),
        };
        for viewers in ended {
            viewers.end();
        }
    }

    /// Has these ended too.
    pub(crate) fn add(&self, viewers: &Arc<Viewers>) {
        if let Some(mut ended) = self.0.lock() {
            ended.retain(|viewers| viewers.strong_count() > 0);
            ended.push(Arc::downgrade(viewers));
        }
        // If it came just now, it may not have seen them.
        if self.0.has_come.load(SeqCst) {
            viewers.end();
        }
    }
}

impl fmt::Debug for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ending")
            .field("has_come", &self.0.has_come)
            .finish_non_exhaustive()
    }
}
