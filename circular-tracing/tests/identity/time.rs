//! The time of a line is taken when the event is said, and looks as `fmt`'s does.

use circular_core::{Ring, Timestamp};
use circular_tracing::RingLayer;
use serde_json::Value;
use std::time::{Duration, SystemTime};
use tracing::subscriber::with_default;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use crate::pair::{Written, recorded};

fn events() {
    let _span = tracing::info_span!("span", a = 1).entered();
    (0..1000).for_each(|number| tracing::info!(number, "event"));
}

/// The line without its time must be the same in all, and the times in order: layers are told one after
/// another, from the innermost on.
fn assert_between<'a>(lines: [&'a str; 3], split: impl Fn(&'a str) -> (&'a str, String)) {
    let [(before, first), (time, line), (after, last)] = lines.map(split);
    assert!(line == first && line == last, "{lines:?}");
    // Of the same length and form, and so in the order of their texts.
    assert!(before <= time && time <= after, "{before} {time} {after}");
    let form = |time: &str| time.replace(|c: char| c.is_ascii_digit(), "0");
    assert_eq!(form(time), form(before));
}

#[test]
fn text_stands_between_those_of_fmt() {
    let (before, after) = (Written::default(), Written::default());
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    let fmt = |written: &Written| fmt::layer().with_ansi(false).with_writer(written.clone());
    let layers = fmt(&before)
        .and_then(RingLayer::new(ring))
        .and_then(fmt(&after));
    with_default(tracing_subscriber::registry().with(layers), events);

    let (before, lines, after) = (before.lines(), recorded(&handle), after.lines());
    assert_eq!([before.len(), lines.len(), after.len()], [1000; 3]);
    for ((before, line), after) in before.iter().zip(&lines).zip(&after) {
        assert_between([before, line, after], |line| {
            let (time, rest) = line.split_once(' ').unwrap();
            (time, rest.to_owned())
        });
    }
    let snapshot = handle.snapshot();
    for (record, line) in snapshot.records().zip(lines) {
        let time = Timestamp::new(record.time()).to_string();
        assert!(line.starts_with(&time), "{time}, but {line}");
    }
}

#[test]
fn json_stands_between_those_of_fmt() {
    let (before, after) = (Written::default(), Written::default());
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    let fmt = |written: &Written| fmt::layer().json().with_writer(written.clone());
    let layers = fmt(&before)
        .and_then(RingLayer::new(ring).json())
        .and_then(fmt(&after));
    with_default(tracing_subscriber::registry().with(layers), events);

    let (before, lines, after) = (before.lines(), recorded(&handle), after.lines());
    assert_eq!([before.len(), lines.len(), after.len()], [1000; 3]);
    for ((before, line), after) in before.iter().zip(&lines).zip(&after) {
        assert_between([before, line, after], |line| {
            let rest = line.strip_prefix(r#"{"timestamp":""#).unwrap();
            let (time, rest) = rest.split_once('"').unwrap();
            (time, rest.to_owned())
        });
    }
    let snapshot = handle.snapshot();
    for (record, line) in snapshot.records().zip(lines) {
        let object: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            object["timestamp"],
            Timestamp::new(record.time()).to_string()
        );
    }
}

#[test]
fn a_record_has_its_time_where_the_line_has_not() {
    let ring = Ring::new(1 << 16).unwrap();
    let handle = ring.handle();
    let start = SystemTime::now();
    let subscriber = tracing_subscriber::registry().with(RingLayer::new(ring).without_time());
    with_default(subscriber, || tracing::info!("event"));
    let end = SystemTime::now();

    let snapshot = handle.snapshot();
    let time = snapshot.records().next().unwrap().time();
    // The ring keeps whole microseconds at least.
    assert!(start - Duration::from_micros(1) <= time && time <= end);
}
