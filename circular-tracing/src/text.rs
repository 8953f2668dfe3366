//! A line of text, byte for byte the one that `fmt::layer().with_ansi(false)` writes.
//!
//! Where a `Debug` or `Display` fails, `fmt` writes no line; here the line is written, and marked.

use std::cell::Cell;
use std::error::Error;
use std::fmt::{self, Debug, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::{self, LocalKey, Thread};

use tracing_core::field::{Field, Visit};
use tracing_core::{Level, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::escape::{AsFmtEscapes, push_debug};
use crate::format::{EventLine, Form, Format, Parts};
use crate::number::{push_float, push_integer};
use crate::spans::Spans;
use crate::spans::draft::Draft;
use crate::spans::fields::{Room, SpanFields};
use crate::values::{self, FAILED, PANICKED, Panic};

/// Lines of text, as `fmt` writes them.
#[derive(Clone, Copy, Debug)]
pub struct Text;

impl Format for Text {}

impl Form for Text {
    type Fields = String;

    fn push_line<S>(
        &self,
        text: &mut String,
        parts: Parts,
        line: &EventLine<'_>,
        context: &Context<'_, S>,
        spans: &Spans<String>,
    ) -> Option<Panic>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if parts.time {
            line.time.push_to(text);
            text.push(' ');
        }
        if parts.level {
            text.push_str(level(*line.meta.level()));
        }
        if parts.thread_name || parts.thread_id {
            push_thread(text, parts, &thread::current());
        }
        push_scope(text, line, context, spans);
        if parts.target {
            text.push_str(line.meta.target());
            text.push_str(": ");
        }
        let line_number = line.meta.line().filter(|_| parts.line_number);
        if let Some(file) = line.meta.file().filter(|_| parts.file) {
            text.push_str(file);
            text.push_str(if line_number.is_some() { ":" } else { ": " });
        }
        if let Some(number) = line_number {
            push_integer(text, number);
            text.push_str(": ");
        }
        let mut fields = Fields::new(text);
        fields.is_log_record = line.is_log_record;
        let panic = fields.record(|fields| line.event.record(fields));
        text.push('\n');
        panic
    }

    fn push_fields(fields: &mut String, record: impl FnOnce(&mut dyn Visit)) -> Option<Panic> {
        Fields::new(fields).record(record)
    }
}

impl SpanFields for String {
    type Draft = String;

    fn room(&self) -> Room {
        Room {
            bytes: self.capacity(),
            members: 0,
        }
    }

    fn needed(&self, later: &String) -> Room {
        let space = usize::from(!self.is_empty());
        Room {
            bytes: self.len() + space + later.len(),
            members: 0,
        }
    }

    fn with_room(room: Room) -> Self {
        String::with_capacity(room.bytes)
    }

    fn clear(&mut self) {
        self.clear();
    }

    fn add(&mut self, later: &String) {
        if !self.is_empty() {
            self.push(' ');
        }
        self.push_str(later);
    }

    fn copy(&mut self, other: &Self) {
        self.clear();
        self.push_str(other);
    }

    fn longest(&self, name: &str) -> usize {
        name.len() + self.len() + "{}:".len()
    }

    fn show(&self, name: &str, text: &mut String) {
        text.push_str(name);
        if !self.is_empty() {
            text.push('{');
            text.push_str(self);
            text.push('}');
        }
        text.push(':');
    }
}

impl Draft for String {
    fn place() -> &'static LocalKey<Cell<Self>> {
        thread_local!(static DRAFT: Cell<String> = const { Cell::new(String::new()) });
        &DRAFT
    }

    fn size(&self) -> usize {
        self.capacity()
    }

    fn clear(&mut self) {
        self.clear();
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR ",
        Level::WARN => " WARN ",
        Level::INFO => " INFO ",
        Level::DEBUG => "DEBUG ",
        Level::TRACE => "TRACE ",
    }
}

/// Name, or number if there is none, or both, each as wide as all others that have logged before.
fn push_thread(text: &mut String, parts: Parts, thread: &Thread) {
    static LONGEST_NAME: AtomicUsize = AtomicUsize::new(0);

    let name = thread.name().filter(|_| parts.thread_name);
    // Writing to a string does not fail.
    if let Some(name) = name {
        // As in `fmt`, what is kept is counted in bytes, and padded in characters. So the longest name so far
        // must not be padded to its own length.
        let longest = LONGEST_NAME.fetch_max(name.len(), Relaxed);
        let _ = write!(text, "{name:>longest$} ");
    }
    if parts.thread_id || name.is_none() {
        let _ = write!(text, "{:0>2?} ", thread.id());
    }
}

/// The spans that the event is in, from the outermost on, with their fields.
fn push_scope<S>(
    text: &mut String,
    line: &EventLine<'_>,
    context: &Context<'_, S>,
    spans: &Spans<String>,
) where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let Some(span) = context.event_span(line.event) else {
        return;
    };
    if !spans.show_scope(span.id().into_u64(), text, "") {
        for span in span.scope().from_root() {
            if !spans.show(span.id().into_u64(), text) {
                String::new().show(span.name(), text);
            }
        }
    }
    text.push(' ');
}

/// Appends fields, with spaces between them.
struct Fields<'a> {
    text: &'a mut String,
    is_first: bool,
    /// They are of a log record that `tracing-log` has made an event of.
    is_log_record: bool,
}

impl<'a> Fields<'a> {
    fn new(text: &'a mut String) -> Self {
        Self {
            text,
            is_first: true,
            is_log_record: false,
        }
    }

    /// Appends what `record` visits, and tells what a value panicked with.
    fn record(&mut self, record: impl FnOnce(&mut dyn Visit)) -> Option<Panic> {
        let panic = values::caught(|| record(self));
        if panic.is_some() {
            self.text.push_str(PANICKED);
        }
        panic
    }

    /// Appends what stands before a value, if there is to be one.
    fn begin(&mut self, field: &Field) -> Option<Kind> {
        let name = field.name();
        let shown = match name.as_bytes().first() {
            // What tracing-log tells of the record's origin is in the line already. A program may have
            // fields of such names too.
            Some(b'l') if self.is_log_record && name.starts_with("log.") => return None,
            Some(b'm') if name == "message" => {
                self.separate();
                return Some(Kind::Message);
            }
            Some(b'r') => name.strip_prefix("r#").unwrap_or(name),
            _ => name,
        };
        self.separate();
        self.text.push_str(shown);
        self.text.push('=');
        Some(Kind::Value)
    }

    fn separate(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.text.push(' ');
        }
    }

    fn mark(&mut self, written: fmt::Result) {
        if written.is_err() {
            self.text.push_str(FAILED);
        }
    }
}

enum Kind {
    Message,
    Value,
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if self.begin(field).is_some() {
            push_float(self.text, value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        if self.begin(field).is_some() {
            push_integer(self.text, value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if self.begin(field).is_some() {
            push_integer(self.text, value);
        }
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        if self.begin(field).is_some() {
            push_integer(self.text, value);
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        if self.begin(field).is_some() {
            push_integer(self.text, value);
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if self.begin(field).is_some() {
            self.text.push_str(if value { "true" } else { "false" });
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match self.begin(field) {
            Some(Kind::Message) => {
                let written = AsFmtEscapes(self.text).write_str(value);
                self.mark(written);
            }
            Some(Kind::Value) => push_debug(self.text, value),
            None => {}
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if self.begin(field).is_none() {
            return;
        }
        let written = write!(AsFmtEscapes(self.text), "{value}");
        self.mark(written);
        let Some(source) = value.source() else { return };
        self.text.push(' ');
        self.text.push_str(field.name());
        self.text.push_str(".sources=[");
        let mut next = Some(source);
        while let Some(source) = next {
            let written = write!(AsFmtEscapes(self.text), "{source}");
            self.mark(written);
            next = source.source();
            self.text.push_str(if next.is_some() { ", " } else { "]" });
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let written = match self.begin(field) {
            Some(Kind::Message) => values::write_debug(&mut AsFmtEscapes(self.text), value),
            Some(Kind::Value) => values::write_debug(self.text, value),
            None => Ok(()),
        };
        self.mark(written);
    }
}
