//! The order of layers that the crate's page has: the console first, with its filter, and the recorder last.
//! What a value does while the recorder shows it must not change what the console prints.
//!
//! One test: the subscriber is global, as `tracing` drops an event inside an event while there is a scoped one.

use std::fmt;
use std::panic::{catch_unwind, resume_unwind};

use circular_core::{Handle, Ring};
use circular_tracing::RingLayer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

struct Panics;

impl fmt::Display for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Past the hook, which would print it.
        resume_unwind(Box::new("on purpose"));
    }
}

struct Logs;

impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tracing::info!("inner");
        f.write_str("value")
    }
}

fn lines(handle: &Handle) -> Vec<String> {
    let text = String::from_utf8(handle.snapshot().into_bytes()).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn what_a_value_does_in_the_recorder_is_not_the_consoles_matter() {
    let (console, ring) = (Ring::new(1 << 16).unwrap(), Ring::new(1 << 16).unwrap());
    let (printed, recorded) = (console.handle(), ring.handle());
    let print = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .with_writer(move || console.clone())
        .with_filter(LevelFilter::INFO);
    let record = RingLayer::new(ring)
        .without_time()
        .with_target(false)
        .with_filter(LevelFilter::DEBUG);
    tracing_subscriber::registry()
        .with(print)
        .with(record)
        .init();

    let work = || {
        let _span = tracing::info_span!("request", id = 7).entered();
        tracing::info!("work");
    };
    catch_unwind(|| tracing::debug!("panics: {Panics}")).unwrap_err();
    work();
    tracing::debug!("logs: {Logs}");
    work();
    let span = tracing::debug_span!("off for the console", logs = %Logs);
    span.in_scope(work);
    drop(span);
    catch_unwind(|| tracing::debug_span!("off as well", panics = %Panics)).unwrap_err();
    work();

    let worked = " INFO request{id=7}: work";
    assert_eq!(
        lines(&printed),
        [worked, " INFO inner", worked, " INFO inner", worked, worked],
        "what its filter lets through, and each once"
    );
    assert_eq!(
        lines(&recorded),
        [
            "DEBUG panics: <panic>",
            worked,
            " INFO inner",
            "DEBUG logs: value",
            worked,
            " INFO inner",
            " INFO off for the console{logs=value}:request{id=7}: work",
            worked,
        ]
    );
}
