//! Events, and spans with up to eight fields, allocate nothing once everything has been as long and as
//! deep before. One test, so that nothing else runs.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::thread;

use circular_core::{Handle, Ring};
use circular_tracing::RingLayer;
use tracing::dispatcher::with_default;
use tracing::field::Empty;
use tracing::{Dispatch, Span};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

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

/// A span with eight fields, of all kinds, two of them recorded later.
fn span(round: u64) -> Span {
    let span = tracing::info_span!(
        "span",
        a = round,
        b = -1,
        c = 0.1,
        d = "a text",
        e = %"shown",
        f = ?Some("debugged"),
        g = Empty,
        h = Empty
    );
    span.record("h", "later");
    span.record("g", round);
    span.record("d", "another text");
    span
}

fn events(round: u64) {
    tracing::error!(round, text = "with \"quotes\"", "an event of {round}");
    tracing::info!(target: "elsewhere", float = 0.1, none = None::<u8>, list = ?[1, 2], "fields");
    tracing::debug!(error = &std::fmt::Error as &dyn std::error::Error);
    tracing::trace!("filtered out, if there is a filter");
}

/// Everything, four deep.
fn work(round: u64) {
    events(round);
    let one = span(round).entered();
    events(round);
    let two = span(round).entered();
    let three = span(round).entered();
    let four = span(round);
    four.in_scope(|| events(round));
    // Left in an odd order, and closed in another.
    drop(two);
    events(round);
    drop((one, four, three));
    tracing::info_span!("without fields").in_scope(|| events(round));
}

/// Allocations in many rounds, after a few that may allocate, and whose lines are as long as any.
fn allocations(dispatch: &Dispatch) -> u64 {
    with_default(dispatch, || {
        (0..3).for_each(|_| work(u64::MAX));
        let before = COUNT.get();
        (0..3000).for_each(work);
        COUNT.get() - before
    })
}

/// Allocations for opening a hundred spans that another thread closes, when it has done so before.
fn allocations_for_others(dispatch: &Dispatch) -> u64 {
    with_default(dispatch, || {
        let mut count = 0;
        for _ in 0..5 {
            let mut spans = Vec::with_capacity(100);
            let before = COUNT.get();
            spans.extend((0..100).map(|_| span(u64::MAX)));
            count = COUNT.get() - before;
            thread::spawn(|| drop(spans)).join().unwrap();
        }
        count
    })
}

/// As many as the page says.
const AT_ONCE: usize = 1024;

/// Allocations for opening that many at once, when as many were there before.
fn allocations_for_many_at_once(dispatch: &Dispatch) -> u64 {
    with_default(dispatch, || {
        let mut spans = Vec::with_capacity(AT_ONCE);
        let mut count = 0;
        for _ in 0..3 {
            let before = COUNT.get();
            spans.extend((0..AT_ONCE).map(|_| span(u64::MAX)));
            count = COUNT.get() - before;
            spans.clear();
        }
        count
    })
}

fn subscribers() -> Vec<(&'static str, Dispatch, Handle)> {
    let ring = || {
        let ring = Ring::new(1 << 16).unwrap();
        (ring.handle(), ring)
    };
    let registry = tracing_subscriber::registry;
    let (text_handle, text) = ring();
    let (json_handle, json) = ring();
    let (full_handle, full) = ring();
    let (filtered_handle, filtered) = ring();
    let text = RingLayer::new(text);
    let json = RingLayer::new(json).json();
    let full = RingLayer::new(full)
        .with_file(true)
        .with_line_number(true)
        .with_thread_names(true)
        .with_thread_ids(true);
    let filtered = RingLayer::new(filtered)
        .json()
        .flatten_event(true)
        .with_filter(LevelFilter::DEBUG);
    vec![
        ("text", registry().with(text).into(), text_handle),
        ("JSON", registry().with(json).into(), json_handle),
        ("all in it", registry().with(full).into(), full_handle),
        (
            "filtered",
            registry().with(filtered).into(),
            filtered_handle,
        ),
    ]
}

#[test]
fn a_warm_layer_allocates_nothing() {
    for (name, dispatch, handle) in subscribers() {
        let here = allocations(&dispatch);
        let for_others = allocations_for_others(&dispatch);
        let at_once = allocations_for_many_at_once(&dispatch);
        let there = thread::spawn(move || allocations(&dispatch))
            .join()
            .unwrap();
        assert_eq!((here, there, for_others, at_once), (0, 0, 0, 0), "{name}");
        assert!(handle.stats().overwritten > 0, "the ring was full");
    }
}
