//! Values whose `Display` returns an error or panics. This is where a `RingLayer` means to differ from `fmt`,
//! which has no line then: here the line is there, whole, and marked.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use circular_core::{Handle, Ring};
use circular_tracing::RingLayer;
use serde_json::{Value, json};
use tracing::field::Empty;
use tracing::subscriber::with_default;
use tracing_subscriber::prelude::*;

/// Has something to say before it goes wrong, with what must be escaped in JSON.
#[derive(Debug)]
struct Fails;

impl fmt::Display for Fails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half\"")?;
        Err(fmt::Error)
    }
}

/// So does an error, and what it comes from.
#[derive(Debug)]
struct FailingError(Option<Box<FailingError>>);

impl fmt::Display for FailingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Fails.fmt(f)
    }
}

impl Error for FailingError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_deref().map(|source| source as _)
    }
}

struct Panics;

const PAYLOAD: &str = "on purpose";

impl fmt::Display for Panics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half\"")?;
        // Past the hook, which would print it.
        resume_unwind(Box::new(PAYLOAD));
    }
}

fn panics(events: impl FnOnce()) {
    let payload = catch_unwind(AssertUnwindSafe(events)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&PAYLOAD), "the panic goes on");
}

fn ring() -> (Ring, Handle) {
    let ring = Ring::new(1 << 16).unwrap();
    let handle = ring.handle();
    (ring, handle)
}

fn lines(handle: &Handle) -> Vec<String> {
    let snapshot = handle.snapshot();
    let lines = snapshot.records().map(|record| {
        let line = String::from_utf8(record.bytes().to_vec()).unwrap();
        assert_eq!(line.find('\n'), Some(line.len() - 1), "one line a record");
        line.trim_end().to_owned()
    });
    lines.collect()
}

/// What `events` says, in text.
fn text(events: impl FnOnce()) -> Vec<String> {
    let (ring, handle) = ring();
    let layer = RingLayer::new(ring).without_time().with_target(false);
    with_default(tracing_subscriber::registry().with(layer), events);
    lines(&handle)
}

/// The same in JSON: fields, and spans.
fn json(flatten_event: bool, events: impl FnOnce()) -> Vec<Value> {
    let (ring, handle) = ring();
    let layer = RingLayer::new(ring)
        .json()
        .flatten_event(flatten_event)
        .without_time()
        .with_level(false)
        .with_target(false)
        .with_current_span(false);
    with_default(tracing_subscriber::registry().with(layer), events);
    let value = |line: &String| serde_json::from_str(line).unwrap();
    lines(&handle).iter().map(value).collect()
}

fn failing_events() {
    tracing::info!("message {Fails} end");
    tracing::info!(a = 1, b = %Fails, c = 3, "{}", Fails);
    tracing::info!(error = &FailingError(None) as &dyn Error);
    let chain = FailingError(Some(Box::new(FailingError(Some(Box::new(FailingError(
        None,
    )))))));
    tracing::info!(error = &chain as &dyn Error, after = 1);
    let span = tracing::info_span!("span", a = %Fails, b = 2, later = Empty).entered();
    tracing::info!("in a span");
    span.record("later", tracing::field::display(Fails));
    tracing::info!("recorded");
}

#[test]
fn one_that_fails_in_text() {
    assert_eq!(
        text(failing_events),
        [
            // A `format_args` with a failing part fails as a whole.
            r#" INFO message half"<error>"#,
            r#" INFO half"<error> a=1 b=half"<error> c=3"#,
            r#" INFO error=half"<error>"#,
            r#" INFO error=half"<error> error.sources=[half"<error>, half"<error>] after=1"#,
            r#" INFO span{a=half"<error> b=2}: in a span"#,
            r#" INFO span{a=half"<error> b=2 later=half"<error>}: recorded"#,
        ]
    );
}

#[test]
fn one_that_fails_in_json() {
    let half = "half\"<error>";
    let before = [
        json!({"message": "message half\"<error>"}),
        json!({"message": half, "a": 1, "b": half, "c": 3}),
        json!({"error": half}),
        json!({"error": half, "after": 1}),
    ];
    let span = json!([{"name": "span", "a": half, "b": 2}]);
    let later = json!([{"name": "span", "a": half, "b": 2, "later": half}]);

    let mut expected = before
        .clone()
        .map(|fields| json!({"fields": fields}))
        .to_vec();
    expected.push(json!({"fields": {"message": "in a span"}, "spans": span}));
    expected.push(json!({"fields": {"message": "recorded"}, "spans": later}));
    assert_eq!(json(false, failing_events), expected);

    let mut expected = before.to_vec();
    expected.push(json!({"message": "in a span", "spans": span}));
    expected.push(json!({"message": "recorded", "spans": later}));
    assert_eq!(json(true, failing_events), expected);
}

/// The line ends there; what comes after it is as if nothing had been.
fn panicking_events() {
    panics(|| tracing::info!("message {Panics} end"));
    tracing::info!("between");
    panics(|| tracing::info!(a = 1, b = %Panics, c = 3, "with fields"));
    tracing::info!("between");
    let span = tracing::info_span!("span", a = 1, later = Empty).entered();
    panics(|| drop(tracing::info_span!("never there", a = %Panics)));
    tracing::info!("in a span");
    panics(|| {
        span.record("later", tracing::field::display(Panics));
    });
    tracing::info!("recorded");
    span.record("later", 2);
    tracing::info!("again");
    panics(|| tracing::info!("{Panics}"));
    drop(span);
    tracing::info!("the end");
}

#[test]
fn one_that_panics_in_text() {
    assert_eq!(
        text(panicking_events),
        [
            r#" INFO message half"<panic>"#,
            r#" INFO between"#,
            r#" INFO with fields a=1 b=half"<panic>"#,
            r#" INFO between"#,
            r#" INFO span{a=1}: in a span"#,
            r#" INFO span{a=1 later=half"<panic>}: recorded"#,
            r#" INFO span{a=1 later=half"<panic> later=2}: again"#,
            r#" INFO span{a=1 later=half"<panic> later=2}: half"<panic>"#,
            r#" INFO the end"#,
        ]
    );
}

#[test]
fn one_that_panics_in_json() {
    let half = "half\"<panic>";
    let span = |later: Value| match later {
        Value::Null => json!([{"name": "span", "a": 1}]),
        later => json!([{"name": "span", "a": 1, "later": later}]),
    };
    let fields = [
        json!({"message": "message half\"<panic>"}),
        json!({"message": "between"}),
        json!({"message": "with fields", "a": 1, "b": half}),
        json!({"message": "between"}),
        json!({"message": "in a span"}),
        json!({"message": "recorded"}),
        json!({"message": "again"}),
        json!({"message": half}),
        json!({"message": "the end"}),
    ];
    let later = [Value::Null, json!(half), json!(2), json!(2)];
    let nested = fields.iter().enumerate().map(|(number, fields)| {
        let mut line = json!({"fields": fields});
        if (4..8).contains(&number) {
            line["spans"] = span(later[number - 4].clone());
        }
        line
    });
    assert_eq!(json(false, panicking_events), nested.collect::<Vec<_>>());

    let flat = fields.iter().enumerate().map(|(number, fields)| {
        let mut line = fields.clone();
        if (4..8).contains(&number) {
            line["spans"] = span(later[number - 4].clone());
        }
        line
    });
    assert_eq!(json(true, panicking_events), flat.collect::<Vec<_>>());
}

/// What the difference is to.
#[test]
fn fmt_has_no_line_then() {
    let (ring, handle) = ring();
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .without_time()
        .log_internal_errors(false)
        .with_writer(circular_tracing::RingWriter::new(ring));
    with_default(tracing_subscriber::registry().with(layer), || {
        tracing::info!("{Fails}");
    });
    assert!(handle.snapshot().is_empty());
}

/// The other layers have their turn before the panic, or not at all; the ring has the line either way.
#[test]
fn beside_another_layer() {
    let (first, first_handle) = ring();
    let (second, second_handle) = ring();
    let layer = |ring| RingLayer::new(ring).without_time().with_target(false);
    let subscriber = tracing_subscriber::registry()
        .with(layer(first))
        .with(layer(second));
    with_default(subscriber, || {
        panics(|| tracing::info!("{Panics}"));
        tracing::info!("{Fails}");
    });
    let failed = r#" INFO half"<error>"#;
    assert_eq!(lines(&first_handle), [r#" INFO half"<panic>"#, failed]);
    assert_eq!(lines(&second_handle), [failed]);
}
