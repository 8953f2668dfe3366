//! A global allocator that logs each allocation and each free, as one does that looks for large ones. A layer
//! must not wait for itself: it allocates and frees nothing while it keeps anything locked.
//!
//! One test: allocator and subscriber are global.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use circular_core::{Handle, Ring};
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

const SPANS: usize = 3000;

fn span(number: usize, text: &str) -> Span {
    tracing::info_span!("span", number, text, a = Empty, b = Empty, c = Empty)
}

fn work(texts: &[String]) {
    // They are held, as a server's are, so the table grows; each next one is longer, so memory does.
    let mut held = Vec::with_capacity(SPANS);
    for number in 0..SPANS {
        held.push(span(number, &texts[number % texts.len()]));
    }
    for (number, span) in held.iter().enumerate() {
        span.record("a", &*texts[number % texts.len()]);
        span.record("b", number);
        span.record("a", &*texts[(number + 7) % texts.len()]);
    }
    // Around each other, and each event is longer than all before.
    let mut entered = Vec::with_capacity(20);
    for text in texts.iter().take(20) {
        let span = span(0, text);
        // `tracing` itself cannot be asked for the current span while its list of those grows.
        let says = SAYS.replace(false);
        entered.push(span.entered());
        SAYS.set(says);
        tracing::info!(target: "work", text, "in spans");
    }
    // Closed in two orders, and opened again in what is left.
    drop(entered);
    held.truncate(SPANS / 2);
    held.reverse();
    drop(held);
    let _again: Vec<_> = (0..SPANS).map(|number| span(number, "again")).collect();
}

fn count(handle: &Handle, target: &str) -> u64 {
    let snapshot = handle.snapshot();
    let records = snapshot.records();
    records.filter(|record| record.target() == target).count() as u64
}

#[test]
fn what_the_allocator_says_is_recorded() {
    // Nothing of it is overwritten.
    let [text, json] = [(); 2].map(|()| Ring::new(256 << 20).unwrap());
    let handles = [text.handle(), json.handle()];
    tracing_subscriber::registry()
        .with(RingLayer::new(text))
        .with(RingLayer::new(json).json())
        .init();
    let texts: Vec<_> = (1..=100).map(|n| "x".repeat(n * 40)).collect();
    // What logs for the first time is made known in a lock of `tracing`'s.
    work(&texts);
    let before = handles.each_ref().map(|handle| count(handle, "work"));

    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        SAYS.set(true);
        say("first", 0);
        work(&texts);
        SAYS.set(false);
        done.send(SAID.get()).unwrap();
    });
    let said = is_done
        .recv_timeout(Duration::from_secs(100))
        .expect("the thread does not wait for itself");
    assert!(said > 1000, "the allocator had something to say: {said}");
    for (handle, before) in handles.iter().zip(before) {
        assert_eq!(count(handle, "allocator"), said);
        assert_eq!(count(handle, "work") - before, 20);
        assert_eq!(handle.stats().overwritten, 0);
    }
}
