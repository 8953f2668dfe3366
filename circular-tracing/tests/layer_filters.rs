//! A `RingLayer` among filters and other layers: what it is not told is not in the line, and it can be put
//! wherever a layer can.

use circular_core::{Handle, Ring};
use circular_tracing::RingLayer;
use tracing::field::Empty;
use tracing::span::Id;
use tracing::subscriber::with_default;
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::{EnvFilter, LevelFilter, Targets, dynamic_filter_fn, filter_fn};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Registry, fmt, registry, reload};

/// A layer of text without the time, and what it records.
fn text() -> (RingLayer, Handle) {
    let ring = Ring::new(1 << 16).unwrap();
    let handle = ring.handle();
    (RingLayer::new(ring).without_time(), handle)
}

fn lines(handle: &Handle) -> Vec<String> {
    let text = String::from_utf8(handle.snapshot().into_bytes()).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Three spans and an event in each, at all levels; one has a field that is recorded later.
fn events() {
    let _request = tracing::info_span!(target: "web", "request", id = 7, user = Empty).entered();
    tracing::info!(target: "web", "began");
    let query = tracing::debug_span!(target: "db", "query", table = "items", rows = Empty);
    query.in_scope(|| {
        tracing::debug!(target: "db", "plan");
        let _row = tracing::trace_span!(target: "db", "row", n = 1).entered();
        tracing::trace!(target: "db", "cell");
        tracing::warn!(target: "web", "slow");
    });
    query.record("rows", 3);
    query.in_scope(|| tracing::error!(target: "web", "failed"));
}

/// All that `events` says, when nobody filters.
const EVERYTHING: [&str; 5] = [
    " INFO request{id=7}: web: began",
    "DEBUG request{id=7}:query{table=\"items\"}: db: plan",
    "TRACE request{id=7}:query{table=\"items\"}:row{n=1}: db: cell",
    " WARN request{id=7}:query{table=\"items\"}:row{n=1}: web: slow",
    "ERROR request{id=7}:query{table=\"items\" rows=3}: web: failed",
];

#[test]
fn a_span_that_is_off_for_the_ring_is_not_in_its_lines() {
    // The inner ones, the outermost, and the one in the middle.
    type IsOn = fn(&str) -> bool;
    let cases: [(IsOn, [&str; 5]); 3] = [
        (
            |name| name != "query" && name != "row",
            [
                " INFO request{id=7}: web: began",
                "DEBUG request{id=7}: db: plan",
                "TRACE request{id=7}: db: cell",
                " WARN request{id=7}: web: slow",
                "ERROR request{id=7}: web: failed",
            ],
        ),
        (
            |name| name != "request",
            [
                " INFO web: began",
                "DEBUG query{table=\"items\"}: db: plan",
                "TRACE query{table=\"items\"}:row{n=1}: db: cell",
                " WARN query{table=\"items\"}:row{n=1}: web: slow",
                "ERROR query{table=\"items\" rows=3}: web: failed",
            ],
        ),
        (
            |name| name != "query",
            [
                " INFO request{id=7}: web: began",
                "DEBUG request{id=7}: db: plan",
                "TRACE request{id=7}:row{n=1}: db: cell",
                " WARN request{id=7}:row{n=1}: web: slow",
                "ERROR request{id=7}: web: failed",
            ],
        ),
    ];
    for (is_on, expected) in cases {
        let (ring, handle) = text();
        let (other, other_handle) = text();
        let filter = filter_fn(move |meta| !meta.is_span() || is_on(meta.name()));
        let subscriber = registry().with(ring.with_filter(filter)).with(other);
        with_default(subscriber, events);
        assert_eq!(lines(&handle), expected);
        assert_eq!(
            lines(&other_handle),
            EVERYTHING,
            "the other layer has no filter"
        );
    }
}

#[test]
fn levels_and_targets() {
    let (recorded, recorded_handle) = text();
    let (printed, printed_handle) = text();
    let targets = Targets::new().with_target("web", LevelFilter::INFO);
    let subscriber = registry()
        .with(recorded.with_filter(LevelFilter::DEBUG))
        .with(printed.with_filter(targets));
    with_default(subscriber, events);
    assert_eq!(
        lines(&recorded_handle),
        [
            " INFO request{id=7}: web: began",
            "DEBUG request{id=7}:query{table=\"items\"}: db: plan",
            " WARN request{id=7}:query{table=\"items\"}: web: slow",
            "ERROR request{id=7}:query{table=\"items\" rows=3}: web: failed",
        ]
    );
    assert_eq!(
        lines(&printed_handle),
        [
            " INFO request{id=7}: web: began",
            " WARN request{id=7}: web: slow",
            "ERROR request{id=7}: web: failed",
        ]
    );
}

/// With a filter of its own, or behind one for all layers.
#[test]
fn env_filter_with_a_span_directive() {
    let filter = || EnvFilter::new("error,[request{id=7}]=debug");
    let (alone, alone_handle) = text();
    let (among, among_handle) = text();
    let (behind, behind_handle) = text();
    with_default(registry().with(alone.with_filter(filter())), events);
    let (unfiltered, unfiltered_handle) = text();
    let subscriber = registry()
        .with(among.with_filter(filter()))
        .with(unfiltered);
    with_default(subscriber, events);
    with_default(registry().with(filter()).with(behind), events);

    let expected = [EVERYTHING[0], EVERYTHING[1]].into_iter().chain([
        " WARN request{id=7}:query{table=\"items\"}: web: slow",
        "ERROR request{id=7}:query{table=\"items\" rows=3}: web: failed",
    ]);
    let expected: Vec<_> = expected.collect();
    assert_eq!(lines(&alone_handle), expected);
    assert_eq!(lines(&among_handle), expected);
    assert_eq!(lines(&behind_handle), expected);
    assert_eq!(lines(&unfiltered_handle), EVERYTHING);

    let (other, other_handle) = text();
    let filter = EnvFilter::new("error,[request{id=8}]=debug");
    with_default(registry().with(other.with_filter(filter)), events);
    // The span is on, since another one from there could have had that id.
    assert_eq!(lines(&other_handle), ["ERROR request{id=7}: web: failed"]);
}

/// A filter that asks which span it is in.
#[test]
fn a_dynamic_filter() {
    let (ring, handle) = text();
    let filter = dynamic_filter_fn(|meta, context| {
        meta.is_span()
            || context
                .lookup_current()
                .is_some_and(|span| span.name() == "query")
    });
    with_default(registry().with(ring.with_filter(filter)), events);
    assert_eq!(lines(&handle), [EVERYTHING[1], EVERYTHING[4]]);
}

#[test]
fn a_filter_that_is_reloaded() {
    let (ring, handle) = text();
    let (filter, reload) = reload::Layer::new(LevelFilter::INFO);
    let subscriber = registry().with(ring.with_filter(filter));
    with_default(subscriber, || {
        let quiet = tracing::debug_span!("off when it was opened", n = 1).entered();
        tracing::debug!("off");
        tracing::info!("on");
        reload.reload(LevelFilter::DEBUG).unwrap();
        tracing::debug!("on now");
        let loud = tracing::debug_span!("on", n = 2).entered();
        tracing::debug!("in a span");
        reload.reload(LevelFilter::ERROR).unwrap();
        loud.record("n", 3);
        tracing::info!("off now");
        tracing::error!("in the span still");
        drop((loud, quiet));
        reload.reload(LevelFilter::OFF).unwrap();
        tracing::error!("all is off");
    });
    assert_eq!(
        lines(&handle),
        [
            " INFO layer_filters: on",
            "DEBUG layer_filters: on now",
            "DEBUG on{n=2}: layer_filters: in a span",
            "ERROR on{n=2 n=3}: layer_filters: in the span still",
        ]
    );
}

/// A layer knows of spans what it was told: of one that was there before it, the name.
#[test]
fn a_layer_that_is_reloaded() {
    let (first, first_handle) = text();
    let (second, second_handle) = text();
    let (layer, reload) = reload::Layer::new(first);
    with_default(registry().with(layer), || {
        let before = tracing::info_span!("before", n = 1, later = Empty).entered();
        tracing::info!("to the first");
        reload.reload(second).unwrap();
        tracing::info!("to the second");
        before.record("later", 2);
        let after = tracing::info_span!("after", n = 3).entered();
        tracing::info!("in both");
        drop((after, before));
        tracing::info!("in none");
    });
    assert_eq!(
        lines(&first_handle),
        [" INFO before{n=1}: layer_filters: to the first"]
    );
    assert_eq!(first_handle.stats().refused, 0);
    assert_eq!(
        lines(&second_handle),
        [
            " INFO before: layer_filters: to the second",
            " INFO before{later=2}:after{n=3}: layer_filters: in both",
            " INFO layer_filters: in none",
        ]
    );
}

/// Each registry numbers its spans by itself, and the layer never hears of the first one's end.
#[test]
fn a_layer_that_goes_on_in_another_registry() {
    let (layer, handle) = text();
    let (layer, reload) = reload::Layer::new(Some(layer));
    let mut taken = None;
    with_default(registry().with(layer), || {
        let _span = tracing::info_span!("first", n = 1);
        reload.modify(|layer| taken = layer.take()).unwrap();
    });
    with_default(registry().with(taken), || {
        let _span = tracing::info_span!("second", n = 2).entered();
        tracing::info!("in the second");
    });
    assert_eq!(
        lines(&handle),
        [" INFO second{n=2}: layer_filters: in the second"]
    );
}

#[test]
fn a_setting_that_is_reloaded() {
    let (layer, handle) = text();
    let (layer, reload) = reload::Layer::new(Some(layer));
    with_default(registry().with(layer), || {
        let _span = tracing::info_span!("span", n = 1).entered();
        tracing::info!("with a target");
        reload
            .modify(|layer| *layer = layer.take().map(|layer| layer.with_target(false)))
            .unwrap();
        tracing::info!("without");
        reload.modify(|layer| *layer = None).unwrap();
        tracing::info!("nowhere");
    });
    assert_eq!(
        lines(&handle),
        [
            " INFO span{n=1}: layer_filters: with a target",
            " INFO span{n=1}: without",
        ],
        "the same layer, with the same spans"
    );
}

#[test]
fn optional_boxed_and_in_a_list() {
    let (some, some_handle) = text();
    let (boxed, boxed_handle) = text();
    let (first, first_handle) = text();
    let (second, second_handle) = text();
    let boxed: Box<dyn Layer<_> + Send + Sync> = boxed.with_filter(LevelFilter::WARN).boxed();
    let list: Vec<Box<dyn Layer<Registry> + Send + Sync>> = vec![first.boxed(), second.boxed()];
    let subscriber = registry()
        .with(list)
        .with(Some(some))
        .with(None::<RingLayer>)
        .with(boxed);
    with_default(subscriber, events);
    for handle in [some_handle, first_handle, second_handle] {
        assert_eq!(lines(&handle), EVERYTHING);
    }
    assert_eq!(
        lines(&boxed_handle),
        [" WARN web: slow", "ERROR web: failed"],
        "the spans are below its level"
    );
}

/// Which has a maximum level of its own, and that holds for all.
#[test]
fn on_top_of_a_subscriber_of_fmt() {
    let (ring, handle) = text();
    let fmt = fmt().with_writer(std::io::sink).with_max_level(Level::INFO);
    with_default(fmt.finish().with(ring), events);
    assert_eq!(
        lines(&handle),
        [
            " INFO request{id=7}: web: began",
            " WARN request{id=7}: web: slow",
            "ERROR request{id=7}: web: failed",
        ]
    );
}

/// `fmt`'s layers leave the text of fields with the span, for each other; a `RingLayer` keeps its own.
#[test]
fn text_json_and_a_coloured_console_side_by_side() {
    let (plain, plain_handle) = text();
    let (json, json_handle) = text();
    let (late, late_handle) = text();
    let subscriber = registry()
        .with(fmt::layer().with_ansi(true).with_writer(std::io::sink))
        .with(plain)
        .with(json.json())
        .with(late.with_level(false));
    with_default(subscriber, events);
    assert_eq!(lines(&plain_handle), EVERYTHING);
    // Each level takes six characters.
    assert_eq!(lines(&late_handle), EVERYTHING.map(|line| &line[6..]));
    let expected = r#"{"level":"ERROR","fields":{"message":"failed"},"target":"web","#.to_owned()
        + r#""span":{"rows":3,"table":"items","name":"query"},"#
        + r#""spans":[{"id":7,"name":"request"},{"rows":3,"table":"items","name":"query"}]}"#;
    assert_eq!(lines(&json_handle).last(), Some(&expected));
}

/// Logs an event of each span that is closed.
struct TellsOfClosed;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for TellsOfClosed {
    fn on_close(&self, id: Id, _: Context<'_, S>) {
        tracing::info!(parent: id, "closed");
    }
}

/// The first in hears of a span's end first.
#[test]
fn after_a_layer_that_logs_when_a_span_is_closed() {
    let (layer, handle) = text();
    with_default(registry().with(TellsOfClosed).with(layer), || {
        drop(tracing::info_span!("span", n = 1));
    });
    assert_eq!(lines(&handle), [" INFO span{n=1}: layer_filters: closed"]);
}
