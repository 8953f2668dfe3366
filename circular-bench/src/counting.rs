//! An allocator that counts, when asked to.
//!
//! Otherwise it adds one load that always finds the same: contenders that allocate are not to be slower for
//! it.

#![expect(unsafe_code, reason = "a global allocator is unsafe to implement")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

static ON: AtomicBool = AtomicBool::new(false);
/// Bytes that were asked for and not given back, by all threads, while it was on.
static HELD: AtomicI64 = AtomicI64::new(0);

thread_local! {
    /// How often this thread has asked for memory, while it was on. Without a destructor, so it can
    /// be counted up until the thread is gone.
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

#[derive(Debug)]
pub(crate) struct Counting;

/// How often `work` asks for memory on this thread.
pub(crate) fn allocations(work: impl FnOnce()) -> u64 {
    let before = ASKED.get();
    ON.store(true, Relaxed);
    work();
    ON.store(false, Relaxed);
    ASKED.get() - before
}

/// What `work` returns, and how many bytes it holds more than there were before. Not what the allocator
/// adds to them.
pub(crate) fn held<T>(work: impl FnOnce() -> T) -> (T, i64) {
    let before = HELD.load(Relaxed);
    ON.store(true, Relaxed);
    let made = work();
    ON.store(false, Relaxed);
    (made, HELD.load(Relaxed) - before)
}

#[cold]
fn note(asked: u64, more: usize, less: usize) {
    ASKED.set(ASKED.get() + asked);
    let bytes = |bytes: usize| i64::try_from(bytes).unwrap_or(i64::MAX);
    HELD.fetch_add(bytes(more) - bytes(less), Relaxed);
}

// SAFETY: everything is passed on to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if ON.load(Relaxed) {
            note(1, layout.size(), 0);
        }
        // SAFETY: what the caller promises is passed on.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if ON.load(Relaxed) {
            note(1, layout.size(), 0);
        }
        // SAFETY: what the caller promises is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if ON.load(Relaxed) {
            note(1, size, layout.size());
        }
        // SAFETY: what the caller promises is passed on.
        unsafe { System.realloc(memory, layout, size) }
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if ON.load(Relaxed) {
            note(0, 0, layout.size());
        }
        // SAFETY: what the caller promises is passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;
    use std::sync::{Mutex, PoisonError};

    /// There is one switch.
    static ALONE: Mutex<()> = Mutex::new(());

    #[test]
    fn counts_what_is_asked_for() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(allocations(|| drop(black_box(Box::new(1)))), 1);
        assert_eq!(allocations(|| drop(black_box(vec![0_u8; 100]))), 1);
        assert_eq!(allocations(|| ()), 0);
    }

    #[test]
    fn counts_what_is_held() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        // So much that what other tests' threads do meanwhile does not show.
        const MUCH: i64 = 1 << 30;
        let (made, bytes) = held(|| {
            drop(black_box(vec![0_u8; 1 << 30]));
            black_box(vec![0_u8; 1 << 30])
        });
        assert!((bytes - MUCH).abs() < MUCH / 10, "{bytes}");
        drop(made);
    }
}
