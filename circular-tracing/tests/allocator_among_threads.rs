//! A global allocator that logs, and threads that meet at the same locks. A lock that allocates when a thread waits
//! for it the first time, and keeps locks of its own meanwhile, is asked for again in what the allocator says.
//!
//! One test: allocator and subscriber are global.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use circular_core::Ring;
use circular_tracing::RingLayer;
use tracing::Span;
use tracing::field::Empty;
use tracing_subscriber::prelude::*;

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
        tracing::debug!(target: "allocator", size, "{what}");
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

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        say("frees", layout.size());
        // SAFETY: as above; `block` came from the system's allocator, as every block here does.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Logging = Logging;

const THREADS: u64 = 100;
const EVENTS: u64 = 100;
const SPANS: u64 = 10;

/// One line, in the span that all threads are in, as are those of the allocator.
fn event() {
    tracing::info!(target: "work", "in the span of all");
}

fn span(text: &str) {
    // Longer than what is kept of a closed span's memory, so each allocates.
    let own = tracing::info_span!("own", text, more = Empty).entered();
    own.record("more", text);
    tracing::info!(target: "work", "in a span of its own");
}

/// Waits at the barrier, works, and tells how much the allocator said.
fn work(all: Span, start: &Barrier) -> u64 {
    let text = "x".repeat(3000);
    // What a thread does the first time may allocate in locks of `tracing`'s, and while its list of spans is borrowed.
    let _in_it = all.entered();
    event();
    span(&text);
    start.wait();
    SAYS.set(true);
    // Nothing of these allocates but who waits for a lock, if that does.
    (0..EVENTS).for_each(|_| event());
    (0..SPANS).for_each(|_| span(&text));
    SAYS.set(false);
    SAID.get()
}

#[test]
fn threads_that_meet_at_a_lock_do_not_wait_for_what_their_allocator_says() {
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    tracing_subscriber::registry()
        .with(RingLayer::new(ring))
        .init();
    // Whoever copies it is often interrupted, and the others wait.
    let all = tracing::info_span!("all", text = "y".repeat(60_000));
    // What logs for the first time is made known in a lock of `tracing`'s.
    SAYS.set(true);
    say("first", 0);
    SAYS.set(false);
    let first = SAID.get();

    let start = Arc::new(Barrier::new(usize::try_from(THREADS).unwrap()));
    let (done, is_done) = mpsc::channel();
    for _ in 0..THREADS {
        let (all, start, done) = (all.clone(), Arc::clone(&start), done.clone());
        thread::spawn(move || done.send(work(all, &start)));
    }
    let mut said = first;
    for _ in 0..THREADS {
        said += is_done
            .recv_timeout(Duration::from_secs(60))
            .expect("no thread waits for what its own allocator says");
    }
    let work = THREADS * (1 + EVENTS + 1 + SPANS);
    assert!(
        said > THREADS * SPANS,
        "the allocator had something to say: {said}"
    );
    assert_eq!(handle.stats().written, work + said);
}
