//! The line of a record, and what the ring keeps beside it.

use std::fmt;
use std::time::{Duration, SystemTime};

use circular_core::{Handle, Level, Ring};
use circular_log::RingLogger;
use log::kv::{self, Key, Source, ToValue, Value, VisitSource};
use log::{Log, Record};

fn logger() -> (RingLogger, Handle) {
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    (RingLogger::new(ring), handle)
}

/// The one record of the ring as text.
fn only(handle: &Handle) -> String {
    let snapshot = handle.snapshot();
    let lines: Vec<_> = snapshot
        .records()
        .map(|record| text(record.bytes()))
        .collect();
    assert_eq!(lines.len(), 1, "one log call is one record: {lines:?}");
    lines[0].clone()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What stands behind the time and the space after it.
fn after_time(line: &str) -> &str {
    &line["2026-11-23T23:05:12.123456Z ".len()..]
}

#[test]
fn line_is_time_level_target_message() {
    let (logger, handle) = logger();
    let before = SystemTime::now();
    logger.log(
        &Record::builder()
            .level(log::Level::Info)
            .target("shop::cart")
            .args(format_args!("item {} added", 7))
            .build(),
    );
    let after = SystemTime::now();

    let line = only(&handle);
    assert_eq!(after_time(&line), " INFO shop::cart: item 7 added\n");

    let (shown, _) = line.split_once(' ').unwrap();
    assert_eq!(
        shown.len(),
        "2026-11-23T23:05:12.123456Z".len(),
        "microseconds: {shown}"
    );
    assert!(shown.ends_with('Z'), "UTC: {shown}");
    let shown = humantime::parse_rfc3339(shown).unwrap();
    assert!(before - Duration::from_micros(1) < shown && shown <= after);

    let snapshot = handle.snapshot();
    let record = snapshot.records().next().unwrap();
    assert_eq!(record.level(), Some(Level::Info));
    assert_eq!(record.target(), "shop::cart");
    // The ring has the time that is shown, perhaps with other digits after the microseconds.
    let apart = match record.time().duration_since(shown) {
        Ok(apart) => apart,
        Err(earlier) => earlier.duration(),
    };
    assert!(apart < Duration::from_micros(1), "{apart:?}");
}

#[test]
fn levels_line_up_and_are_kept() {
    let levels = [
        (log::Level::Error, Level::Error, "ERROR "),
        (log::Level::Warn, Level::Warn, " WARN "),
        (log::Level::Info, Level::Info, " INFO "),
        (log::Level::Debug, Level::Debug, "DEBUG "),
        (log::Level::Trace, Level::Trace, "TRACE "),
    ];
    for (given, kept, shown) in levels {
        let (logger, handle) = logger();
        assert!(logger.enabled(&log::Metadata::builder().level(given).build()));
        logger.log(
            &Record::builder()
                .level(given)
                .target("t")
                .args(format_args!("m"))
                .build(),
        );
        assert_eq!(after_time(&only(&handle)), format!("{shown}t: m\n"));
        assert_eq!(
            handle.snapshot().records().next().unwrap().level(),
            Some(kept)
        );
    }
}

#[test]
fn several_lines_are_one_record() {
    let (logger, handle) = logger();
    logger.log(
        &Record::builder()
            .target("t")
            .args(format_args!("one\ntwo\nthree"))
            .build(),
    );
    assert!(only(&handle).ends_with("t: one\ntwo\nthree\n"));
}

#[test]
fn a_long_target_is_whole_in_the_line() {
    let (logger, handle) = logger();
    let target = "é".repeat(200);
    logger.log(
        &Record::builder()
            .target(&target)
            .args(format_args!("m"))
            .build(),
    );
    assert!(only(&handle).ends_with(&format!("{target}: m\n")));
    // The ring keeps 255 bytes of it, whole characters.
    let snapshot = handle.snapshot();
    assert_eq!(snapshot.records().next().unwrap().target(), "é".repeat(127));
}

#[test]
fn key_values_follow_the_message() {
    let (logger, handle) = logger();
    let pairs: &[(&str, Value<'_>)] = &[
        ("count", 2.to_value()),
        ("ratio", 0.5.to_value()),
        ("big", u128::MAX.to_value()),
        ("yes", true.to_value()),
        ("letter", 'é'.to_value()),
        ("text", "two words".to_value()),
        ("debug", Value::from_debug(&Some("x"))),
        ("lines", "a\nb".to_value()),
        ("none", Value::null()),
        ("empty", "".to_value()),
        ("", "no key".to_value()),
        ("a=b", "=".to_value()),
        ("count", 3.to_value()),
    ];
    logger.log(
        &Record::builder()
            .target("t")
            .args(format_args!("m"))
            .key_values(&pairs)
            .build(),
    );
    let expected = format!(
        "t: m count=2 ratio=0.5 big={} yes=true letter=é text=two words debug=Some(\"x\") lines=a\nb none=None empty= =no key a=b== count=3\n",
        u128::MAX
    );
    assert_eq!(after_time(&only(&handle)), format!(" INFO {expected}"));
}

/// A `Display` that writes a little, then gives up.
struct GivesUp;

impl fmt::Display for GivesUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half")?;
        Err(fmt::Error)
    }
}

#[test]
fn a_display_that_gives_up_costs_its_own_text_only() {
    let (logger, handle) = logger();
    let pairs = [("a", Value::from_display(&GivesUp)), ("b", 1.to_value())];
    logger.log(
        &Record::builder()
            .target("t")
            .args(format_args!("before {GivesUp} after"))
            .key_values(&pairs)
            .build(),
    );
    assert_eq!(
        after_time(&only(&handle)),
        " INFO t: before half<error> a=half<error> b=1\n"
    );
}

/// Key-values that cannot all be read.
struct Breaks;

impl Source for Breaks {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), kv::Error> {
        visitor.visit_pair(Key::from("a"), 1.to_value())?;
        Err(kv::Error::msg("the rest is gone"))
    }
}

#[test]
fn key_values_that_cannot_be_read_leave_a_mark() {
    let (logger, handle) = logger();
    logger.log(
        &Record::builder()
            .target("t")
            .args(format_args!("m"))
            .key_values(&Breaks)
            .build(),
    );
    assert_eq!(after_time(&only(&handle)), " INFO t: m a=1<error>\n");
}

#[test]
fn a_closed_ring_counts_what_it_refuses() {
    let (logger, handle) = logger();
    logger.log(
        &Record::builder()
            .target("t")
            .args(format_args!("kept"))
            .build(),
    );
    handle.close();
    logger.log(
        &Record::builder()
            .target("t")
            .args(format_args!("refused"))
            .build(),
    );
    logger.flush();
    assert!(only(&handle).ends_with("t: kept\n"));
    assert_eq!(handle.stats().refused, 1);
}
