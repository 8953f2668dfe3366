//! What is to be done when a ring loses memory: somebody has cut its file, and zeroes have taken the place of what was there.
//!
//! Invariant: no record is handed out that has other bytes than it was written with, and none is lost that was begun after
//! the file was cut. Nothing of this is on a write's way.
//!
//! The handler of SIGBUS (`crash/cut.rs`) counts a loss ([`Lost::begin`]) before it puts other memory there. From then on nothing
//! that was read without the lock counts, until somebody has mended the ring under it ([`Tape::mend`](crate::tape::Tape::mend)).
//!
//! * A reader asks for the number of losses, copies, and asks again, which looks at the end of the memory, too. If it has read a
//!   zero of the new memory, the loss was counted before: who comes to that memory while it is replaced waits in the handler.
//! * The record that is being written may have lost words that were stored already. Its writer finds that the bell was rung,
//!   as it looks for sleepers anyway, and stores the whole record once more where it is. A writer that begins later finds
//!   memory that stays.
//! * Records that were there before the loss count only if they lie in front of what was lost ([`Lost::bound`]).
//! * It happens once: from then on none of the memory is the file's.
//! * `committed`, `reserved` and `reach` may be zero. They are put right when the ring is mended, from the head, which is on the
//!   heap. Entries of the index that are zero name a record that does not count.

use std::ptr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64};

/// What the handler tells, and what was made of it.
#[derive(Debug)]
pub(crate) struct Lost {
    /// How often memory was lost.
    begun: AtomicU64,
    /// Up to which of these the ring has been mended, under its lock.
    mended: AtomicU64,
    /// Byte of DATA behind which all was lost.
    from: AtomicU64,
    /// Records that begin here or later were written after it.
    floor: AtomicU64,
    /// What a writer looks at when it has written.
    bell: AtomicPtr<AtomicBool>,
}

impl Lost {
    pub(crate) fn nothing() -> Self {
        Self {
            begun: AtomicU64::new(0),
            mended: AtomicU64::new(0),
            from: AtomicU64::new(u64::MAX),
            floor: AtomicU64::new(0),
            bell: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Has that rung when memory is lost. It is there as long as a handler may know of the ring.
    #[cfg(target_os = "linux")]
    pub(crate) fn set_bell(&self, bell: &AtomicBool) {
        self.bell.store(ptr::from_ref(bell).cast_mut(), Release);
    }

    /// Whether there is a handler that knows of the ring.
    pub(crate) fn has_bell(&self) -> bool {
        !self.bell.load(Relaxed).is_null()
    }

    /// What is to be rung after [`Self::begin`], if anything.
    #[cfg(target_os = "linux")]
    pub(crate) fn bell(&self) -> *const AtomicBool {
        self.bell.load(Acquire)
    }

    /// Says that all will be zero from that byte of DATA on. For the handler, before it is.
    #[cfg(any(test, target_os = "linux"))]
    pub(crate) fn begin(&self, from: u64) {
        self.from.fetch_min(from, SeqCst);
        self.begun.fetch_add(1, SeqCst);
    }

    /// The byte of DATA behind which all was lost, if it was.
    pub(crate) fn from(&self) -> u64 {
        self.from.load(SeqCst)
    }

    /// How often memory was lost.
    pub(crate) fn count(&self) -> u64 {
        self.begun.load(SeqCst)
    }

    /// Which loss the ring is still to be mended after.
    pub(crate) fn pending(&self) -> Option<u64> {
        let count = self.count();
        (count != self.mended.load(Relaxed)).then_some(count)
    }

    /// Says that the ring is mended after so many losses, and that only records from `floor` on were written later. The caller
    /// has the ring's lock.
    pub(crate) fn set_mended(&self, count: u64, floor: u64) {
        self.floor.store(floor, Relaxed);
        self.mended.store(count, Release);
    }

    /// Whether what was read of a record at `offset` does not count.
    #[inline]
    pub(crate) fn distrusts(&self, offset: u64, capacity: u64) -> bool {
        let mended = self.mended.load(Acquire);
        mended != self.begun.load(Acquire)
            || offset < self.floor.load(Relaxed) && offset % capacity >= self.from.load(Relaxed)
    }

    /// Up to where records from `offset` on count, of those up to `upto`.
    #[inline]
    pub(crate) fn bound(&self, offset: u64, upto: u64, capacity: u64) -> u64 {
        let floor = self.floor.load(Relaxed);
        if offset >= floor {
            return upto;
        }
        let (place, from) = (offset % capacity, self.from.load(Relaxed));
        match from.checked_sub(place) {
            // All of them are in front of it, or were written after it.
            Some(rest) if offset.saturating_add(rest) >= floor => upto,
            Some(rest) => upto.min(offset + rest),
            None => offset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPACITY: u64 = 1000;

    #[test]
    fn nothing_counts_until_it_is_mended() {
        let lost = Lost::nothing();
        assert!(!lost.distrusts(0, CAPACITY));
        assert_eq!((lost.pending(), lost.bound(0, 700, CAPACITY)), (None, 700));
        lost.begin(600);
        assert_eq!(lost.pending(), Some(1));
        assert!(lost.distrusts(0, CAPACITY) && lost.distrusts(5000, CAPACITY));
        lost.set_mended(1, 2500);
        assert_eq!(lost.pending(), None);
        // In front of what was lost, behind it, and what was written since.
        assert!(!lost.distrusts(2100, CAPACITY));
        assert!(lost.distrusts(1600, CAPACITY) && lost.distrusts(1999, CAPACITY));
        assert!(!lost.distrusts(2500, CAPACITY) && !lost.distrusts(2700, CAPACITY));
    }

    #[test]
    fn records_count_up_to_what_was_lost() {
        let lost = Lost::nothing();
        lost.begin(600);
        lost.set_mended(1, 2800);
        // A record that begins there may end behind it.
        assert_eq!(lost.bound(2500, 2900, CAPACITY), 2600);
        assert_eq!(lost.bound(2500, 2550, CAPACITY), 2550);
        assert_eq!(lost.bound(2700, 2900, CAPACITY), 2700);
        assert_eq!(lost.bound(2800, 2900, CAPACITY), 2900);
        // Twice, and the first one is further in front.
        lost.begin(800);
        lost.begin(0);
        lost.set_mended(3, 2800);
        assert_eq!(lost.bound(2500, 2900, CAPACITY), 2500);
        lost.begin(u64::MAX);
        assert_eq!(lost.from(), 0);
    }

    /// All of what is in front of it was written before, and all behind it later.
    #[test]
    fn a_ring_that_has_not_come_to_what_was_lost_has_lost_nothing() {
        let lost = Lost::nothing();
        lost.begin(600);
        lost.set_mended(1, 300);
        assert_eq!(lost.bound(0, 900, CAPACITY), 900);
        assert!(!lost.distrusts(100, CAPACITY) && !lost.distrusts(700, CAPACITY));
    }
}
