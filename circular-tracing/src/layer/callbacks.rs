//! What the layer does when `tracing` tells it of a span or an event.
//!
//! Invariant: whatever the program's values do, an event is one record, or counted as refused, and then what a value
//! panicked with goes on to whoever logged. In a forked child nothing of the layer is touched that another thread may
//! have locked.

use std::panic;

use circular_core::{Level, Meta, Timestamp};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::{RingLayer, Suffix};
use crate::format::{EventLine, Format};
use crate::moves;
use crate::span_events;
use crate::spans::table::SpanInfo;
use crate::values::{self, Panic};

impl<S, F> Layer<S> for RingLayer<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    F: Format,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if self.ring.is_forked() {
            return;
        }
        let Some(info) = span_info(id, &context) else {
            return;
        };
        let is_there = |other| context.exists(&Id::from_u64(other));
        let panic = self.spans.open(id.into_u64(), info, is_there, |fields| {
            F::push_fields(fields, |visit| attributes.record(visit))
        });
        resume(panic);
        if self.measures() {
            if let Some(span) = context.span(id) {
                span_events::measure(&span);
            }
        }
        if self.span_events.new {
            self.say_of_span(id, "new", context);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if self.ring.is_forked() {
            return;
        }
        let Some(info) = span_info(id, &context) else {
            return;
        };
        let panic = self.spans.record(id.into_u64(), info, |fields| {
            F::push_fields(fields, |visit| values.record(visit))
        });
        resume(panic);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        moves::count();
        if self.measures() {
            if let Some(span) = context.span(id) {
                span_events::enter(&span);
            }
        }
        if self.span_events.enter {
            self.say_of_span(id, "enter", context);
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        moves::count();
        if self.measures() {
            if let Some(span) = context.span(id) {
                span_events::exit(&span);
            }
        }
        if self.span_events.exit {
            self.say_of_span(id, "exit", context);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let mut panic = None;
        if self.span_events.close && !self.ring.is_forked() {
            // It is still there for a moment.
            if let Some(span) = context.span(&id) {
                panic = values::caught(|| {
                    let say = |event: &Event<'_>| self.on_event(event, context.clone());
                    span_events::say_closed(&id, span, say);
                });
            }
        }
        if !self.ring.is_forked() {
            self.spans.close(id.into_u64());
        }
        resume(panic);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let own = event.metadata();
        // All that were log records have this target.
        let normalized = if own.target() == "log" {
            event.normalized_metadata()
        } else {
            None
        };
        let meta = normalized.as_ref().unwrap_or(own);
        let line = EventLine {
            event,
            meta,
            is_log_record: normalized.is_some(),
            time: Timestamp::now(),
        };
        let level = Level::from(*meta.level());
        let kept = Meta::new()
            .level(level)
            .target(meta.target())
            .timestamp(line.time);
        if self.ring.is_forked() {
            // It counts the event. What the event's values would say is nobody's matter here.
            let _ = self.ring.record(kept, b"\n");
            return;
        }
        let mut panic = None;
        // A closed ring is the one error, and it has counted the event as refused.
        let _ = self.ring.record_with(kept, |text| {
            panic = self
                .format
                .push_line(text, self.parts, &line, &context, &self.spans);
            if let (Some(suffix), None) = (&self.suffix, &panic) {
                panic = push_suffix(text, suffix.as_ref(), event, &context);
            }
        });
        if let Some(trigger) = &self.trigger {
            trigger.observe(level);
        }
        resume(panic);
    }
}

impl<F: Format> RingLayer<F> {
    /// Whether spans are timed.
    fn measures(&self) -> bool {
        self.span_events.close && self.parts.time && !self.ring.is_forked()
    }

    fn say_of_span<S>(&self, id: &Id, what: &str, context: Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let meta = context.span(id).map(|span| span.metadata());
        if let Some(meta) = meta {
            span_events::say(id, meta, what, |event| self.on_event(event, context));
        }
    }
}

/// Puts what is said of the event's span before the line's end, and tells what that panicked with.
fn push_suffix<S>(
    text: &mut String,
    suffix: &Suffix,
    event: &Event<'_>,
    context: &Context<'_, S>,
) -> Option<Panic>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let span = context.event_span(event)?;
    let has_end = text.ends_with('\n');
    text.truncate(text.len() - usize::from(has_end));
    let before = text.len();
    text.push(' ');
    let panic = values::caught(|| suffix(&span.extensions(), text));
    if text.len() == before + 1 {
        text.truncate(before);
    }
    if has_end {
        text.push('\n');
    }
    panic
}

/// What the context shows of the span. What it does not show is off for the layer, even if `tracing` tells of
/// it: a value that logs while another layer shows it makes a filter's answer be forgotten. And it does not tell
/// when such a span is closed.
fn span_info<S>(id: &Id, context: &Context<'_, S>) -> Option<SpanInfo>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let span = context.span(id)?;
    Some(SpanInfo {
        name: span.name(),
        parent: span.parent().map(|parent| parent.id().into_u64()),
    })
}

fn resume(panic: Option<Panic>) {
    if let Some(panic) = panic {
        panic::resume_unwind(panic);
    }
}
