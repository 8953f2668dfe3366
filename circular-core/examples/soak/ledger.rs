//! What the writers of a round have written, against which every reader is checked at its end.
//!
//! A record is in it once the ring has taken it: it must arrive, or be told as missed. The one that
//! close refused is not in it, though some of its parts may arrive.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub(crate) struct Ledger {
    /// How many records each writer has written.
    counts: Mutex<Vec<u64>>,
    was_cut_off: AtomicBool,
}

impl Ledger {
    /// Takes in another writer, which has written nothing, and tells which it is.
    pub(crate) fn hire(&self) -> usize {
        let mut counts = self.lock();
        counts.push(0);
        counts.len() - 1
    }

    /// So many are written by now.
    pub(crate) fn set(&self, writer: usize, count: u64) {
        self.lock()[writer] = count;
    }

    /// Close came where a record could be between its parts.
    pub(crate) fn cut_off(&self) {
        self.was_cut_off.store(true, Relaxed);
    }

    /// Whether a stream may end amid a record.
    pub(crate) fn was_cut_off(&self) -> bool {
        self.was_cut_off.load(Relaxed)
    }

    /// How many records each writer has written.
    pub(crate) fn written(&self) -> Vec<u64> {
        self.lock().clone()
    }

    /// A writer that panics leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, Vec<u64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
