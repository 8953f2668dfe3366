//! The words of shared truth: what is published, and what may have been stored.
//!
//! Invariant: neither ever decreases, and they have a cache line of their own: readers poll them while writers work on
//! the lock elsewhere.

use crate::format::layout::{COMMITTED, NEWEST, RESERVED};
use crate::memory::block::Line;
use crate::sys::sync::{self, AtomicU64};
use std::sync::atomic::AtomicU64 as Unshared;
use std::sync::atomic::Ordering::Relaxed;

pub(crate) struct Truth {
    line: Line,
    /// In a model, what is under the lock is not modelled.
    newest_of_model: Unshared,
}

impl Truth {
    pub(crate) fn new(line: Line) -> Self {
        Self {
            line,
            newest_of_model: Unshared::new(0),
        }
    }

    /// The end of what is published.
    #[inline(always)]
    pub(crate) fn committed(&self) -> &AtomicU64 {
        &self.line[COMMITTED]
    }

    /// The end of what may have been stored.
    #[inline(always)]
    pub(crate) fn reserved(&self) -> &AtomicU64 {
        &self.line[RESERVED]
    }

    /// The latest time of the records since the last entry of the index. It belongs to the head, and is used under its
    /// lock; here it lies because every write has this line, and in the lock's there is no room.
    #[inline(always)]
    pub(crate) fn newest(&self) -> u64 {
        if sync::IS_MODEL {
            return self.newest_of_model.load(Relaxed);
        }
        self.line[NEWEST].load(Relaxed)
    }

    #[inline(always)]
    pub(crate) fn set_newest(&self, nanos: u64) {
        if sync::IS_MODEL {
            return self.newest_of_model.store(nanos, Relaxed);
        }
        self.line[NEWEST].store(nanos, Relaxed);
    }
}
