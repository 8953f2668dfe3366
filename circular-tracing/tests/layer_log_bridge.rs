//! Log records that `tracing-log` makes events of: their level, target, file and line are their own, in the
//! line and in the record. One test: what it sets is global.

use circular_core::{Handle, Level, Ring};
use circular_tracing::{RingLayer, RingWriter};
use serde_json::Value;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, fmt};

/// Of the first log call.
const LINE: u32 = line!() + 3;

fn events() {
    log::error!("with this module's target");
    log::info!(target: "db", "with a target of {} lines\n", 2);
    log::trace!(target: "", "");
    let span = tracing::info_span!(target: "shop", "span", id = 7).entered();
    tracing::info!(target: "shop", "an event between");
    log::warn!(target: "db", "in a span \u{1b}[31m");
    drop(span);
    // Some have no place.
    let args = format_args!("from nowhere");
    let mut record = log::Record::builder();
    record.level(log::Level::Debug).target("made").args(args);
    log::logger().log(&record.build());
    log::logger().log(&record.file(Some("file.rs")).build());
    log::logger().log(&record.file(None).line(Some(3)).build());
    log::logger().log(&record.module_path(Some("path")).build());
}

/// Levels and targets as the log calls have them.
const EXPECTED: [(Level, &str); 9] = [
    (Level::Error, "layer_log_bridge"),
    (Level::Info, "db"),
    (Level::Trace, ""),
    (Level::Info, "shop"),
    (Level::Warn, "db"),
    (Level::Debug, "made"),
    (Level::Debug, "made"),
    (Level::Debug, "made"),
    (Level::Debug, "made"),
];

fn lines(handle: &Handle) -> Vec<String> {
    let snapshot = handle.snapshot();
    let lines = snapshot.records().map(|record| record.bytes().to_vec());
    lines.map(|line| String::from_utf8(line).unwrap()).collect()
}

#[test]
fn a_log_record_keeps_what_it_says_of_itself() {
    let rings = [(); 4].map(|()| Ring::new(1 << 16).unwrap());
    let handles = rings.each_ref().map(Ring::handle);
    let [text_by_fmt, text, json_by_fmt, json] = rings;
    let layers = [
        fmt::layer()
            .with_writer(RingWriter::new(text_by_fmt))
            .with_ansi(false)
            .without_time()
            .with_file(true)
            .with_line_number(true)
            .boxed(),
        RingLayer::new(text)
            .without_time()
            .with_file(true)
            .with_line_number(true)
            .boxed(),
        fmt::layer()
            .json()
            .with_writer(RingWriter::new(json_by_fmt))
            .without_time()
            .with_file(true)
            .with_line_number(true)
            .boxed(),
        RingLayer::new(json)
            .json()
            .without_time()
            .with_file(true)
            .with_line_number(true)
            .boxed(),
    ];
    // Also sets `tracing-log` as the logger.
    tracing_subscriber::registry()
        .with(Vec::from(layers))
        .init();
    events();

    let [text_by_fmt, text, json_by_fmt, json] = handles;
    assert_eq!(lines(&text), lines(&text_by_fmt));
    assert_eq!(lines(&json), lines(&json_by_fmt));
    for handle in [&text, &json] {
        let snapshot = handle.snapshot();
        let recorded = snapshot
            .records()
            .map(|record| (record.level().unwrap(), record.target()));
        assert_eq!(recorded.collect::<Vec<_>>(), EXPECTED);
    }
    for (line, (_, target)) in lines(&json).iter().zip(EXPECTED) {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["target"], target);
    }
    let place = format!("{}:{LINE}", file!());
    let expected = format!("ERROR layer_log_bridge: {place}: with this module's target\n");
    assert_eq!(lines(&text)[0], expected);
}
