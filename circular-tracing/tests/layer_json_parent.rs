//! JSON: the span that an event is in is the one that it was in when it was said, whatever its fields do while
//! they are shown.

use std::cell::RefCell;
use std::fmt;
use std::thread;

use circular_core::Ring;
use circular_tracing::RingLayer;
use tracing::field::Empty;
use tracing::span::EnteredSpan;
use tracing::subscriber::with_default;
use tracing::{Span, dispatcher};
use tracing_subscriber::prelude::*;

fn json(events: impl FnOnce()) -> Vec<String> {
    let ring = Ring::new(1 << 16).unwrap();
    let handle = ring.handle();
    let layer = RingLayer::new(ring)
        .json()
        .without_time()
        .with_level(false)
        .with_target(false);
    with_default(tracing_subscriber::registry().with(layer), events);
    let text = String::from_utf8(handle.snapshot().into_bytes()).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Does something with what it holds when it is shown.
struct Shown<T, F>(RefCell<Option<T>>, F);

impl<T, F: Fn(T)> Shown<T, F> {
    fn new(held: T, does: F) -> Self {
        Self(RefCell::new(Some(held)), does)
    }
}

impl<T, F: Fn(T)> fmt::Display for Shown<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.0.borrow_mut().take();
        held.into_iter().for_each(&self.1);
        f.write_str("shown")
    }
}

fn job() -> Span {
    tracing::info_span!("job", id = 7, late = Empty)
}

const DONE: &str = r#"{"fields":{"message":"done","x":"shown"},"#;

#[test]
fn a_field_that_drops_the_last_handle_of_the_named_span() {
    let of_job = DONE.to_owned() + r#""span":{"id":7,"name":"job"},"spans":[]}"#;
    let here = json(|| {
        let span = job();
        let id = span.id();
        tracing::info!(parent: id, x = %Shown::new(span, drop), "done");
    });
    assert_eq!(here, [&*of_job]);

    let after_a_record = json(|| {
        let span = job();
        let id = span.id();
        let shown = Shown::new(span, |span| _ = span.record("late", 1));
        tracing::info!(parent: id, x = %shown, "done");
    });
    let recorded = DONE.to_owned() + r#""span":{"id":7,"late":1,"name":"job"},"spans":[]}"#;
    assert_eq!(after_a_record, [recorded]);

    let in_another_thread = json(|| {
        let span = job();
        let id = span.id();
        let dispatch = dispatcher::get_default(Clone::clone);
        let shown = Shown::new(span, |span| {
            let drops = || dispatcher::with_default(&dispatch, || drop(span));
            thread::scope(|scope| scope.spawn(drops).join().unwrap());
        });
        tracing::info!(parent: id, x = %shown, "done");
    });
    assert_eq!(in_another_thread, [&*of_job]);

    let and_then_panics = json(|| {
        let span = job();
        let id = span.id();
        let shown = Shown::new(span, |span| {
            drop(span);
            std::panic::resume_unwind(Box::new("on purpose"));
        });
        let says = std::panic::AssertUnwindSafe(|| tracing::info!(parent: id, x = %shown, "done"));
        std::panic::catch_unwind(says).unwrap_err();
        // Its place is used again.
        let _next = tracing::info_span!("next", n = 1).entered();
        tracing::info!("next");
    });
    let panicked = of_job.replace("shown", "<panic>");
    let next = r#"{"fields":{"message":"next"},"span":{"n":1,"name":"next"},"spans":[{"n":1,"name":"next"}]}"#;
    assert_eq!(and_then_panics, [&*panicked, next]);
}

#[test]
fn a_field_that_leaves_the_current_span_or_enters_another() {
    let leave = |entered: EnteredSpan| drop(entered);
    let left = json(|| {
        let entered = job().entered();
        tracing::info!(x = %Shown::new(entered, leave), "done");
        tracing::info!("in none");
    });
    // The list is of the spans that are around when it is written, as in `fmt`.
    let of_job = DONE.to_owned() + r#""span":{"id":7,"name":"job"},"spans":[]}"#;
    assert_eq!(left, [&*of_job, r#"{"fields":{"message":"in none"}}"#]);

    let in_another = json(|| {
        let _outer = tracing::info_span!("outer", n = 1).entered();
        let entered = job().entered();
        tracing::info!(x = %Shown::new(entered, leave), "done");
    });
    let list = r#""spans":[{"n":1,"name":"outer"}]}"#;
    let of_job = DONE.to_owned() + r#""span":{"id":7,"name":"job"},"# + list;
    assert_eq!(in_another, [of_job]);

    let into_another = json(|| {
        let _outer = tracing::info_span!("outer", n = 1).entered();
        let stays = RefCell::new(None);
        let enter = |span: Span| *stays.borrow_mut() = Some(span.entered());
        tracing::info!(x = %Shown::new(job(), enter), "done");
    });
    let of_outer = DONE.to_owned() + r#""span":{"n":1,"name":"outer"},"#;
    let list = r#""spans":[{"n":1,"name":"outer"},{"id":7,"name":"job"}]}"#;
    assert_eq!(into_another, [of_outer + list]);
}

/// It is closed all the same: what comes in its place has nothing of it.
#[test]
fn events_inside_each_other_that_name_the_same_span() {
    let lines = json(|| {
        for _ in 0..3 {
            let span = job();
            let id = span.id();
            let inner = Shown::new(span, drop);
            let id = &id;
            tracing::info!(parent: id.clone(), x = %inner, y = %Shown::new((), |()| ()), "done");
            let again = job();
            again.in_scope(|| tracing::info!("again"));
        }
    });
    let of_job = r#"{"fields":{"message":"done","x":"shown","y":"shown"},"#.to_owned()
        + r#""span":{"id":7,"name":"job"},"spans":[]}"#;
    let again = r#"{"fields":{"message":"again"},"span":{"id":7,"name":"job"},"#.to_owned()
        + r#""spans":[{"id":7,"name":"job"}]}"#;
    assert_eq!(
        lines,
        [&of_job, &again]
            .repeat(3)
            .into_iter()
            .cloned()
            .collect::<Vec<_>>()
    );
}
