//! The text of one log record.
//!
//! Kept here: whatever the `Display` of a value does, what it wrote stays, and the line ends.

use std::any::Any;
use std::fmt::{self, Write as _};
use std::panic::{self, AssertUnwindSafe};

use circular_core::Timestamp;
use log::kv::{self, Key, Value, VisitSource, VisitValue};
use log::{Level, Record};

/// Stands behind the text of a value that returned an error.
const FAILED: &str = "<error>";

/// Stands behind the text of a value that panicked, and ends the line.
const PANICKED: &str = "<panic>";

/// Appends one record as one line, `2026-11-23T23:05:12.123456Z  INFO target: message key=value`, and
/// tells what a value panicked with.
pub(crate) fn push_line(
    text: &mut String,
    time: Timestamp,
    record: &Record<'_>,
) -> Option<Box<dyn Any + Send>> {
    time.push_to(text);
    text.push_str(level(record.level()));
    text.push_str(record.target());
    text.push_str(": ");
    // Safe to go on with: the text is only appended to, and has what was written before the panic.
    let panic = panic::catch_unwind(AssertUnwindSafe(|| push_values(text, record))).err();
    if panic.is_some() {
        text.push_str(PANICKED);
    }
    text.push('\n');
    panic
}

/// With the spaces around it.
fn level(level: Level) -> &'static str {
    match level {
        Level::Error => " ERROR ",
        Level::Warn => "  WARN ",
        Level::Info => "  INFO ",
        Level::Debug => " DEBUG ",
        Level::Trace => " TRACE ",
    }
}

/// What the program wrote: all code of others that runs for a line.
fn push_values(text: &mut String, record: &Record<'_>) {
    match record.args().as_str() {
        Some(message) => text.push_str(message),
        None => {
            let written = text.write_fmt(*record.args());
            mark(text, written);
        }
    }
    // A source of pairs may fail as well.
    if record.key_values().visit(&mut Pairs(text)).is_err() {
        text.push_str(FAILED);
    }
}

fn mark(text: &mut String, written: fmt::Result) {
    if written.is_err() {
        text.push_str(FAILED);
    }
}

/// Appends each pair as ` key=value`.
struct Pairs<'a>(&'a mut String);

impl<'kvs> VisitSource<'kvs> for Pairs<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        self.0.push(' ');
        self.0.push_str(key.as_str());
        self.0.push('=');
        value.visit(Shown(self.0))
    }
}

/// Appends a value as its `Display` writes it, the usual ones without its help.
struct Shown<'a>(&'a mut String);

impl VisitValue<'_> for Shown<'_> {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), kv::Error> {
        let written = write!(self.0, "{value}");
        mark(self.0, written);
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        self.0.push_str(itoa::Buffer::new().format(value));
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        self.0.push_str(itoa::Buffer::new().format(value));
        Ok(())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        self.0.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_str(&mut self, value: &str) -> Result<(), kv::Error> {
        self.0.push_str(value);
        Ok(())
    }
}
