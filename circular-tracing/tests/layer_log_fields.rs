//! Fields of the program's own whose names begin with `log.`, as OpenTelemetry has them. What `tracing-log` tells
//! of a log record's origin is called so too, and is left out of text: but only of log records.
//!
//! `fmt` leaves both out where `tracing-subscriber` has its feature `tracing-log`, and writes both where not, so
//! it is no judge here.

use circular_core::{Handle, Ring};
use circular_tracing::RingLayer;
use tracing::field::Empty;
use tracing::subscriber::with_default;
use tracing_subscriber::prelude::*;

fn ring() -> (Ring, Handle) {
    let ring = Ring::new(1 << 16).unwrap();
    let handle = ring.handle();
    (ring, handle)
}

fn text(events: impl FnOnce()) -> String {
    let (ring, handle) = ring();
    let layer = RingLayer::new(ring).without_time().with_target(false);
    with_default(tracing_subscriber::registry().with(layer), events);
    String::from_utf8(handle.snapshot().into_bytes()).unwrap()
}

fn json(events: impl FnOnce()) -> String {
    let (ring, handle) = ring();
    let layer = RingLayer::new(ring)
        .json()
        .without_time()
        .with_target(false);
    with_default(tracing_subscriber::registry().with(layer), events);
    String::from_utf8(handle.snapshot().into_bytes()).unwrap()
}

/// A span's, an event's, and some that are recorded later, by all ways that a value takes.
fn of_the_program() {
    let span = tracing::info_span!(
        "tail",
        log.file.path = %"/var/log/syslog",
        log.iostream = "stderr",
        n = 1,
        log.late = Empty
    );
    span.record("log.late", tracing::field::debug(2.5));
    let _in_it = span.enter();
    tracing::info!(log.record.uid = 17, log.file.name = "syslog", "taken");
}

#[test]
fn the_programs_own_are_kept() {
    let line =
        " INFO tail{log.file.path=/var/log/syslog log.iostream=\"stderr\" n=1 log.late=2.5}: ";
    let line = line.to_owned() + "taken log.record.uid=17 log.file.name=\"syslog\"\n";
    assert_eq!(text(of_the_program), line);
    let span = r#"{"log.file.path":"/var/log/syslog","log.iostream":"stderr","log.late":"2.5","n":1,"name":"tail"}"#;
    let line = r#"{"level":"INFO","fields":{"message":"taken","log.record.uid":17,"log.file.name":"syslog"}"#;
    let line = format!("{line},\"span\":{span},\"spans\":[{span}]}}\n");
    assert_eq!(json(of_the_program), line);
}

/// Even where the program uses the target, or the names, of log records.
#[test]
fn the_programs_own_are_kept_if_they_look_like_a_log_records() {
    let events = || {
        tracing::info!(target: "log", { log.target = "a", log.module_path = "b" }, "as one");
        tracing::info!(log.line = ?3, log.file = true, log.x = 0.5, log.y = i128::MIN);
        tracing::error!(log.error = &std::fmt::Error as &dyn std::error::Error);
    };
    let expected = [
        " INFO as one log.target=\"a\" log.module_path=\"b\"\n",
        " INFO log.line=3 log.file=true log.x=0.5 \
         log.y=-170141183460469231731687303715884105728\n",
        "ERROR log.error=an error occurred when formatting an argument\n",
    ];
    assert_eq!(text(events), expected.concat());
}
