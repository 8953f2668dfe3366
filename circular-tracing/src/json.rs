//! A line of JSON, with the same keys and values that `fmt::layer().json()` writes.
//!
//! Invariant: whatever the program's values do, the line is one JSON object.

use std::fmt::Write as _;
use std::thread::{self, Thread};

use circular_core::{plain, push_json};
use tracing_core::Subscriber;
use tracing_core::field::Visit;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::format::{EventLine, Form, Format, Parts};
use crate::json_fields::{JsonDraft, JsonFields};
use crate::moves;
use crate::number::push_integer;
use crate::object::{Object, key};
use crate::spans::Spans;
use crate::spans::above::Around;
use crate::spans::fields::SpanFields;
use crate::values::{self, Panic};

/// Lines of JSON, as `fmt`'s `json()` writes them.
#[derive(Clone, Copy, Debug)]
pub struct Json {
    pub(crate) flatten_event: bool,
    pub(crate) current_span: bool,
    pub(crate) span_list: bool,
}

impl Default for Json {
    fn default() -> Self {
        Self {
            flatten_event: false,
            current_span: true,
            span_list: true,
        }
    }
}

impl Format for Json {}

impl Form for Json {
    type Fields = JsonFields;

    fn push_line<S>(
        &self,
        text: &mut String,
        parts: Parts,
        line: &EventLine<'_>,
        context: &Context<'_, S>,
        spans: &Spans<JsonFields>,
    ) -> Option<Panic>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let mut object = Object::begin(text);
        if parts.time {
            let text = object.constant_key(key!("timestamp"));
            text.push('"');
            line.time.push_to(text);
            text.push('"');
        }
        if parts.level {
            let text = object.constant_key(key!("level"));
            plain::push_in_quotes(text, line.meta.level().as_str());
        }
        let held = self.hold_span(line, context, spans);
        let panic = if self.flatten_event {
            object.fields(line)
        } else {
            let mut fields = Object::begin(object.constant_key(key!("fields")));
            let panic = fields.fields(line);
            fields.end();
            panic
        };
        if parts.target {
            push_json(object.constant_key(key!("target")), line.meta.target());
        }
        if let Some(file) = line.meta.file().filter(|_| parts.file) {
            push_json(object.constant_key(key!("filename")), file);
        }
        if let Some(number) = line.meta.line().filter(|_| parts.line_number) {
            push_integer(object.constant_key(key!("line_number")), number);
        }
        if let Some(held) = held {
            self.push_spans(&mut object, &held, context, spans);
        }
        if parts.thread_name || parts.thread_id {
            push_thread(&mut object, parts, &thread::current());
        }
        object.end();
        text.push('\n');
        panic
    }

    fn push_fields(fields: &mut JsonDraft, record: impl FnOnce(&mut dyn Visit)) -> Option<Panic> {
        let panic = values::caught(|| record(fields));
        if panic.is_some() {
            fields.end_panicked();
        }
        panic
    }
}

/// The span that an event is in.
struct Held<'a, S: for<'b> LookupSpan<'b>> {
    span: SpanRef<'a, S>,
    /// The table keeps it for us.
    is_held: bool,
    /// It is the one that the thread is in, and not one that the event names.
    is_current: bool,
    /// How often the thread had entered or left a span.
    moves: u64,
}

impl Json {
    /// The span that the event is in: its parent, if it has one of its own. Looked up before the fields are shown,
    /// as `fmt` does, since one of them may close it.
    fn hold_span<'a, S>(
        &self,
        line: &EventLine<'_>,
        context: &'a Context<'_, S>,
        spans: &Spans<JsonFields>,
    ) -> Option<Held<'a, S>>
    where
        S: Subscriber + for<'b> LookupSpan<'b>,
    {
        if !self.current_span && !self.span_list {
            return None;
        }
        let parent = line.event.parent().and_then(|id| context.span(id));
        let mut held = Held {
            is_held: false,
            is_current: parent.is_none(),
            moves: moves::counted(),
            span: parent.or_else(|| context.lookup_current())?,
        };
        if self.current_span {
            held.is_held = spans.hold(held.span.id().into_u64());
        }
        Some(held)
    }

    fn push_spans<S>(
        &self,
        object: &mut Object<'_>,
        held: &Held<'_, S>,
        context: &Context<'_, S>,
        spans: &Spans<JsonFields>,
    ) where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let mut around = None;
        if self.current_span {
            let text = object.constant_key(key!("span"));
            let id = held.span.id().into_u64();
            if held.is_held {
                around = spans.show_held(id, text);
            }
            if around.is_none() && !spans.show(id, text) {
                JsonFields::default().show(held.span.name(), text);
            }
        }
        if self.span_list {
            let text = object.constant_key(key!("spans"));
            text.push('[');
            // So does `fmt`: they are those around the code that says the event, and as it is now.
            if held.is_current && held.moves == moves::counted() {
                push_list(text, &held.span, around, spans);
            } else if let Some(current) = context.lookup_current() {
                push_list(text, &current, None, spans);
            }
            text.push(']');
        }
    }
}

/// The span and those around it, from the outermost on.
fn push_list<S>(
    text: &mut String,
    span: &SpanRef<'_, S>,
    around: Option<Around>,
    spans: &Spans<JsonFields>,
) where
    S: for<'a> LookupSpan<'a>,
{
    let id = span.id().into_u64();
    let is_known = match around {
        Some(around) => spans.show_around(id, around, text, ","),
        None => spans.show_scope(id, text, ","),
    };
    if is_known {
        return;
    }
    let mut comma = "";
    for span in span.scope().from_root() {
        text.push_str(comma);
        if !spans.show(span.id().into_u64(), text) {
            JsonFields::default().show(span.name(), text);
        }
        comma = ",";
    }
}

/// The name, or the number if there is none, or both.
fn push_thread(object: &mut Object<'_>, parts: Parts, thread: &Thread) {
    let id = |text: &mut String| {
        // Writing to a string does not fail.
        let _ = write!(text, "\"{:?}\"", thread.id());
    };
    if parts.thread_name {
        match thread.name() {
            Some(name) => push_json(object.constant_key(key!("threadName")), name),
            None if !parts.thread_id => id(object.constant_key(key!("threadName"))),
            None => {}
        }
    }
    if parts.thread_id {
        id(object.constant_key(key!("threadId")));
    }
}
