//! What closed spans leave is bounded, however many there were, and however long their fields; and an open one
//! holds little more than its text. One test, so that nothing else runs.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use circular_core::Ring;
use circular_tracing::RingLayer;
use tracing::field::Empty;
use tracing::{Dispatch, Span, dispatcher};
use tracing_subscriber::prelude::*;

/// Bytes that are allocated and not freed.
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counting.
struct Counting;

#[expect(unsafe_code, reason = "an allocator cannot be written without")]
// SAFETY: every call is handed to the system's allocator as it came; counting touches no memory but an
// atomic.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Relaxed);
        // SAFETY: what the caller promises is what the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above; `block` came from the system's allocator, as every block here does.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn span(length: usize) -> Span {
    let span = tracing::info_span!(
        "span",
        text = "x".repeat(length),
        later = Empty,
        never = Empty
    );
    span.record("later", length);
    span
}

/// One after another, most of them short, and some of all lengths up to two pages.
fn one_by_one() {
    for number in 0..100_000 {
        let length = if number % 25 == 0 { 8192 } else { 64 };
        span(number % length).in_scope(|| tracing::info!("in a span"));
    }
}

/// All at once, of a thousand bytes each.
fn at_once() {
    let spans: Vec<Span> = (0..20_000).map(|_| span(1000)).collect();
    tracing::info!("in none of them");
    // Those that were opened last are not closed first.
    drop(spans);
}

fn a_few_of_a_mebibyte() {
    for _ in 0..10 {
        let _outer = span(1 << 20).entered();
        let _inner = span(1 << 20).entered();
        tracing::info!(text = "x".repeat(1 << 20), "in two");
    }
}

/// How much more is live after `work` than before it.
fn left_by(work: fn(), dispatch: &Dispatch) -> usize {
    dispatcher::with_default(dispatch, || {
        // The thread has its buffer.
        tracing::info!("{}", "x".repeat(64 << 10));
        let before = LIVE.load(Relaxed);
        work();
        LIVE.load(Relaxed).saturating_sub(before)
    })
}

const OPEN: usize = 3000;

/// What each of many open spans holds: after it was opened with `length` bytes of text, after as much was
/// recorded, and after one digit more.
fn held_by_open(length: usize, dispatch: &Dispatch) -> [usize; 3] {
    dispatcher::with_default(dispatch, || {
        let mut spans = Vec::with_capacity(OPEN);
        let text = "x".repeat(length);
        let before = LIVE.load(Relaxed);
        let held = || LIVE.load(Relaxed).saturating_sub(before) / OPEN;
        spans.extend((0..OPEN).map(|_| tracing::info_span!("span", text, a = Empty, b = Empty)));
        let opened = held();
        for span in &spans {
            span.record("a", &*text);
        }
        let recorded = held();
        for span in &spans {
            span.record("b", 1);
        }
        [opened, recorded, held()]
    })
}

/// Its text, a fifth of that, and little else.
fn open_spans_hold_their_text() {
    let ring = || Ring::new(1 << 16).unwrap();
    for length in [0, 50, 500, 1500, 5000] {
        let text = tracing_subscriber::registry().with(RingLayer::new(ring()));
        let json = tracing_subscriber::registry().with(RingLayer::new(ring()).json());
        for dispatch in [text.into(), json.into()] {
            let registrys = held_by_open(length, &tracing_subscriber::registry().into());
            let held = held_by_open(length, &dispatch);
            for (step, texts) in [1, 2, 2].into_iter().enumerate() {
                let own = held[step].saturating_sub(registrys[step]);
                let expected = length * texts * 6 / 5 + 300;
                assert!(
                    own <= expected,
                    "{own} for {texts} times {length} bytes, step {step}"
                );
            }
        }
    }
}

const LITTLE: usize = 64 << 10;

#[test]
fn closed_spans_leave_little() {
    let ring = || Ring::new(1 << 16).unwrap();
    let text = tracing_subscriber::registry().with(RingLayer::new(ring()));
    let json = tracing_subscriber::registry().with(RingLayer::new(ring()).json());
    // The registry keeps places for as many spans as there ever were.
    let without_layer = left_by(at_once, &tracing_subscriber::registry().into());
    for dispatch in [text.into(), json.into()] {
        let left = left_by(one_by_one, &dispatch);
        assert!(left < LITTLE, "{left} after many");
        let left = left_by(at_once, &dispatch).saturating_sub(without_layer);
        assert!(
            left < 8 << 20,
            "{left} after many at once, of 20 MB and more"
        );
        let left = left_by(at_once, &dispatch);
        assert!(left < LITTLE, "{left} after as many again");
        let left = left_by(a_few_of_a_mebibyte, &dispatch);
        assert!(left < LITTLE, "{left} after long ones");
    }
    open_spans_hold_their_text();
}
