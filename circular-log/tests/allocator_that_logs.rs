//! A global allocator that logs each allocation and each free. The logger allocates and frees nothing while the
//! ring is locked, so it does not wait for itself.
//!
//! One test: allocator and logger are global.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use circular_core::Ring;
use circular_log::RingLogger;

thread_local! {
    /// Whether this thread's allocations are logged. Has no destructor, so that the allocator may use it at
    /// any time.
    static SAYS: Cell<bool> = const { Cell::new(false) };
    static SAID: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, which says what it does, but not what it does for that.
struct Logging;

fn say(what: &str, size: usize) {
    if SAYS.replace(false) {
        SAID.set(SAID.get() + 1);
        log::debug!(target: "allocator", size; "{what}");
        SAYS.set(true);
    }
}

#[expect(unsafe_code, reason = "an allocator cannot be written without")]
// SAFETY: every call is handed to the system's allocator as it came; what is said before touches no memory of
// the caller's.
unsafe impl GlobalAlloc for Logging {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        say("allocates", layout.size());
        // SAFETY: what the caller promises is what the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        say("allocates again", size);
        // SAFETY: as above; `block` came from the system's allocator, as every block here does.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        say("frees", layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Logging = Logging;

#[test]
fn what_the_allocator_says_is_recorded() {
    let ring = Ring::new(64 << 20).unwrap();
    let handle = ring.handle();
    log::set_boxed_logger(Box::new(RingLogger::new(ring))).unwrap();
    log::set_max_level(log::LevelFilter::Trace);

    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        SAYS.set(true);
        // Each line is longer than all before, and from 64 KiB on the thread's buffer is given back.
        for length in (1..200).map(|n| n * 500) {
            let text = "x".repeat(length);
            log::info!(target: "work", text:?; "as long as {}", format_args!("{text}"));
        }
        SAYS.set(false);
        done.send(SAID.get()).unwrap();
    });
    let said = is_done
        .recv_timeout(Duration::from_secs(100))
        .expect("the thread does not wait for itself");
    assert!(said > 400, "the allocator had something to say: {said}");
    let snapshot = handle.snapshot();
    let count = |target| {
        let records = snapshot.records();
        records.filter(|record| record.target() == target).count() as u64
    };
    assert_eq!((count("allocator"), count("work")), (said, 199));
    assert_eq!(handle.stats().overwritten, 0);
}
