//! How many threads of this process are somewhere.
//!
//! Invariant: a forked child begins at none: the threads that were there are not here. Nothing waits
//! for a lock, so it may be asked in a panic hook and in an exit handler.

use crate::sys::fork::Generation;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;

/// The generation that counts in the upper half, and how many there are in the lower.
pub(crate) struct Presence(AtomicU64);

impl Presence {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    pub(crate) fn enter(&self, generation: Generation) {
        let number = generation.number();
        // It never gives `None`, so there is nothing to be told.
        let _ = self.0.fetch_update(SeqCst, SeqCst, |word| {
            let (of, count) = split(word);
            let count = if of == number { count } else { 0 };
            Some(join(number, count.saturating_add(1)))
        });
    }

    /// Where another generation has begun since, whoever leaves is not counted any more.
    pub(crate) fn leave(&self, generation: Generation) {
        let number = generation.number();
        let _ = self.0.fetch_update(SeqCst, SeqCst, |word| {
            let (of, count) = split(word);
            (of == number).then(|| join(number, count.saturating_sub(1)))
        });
    }

    /// How many there are in this generation.
    pub(crate) fn count(&self, generation: Generation) -> u32 {
        let (of, count) = split(self.0.load(SeqCst));
        if of == generation.number() { count } else { 0 }
    }
}

fn join(number: u32, count: u32) -> u64 {
    u64::from(number) << 32 | u64::from(count)
}

fn split(word: u64) -> (u32, u32) {
    let half = |word: u64| u32::try_from(word & u64::from(u32::MAX)).unwrap_or_default();
    (half(word >> 32), half(word))
}
