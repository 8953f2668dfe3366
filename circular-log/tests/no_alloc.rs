//! A log record allocates nothing once its thread has logged a line as long. One test, so that
//! nothing else runs.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::thread;

use circular_core::{Ring, Targets};
use circular_log::RingLogger;
use log::LevelFilter;

thread_local! {
    /// Allocations of this thread. Has no destructor, so that the allocator may use it at any time.
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counting for each thread.
struct Counting;

fn count() {
    COUNT.with(|count| count.set(count.get() + 1));
}

#[expect(unsafe_code, reason = "an allocator cannot be written without")]
// SAFETY: every call is handed to the system's allocator as it came; counting touches no memory but
// a thread-local without a destructor, and does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: what the caller promises is what the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above; `block` came from the system's allocator, as every block here does.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Log calls of all kinds, none longer than the first.
fn log_some(round: u32) {
    log::error!("the longest of these lines, {round:>100}, and it comes first");
    log::info!("plain");
    log::debug!(target: "elsewhere", "round {round} of {:?}", Some(1.5));
    log::warn!(round, name = "ann", ratio = 0.5, list:? = [1, 2, 3]; "with pairs");
    log::trace!("filtered out");
}

#[test]
fn a_warm_thread_allocates_nothing() {
    // What `recorder` makes.
    let ring = Ring::new(1 << 16).unwrap();
    let handle = ring.handle();
    let targets: Targets = "debug,elsewhere=trace".parse().unwrap();
    log::set_max_level(LevelFilter::Trace);
    log::set_boxed_logger(Box::new(RingLogger::new(ring).filter(targets))).unwrap();

    let rounds = || {
        log_some(0);
        let before = COUNT.get();
        // Enough to go round the ring a few times.
        for round in 0..2000 {
            log_some(round);
        }
        COUNT.get() - before
    };
    let here = rounds();
    let there = thread::spawn(rounds).join().unwrap();
    assert_eq!(
        (here, there),
        (0, 0),
        "allocations in 10,000 log calls of each thread"
    );
    assert!(handle.stats().overwritten > 0, "the ring was full");
}
