//! A span that was opened and is gone leaves nothing in a layer, even if `tracing` never tells the layer that it
//! is closed.
//!
//! One test, so that nothing else runs. Its first part has a global subscriber, as `tracing` drops an event
//! inside an event while there is a scoped one.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use circular_core::Ring;
use circular_tracing::RingLayer;
use tracing::field::{Empty, display};
use tracing::span::{Attributes, Id};
use tracing::{Dispatch, Span, Subscriber, dispatcher};
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Registry, registry, reload};

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

struct Logs;

impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tracing::info!("inner");
        f.write_str("value")
    }
}

struct Panics;

impl fmt::Display for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Past the hook, which would print it.
        resume_unwind(Box::new("on purpose"));
    }
}

const TIMES: usize = 10_000;

/// How much more is live after many calls of `work` than after a few.
fn left_by(mut work: impl FnMut()) -> usize {
    (0..100).for_each(|_| work());
    let before = LIVE.load(Relaxed);
    (0..TIMES).for_each(|_| work());
    LIVE.load(Relaxed).saturating_sub(before)
}

/// For all of them.
const LITTLE: usize = 64 << 10;

fn ring() -> Ring {
    Ring::new(1 << 16).unwrap()
}

type Boxed = Box<dyn Layer<Registry> + Send + Sync>;

/// The span is off for all of these but the first, and its value logs when the first shows it.
fn values_that_log_in_a_span_that_is_off() {
    let is_on = || filter_fn(|meta| !meta.is_span() || meta.name() != "off");
    let layers: Vec<Boxed> = vec![
        RingLayer::new(ring()).boxed(),
        RingLayer::new(ring())
            .with_filter(LevelFilter::INFO)
            .boxed(),
        RingLayer::new(ring()).json().with_filter(is_on()).boxed(),
    ];
    registry().with(layers).init();
    let text = "x".repeat(500);
    let left = left_by(|| {
        let span = tracing::debug_span!("off", text, logs = %Logs, later = Empty);
        span.in_scope(|| tracing::info!("in it"));
        span.record("later", display(Logs));
    });
    assert!(left < LITTLE, "{left} after values that log");
}

/// Panics as a value does, but keeps nothing.
struct PanicsToo;

impl<S: Subscriber> Layer<S> for PanicsToo {
    fn on_new_span(&self, _: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        resume_unwind(Box::new("on purpose"));
    }
}

fn values_that_panic(layer: Boxed) -> usize {
    let text = "x".repeat(500);
    dispatcher::with_default(&registry().with(layer).into(), || {
        left_by(|| {
            let opens = || tracing::info_span!("span", text, panics = %Panics);
            catch_unwind(AssertUnwindSafe(opens)).unwrap_err();
        })
    })
}

fn values_that_panic_when_they_are_recorded(layer: Boxed) -> usize {
    let text = "x".repeat(500);
    dispatcher::with_default(&registry().with(layer).into(), || {
        left_by(|| {
            let span = tracing::info_span!("span", text, later = Empty);
            let records = || span.record("later", display(Panics)).is_none();
            catch_unwind(AssertUnwindSafe(records)).unwrap_err();
        })
    })
}

/// Drops the last handle of the span that the event is in.
struct Drops(RefCell<Option<Span>>);

impl fmt::Display for Drops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        drop(self.0.take());
        f.write_str("dropped")
    }
}

fn values_that_close_the_events_span(layer: Boxed) -> usize {
    let text = "x".repeat(500);
    dispatcher::with_default(&registry().with(layer).into(), || {
        left_by(|| {
            let span = tracing::info_span!("span", text);
            let id = span.id();
            tracing::info!(parent: id, drops = %Drops(RefCell::new(Some(span))), "done");
        })
    })
}

/// Spans that are open while the layer is in, and closed while it is out.
fn closed_while_the_layer_is_out(layer: RingLayer) -> usize {
    let (layer, reload) = reload::Layer::new(Some(layer));
    let dispatch: Dispatch = registry().with(layer).into();
    let text = "x".repeat(500);
    dispatcher::with_default(&dispatch, || {
        left_by(|| {
            let span: Span = tracing::info_span!("span", text);
            let mut out = None;
            reload.modify(|layer| out = layer.take()).unwrap();
            drop(span);
            reload.modify(|layer| *layer = out.take()).unwrap();
        })
    })
}

#[test]
fn spans_that_are_gone_leave_nothing() {
    let forms: [fn() -> Boxed; 2] = [
        || RingLayer::new(ring()).boxed(),
        || RingLayer::new(ring()).json().boxed(),
    ];
    // `tracing` itself leaves something of such a span.
    let without = values_that_panic(PanicsToo.boxed());
    for form in forms {
        let left = values_that_panic(form()).saturating_sub(without);
        assert!(left < LITTLE, "{left} after values that panic");
        let left = values_that_panic_when_they_are_recorded(form());
        assert!(left < LITTLE, "{left} after values that panic later");
        let left = values_that_close_the_events_span(form());
        assert!(left < LITTLE, "{left} after values that close");
    }
    let left = closed_while_the_layer_is_out(RingLayer::new(ring()));
    assert!(left < LITTLE, "{left} after spans of another time");
    values_that_log_in_a_span_that_is_off();
}
