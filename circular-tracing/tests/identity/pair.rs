//! The same events through `fmt` and through a `RingLayer`, both in one registry.

use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex};

use circular_core::{Handle, Ring};
use circular_tracing::RingLayer;
use serde_json::Value;
use tracing::dispatcher::with_default;
use tracing::{Dispatch, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::Layer;
use tracing_subscriber::prelude::*;

/// What both can be told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) level: bool,
    pub(crate) target: bool,
    pub(crate) thread_names: bool,
    pub(crate) thread_ids: bool,
    pub(crate) file: bool,
    pub(crate) line_number: bool,
    /// Lines when spans are opened, entered, left and closed.
    pub(crate) span_events: bool,
}

impl Settings {
    pub(crate) const COUNT: u32 = 1 << 7;

    /// Each combination has a number.
    pub(crate) fn number(number: u32) -> Self {
        let bit = |place: u32| number & 1 << place != 0;
        Self {
            level: bit(0),
            target: bit(1),
            thread_names: bit(2),
            thread_ids: bit(3),
            file: bit(4),
            line_number: bit(5),
            span_events: bit(6),
        }
    }
}

/// What both can be told for JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JsonSettings {
    pub(crate) flatten_event: bool,
    pub(crate) current_span: bool,
    pub(crate) span_list: bool,
}

impl JsonSettings {
    pub(crate) const COUNT: u32 = 1 << 3;

    pub(crate) fn number(number: u32) -> Self {
        let bit = |place: u32| number & 1 << place != 0;
        Self {
            flatten_event: bit(0),
            current_span: bit(1),
            span_list: bit(2),
        }
    }
}

/// Both layers have methods of the same names.
macro_rules! set {
    ($layer:expr, $settings:expr) => {
        $layer
            .without_time()
            .with_level($settings.level)
            .with_target($settings.target)
            .with_thread_names($settings.thread_names)
            .with_thread_ids($settings.thread_ids)
            .with_file($settings.file)
            .with_line_number($settings.line_number)
            .with_span_events(if $settings.span_events {
                FmtSpan::FULL
            } else {
                FmtSpan::NONE
            })
    };
}

macro_rules! set_json {
    ($layer:expr, $json:expr) => {
        $layer
            .flatten_event($json.flatten_event)
            .with_current_span($json.current_span)
            .with_span_list($json.span_list)
    };
}

/// Every `write` that `fmt` makes: each is one event.
#[derive(Clone, Default)]
pub(crate) struct Written(Arc<Mutex<Vec<Vec<u8>>>>);

impl Written {
    pub(crate) fn lines(&self) -> Vec<String> {
        let written = self.0.lock().unwrap();
        let text = |line: &Vec<u8>| String::from_utf8(line.clone()).unwrap();
        written.iter().map(text).collect()
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Written {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// What the ring holds, record by record.
pub(crate) fn recorded(handle: &Handle) -> Vec<String> {
    assert_eq!(handle.stats().overwritten, 0, "the ring is large enough");
    let snapshot = handle.snapshot();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    snapshot.records().map(|r| text(r.bytes())).collect()
}

pub(crate) struct Pair {
    by_fmt: Written,
    by_ring: Handle,
    dispatch: Dispatch,
}

impl Pair {
    pub(crate) fn text(settings: Settings) -> Self {
        Self::new(|written, ring| {
            let fmt = fmt::layer().with_writer(written).with_ansi(false);
            let ring = RingLayer::new(ring);
            set!(fmt, settings).and_then(set!(ring, settings))
        })
    }

    pub(crate) fn json(settings: Settings, json: JsonSettings) -> Self {
        Self::new(|written, ring| {
            let fmt = fmt::layer().with_writer(written).json();
            let ring = RingLayer::new(ring).json();
            set_json!(set!(fmt, settings), json).and_then(set_json!(set!(ring, settings), json))
        })
    }

    /// Each of the two has a filter of its own, which lets through the same.
    pub(crate) fn filtered_text(settings: Settings, lets: fn(&Metadata<'_>) -> bool) -> Self {
        Self::new(|written, ring| {
            let fmt = fmt::layer().with_writer(written).with_ansi(false);
            let fmt = set!(fmt, settings).with_filter(filter_fn(lets));
            fmt.and_then(set!(RingLayer::new(ring), settings).with_filter(filter_fn(lets)))
        })
    }

    pub(crate) fn filtered_json(settings: Settings, lets: fn(&Metadata<'_>) -> bool) -> Self {
        Self::new(|written, ring| {
            let fmt = set!(fmt::layer().with_writer(written).json(), settings);
            let ring = set!(RingLayer::new(ring).json(), settings);
            let fmt = fmt.with_filter(filter_fn(lets));
            fmt.and_then(ring.with_filter(filter_fn(lets)))
        })
    }

    fn new<L>(layers: impl FnOnce(Written, Ring) -> L) -> Self
    where
        L: Layer<tracing_subscriber::Registry> + Send + Sync,
    {
        let by_fmt = Written::default();
        let ring = Ring::new(8 << 20).unwrap();
        let by_ring = ring.handle();
        let subscriber = tracing_subscriber::registry().with(layers(by_fmt.clone(), ring));
        Self {
            by_fmt,
            by_ring,
            dispatch: subscriber.into(),
        }
    }

    pub(crate) fn run(&self, events: impl FnOnce()) {
        with_default(&self.dispatch, events);
    }

    /// What `fmt` has written, once it is sure that the ring holds the same.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub(crate) fn same_lines(&self, what: &dyn Debug) -> Vec<String> {
        self.same(what, str::to_owned)
    }

    /// Here each line is one object as well, and how the exponent of a float is written may differ: that
    /// depends on the version of `serde_json`.
    pub(crate) fn same_objects(&self, what: &dyn Debug) -> Vec<String> {
        let lines = self.same(what, |line| line.replace("e+", "e"));
        for line in &lines {
            let object = line.strip_suffix('\n').unwrap();
            assert!(!object.contains('\n'), "one line");
            assert!(serde_json::from_str::<Value>(object).unwrap().is_object());
        }
        lines
    }

    fn same(&self, what: &dyn Debug, form: fn(&str) -> String) -> Vec<String> {
        let all = |lines: Vec<String>| lines.iter().map(|line| form(line)).collect::<Vec<_>>();
        let (by_fmt, by_ring) = (all(self.by_fmt.lines()), all(recorded(&self.by_ring)));
        for (number, (expected, line)) in by_fmt.iter().zip(&by_ring).enumerate() {
            // Not `assert_eq`, which shows 64 KiB.
            if line != expected {
                let start = |line: &str| line.chars().take(2000).collect::<String>();
                panic!(
                    "{what:?}, event {number}:\n fmt {:?}\nring {:?}",
                    start(expected),
                    start(line)
                );
            }
        }
        assert_eq!(by_ring.len(), by_fmt.len(), "{what:?}: number of records");
        by_fmt
    }
}
