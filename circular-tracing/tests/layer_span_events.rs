//! Lines of spans with their times, and what is said behind a line. That the lines are those of `fmt` is
//! `identity`'s matter.

use std::panic;
use std::panic::AssertUnwindSafe;

use circular_core::{Handle, Ring};
use circular_tracing::RingLayer;
use tracing::{info, info_span};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::prelude::*;

fn lines(handle: &Handle) -> Vec<String> {
    let snapshot = handle.snapshot();
    snapshot.text().lines().map(str::to_owned).collect()
}

/// Runs `events` with a layer made by `make`.
fn recorded(make: impl FnOnce(RingLayer) -> RingLayer, events: impl FnOnce()) -> Vec<String> {
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    let subscriber = tracing_subscriber::registry().with(make(RingLayer::new(ring)));
    tracing::subscriber::with_default(subscriber, events);
    lines(&handle)
}

#[test]
fn a_closed_span_says_how_long_it_was_entered() {
    let lines = recorded(
        |layer| layer.with_span_events(FmtSpan::CLOSE),
        || {
            let span = info_span!(target: "shop", "order", id = 17);
            span.in_scope(|| span.in_scope(|| info!(target: "shop", "in it")));
            drop(span);
        },
    );
    assert_eq!(lines.len(), 2, "{lines:?}");
    let (_, times) = lines[1]
        .split_once(" INFO order{id=17}: shop: close time.busy=")
        .unwrap();
    for time in times.split(" time.idle=") {
        let units = ["ns", "\u{b5}s", "ms", "s"];
        let number = units
            .iter()
            .find_map(|unit| time.strip_suffix(unit)?.parse::<f64>().ok());
        assert!(number.is_some_and(|number| number < 1000.0), "{times}");
    }
    assert_eq!(times.split(" time.idle=").count(), 2);
}

#[test]
fn a_suffix_stands_behind_the_lines_of_events_in_spans() {
    let lines = recorded(
        |layer| {
            layer
                .without_time()
                .with_suffix(|_, text| text.push_str("trace_id=7"))
        },
        || {
            info!(target: "shop", "outside");
            info_span!("order").in_scope(|| info!(target: "shop", sku = 1, "inside"));
        },
    );
    assert_eq!(
        lines,
        [
            " INFO shop: outside",
            " INFO order: shop: inside sku=1 trace_id=7"
        ]
    );
}

#[test]
fn a_suffix_of_nothing_is_none_and_one_that_panics_costs_no_line() {
    let say = || info_span!("order").in_scope(|| info!(target: "shop", "inside"));
    let lines = recorded(|layer| layer.without_time().with_suffix(|_, _| {}), say);
    assert_eq!(lines, [" INFO order: shop: inside"]);

    panic::set_hook(Box::new(|_| {}));
    let lines = recorded(
        |layer| layer.without_time().with_suffix(|_, _| panic!("as asked")),
        || assert!(panic::catch_unwind(AssertUnwindSafe(say)).is_err()),
    );
    assert_eq!(lines, [" INFO order: shop: inside"]);
}
