//! "Record DEBUG, print INFO": two layers of `fmt`, each with its own filter. A second ring stands
//! for the console.

use circular_core::{Handle, Ring};
use circular_tracing::RingWriter;
use tracing::Subscriber;
use tracing::subscriber::with_default;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::format::{DefaultFields, Format, Full};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

fn ring() -> (Ring, Handle) {
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    (ring, handle)
}

fn lines(handle: &Handle) -> Vec<String> {
    let text = String::from_utf8(handle.snapshot().into_bytes()).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Plain lines into `ring`, without the time.
fn layer<S>(ring: Ring) -> fmt::Layer<S, DefaultFields, Format<Full, ()>, RingWriter>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fmt::layer()
        .with_ansi(false)
        .without_time()
        .with_writer(RingWriter::new(ring))
}

/// The events that all tests here look at.
fn events() {
    let span = tracing::info_span!("request", id = 7).entered();
    tracing::debug!("query");
    tracing::info!(target: "noisy", "hum");
    drop(span);
    tracing::warn!("slow");
    tracing::trace!("too much");
}

#[test]
fn record_debug_print_info() {
    // In either order of the layers.
    for ring_first in [true, false] {
        let (recorded, recorded_handle) = ring();
        let (printed, printed_handle) = ring();
        let record = (recorded, LevelFilter::DEBUG);
        let print = (printed, LevelFilter::INFO);
        let (first, second) = if ring_first {
            (record, print)
        } else {
            (print, record)
        };
        let subscriber = tracing_subscriber::registry()
            .with(layer(first.0).with_filter(first.1))
            .with(layer(second.0).with_filter(second.1));
        with_default(subscriber, events);

        assert_eq!(
            lines(&recorded_handle),
            [
                "DEBUG request{id=7}: layers: query",
                " INFO request{id=7}: noisy: hum",
                " WARN layers: slow",
            ]
        );
        assert_eq!(
            lines(&printed_handle),
            [" INFO request{id=7}: noisy: hum", " WARN layers: slow"]
        );
    }
}

#[test]
fn filters_by_target() {
    let (recorded, recorded_handle) = ring();
    let (printed, printed_handle) = ring();
    let quiet = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("noisy", LevelFilter::OFF);
    let subscriber = tracing_subscriber::registry()
        .with(layer(recorded).with_filter(LevelFilter::TRACE))
        .with(layer(printed).with_filter(quiet));
    with_default(subscriber, events);

    assert_eq!(lines(&recorded_handle).len(), 4);
    assert_eq!(lines(&printed_handle), [" WARN layers: slow"]);
}

#[test]
fn a_coloured_console_behind_the_ring_leaves_no_colour_in_it() {
    let (recorded, recorded_handle) = ring();
    let (printed, printed_handle) = ring();
    let record = fmt::layer()
        .with_ansi(false)
        .with_writer(RingWriter::new(recorded));
    let print = fmt::layer()
        .with_ansi(true)
        .with_writer(RingWriter::new(printed));
    with_default(
        tracing_subscriber::registry().with(record).with(print),
        events,
    );

    let escape = '\u{1b}';
    let recorded = lines(&recorded_handle).concat();
    assert!(recorded.contains("request{id=7}"), "{recorded}");
    assert!(!recorded.contains(escape), "{recorded:?}");
    assert!(
        lines(&printed_handle).concat().contains(escape),
        "the console is coloured"
    );
}
