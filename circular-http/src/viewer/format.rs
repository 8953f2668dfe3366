//! How a response's body is written, piece by piece: text, JSON lines, or an event stream of the same objects.
//!
//! | | NDJSON | event stream |
//! |---|---|---|
//! | a record | a line | a message, its `id` the cursor behind it |
//! | missed, restarted, closed, alive | a line | an event of that name |
//! | the ring is open, and shown no more | a line with `stopped` | event `closed` |
//! | all that was asked for has come | nothing | event `end` |
//! | from here on it is live | nothing | event `live`, which says how often one hears of it |
//!
//! In an event stream, whatever moves a reader on has an `id`, so that a client that comes back is told
//! of nothing twice, and of nothing as missed that was only filtered out for it.

use std::io::Write as _;
use std::time::Duration;

use circular_core::{Colors, Cursor, Missed, Record};
use circular_view::object;

/// Writes a response's body, piece by piece.
#[derive(Clone, Debug)]
pub(crate) enum BodyWriter {
    Text(circular_view::Writer),
    Ndjson(circular_view::Writer),
    Sse,
}

impl BodyWriter {
    pub(crate) fn text(raw: bool) -> Self {
        BodyWriter::Text(if raw {
            circular_view::Writer::raw()
        } else {
            circular_view::Writer::text(Colors::Keep)
        })
    }

    pub(crate) fn ndjson() -> Self {
        BodyWriter::Ndjson(circular_view::Writer::ndjson())
    }

    pub(crate) fn content_type(&self) -> &'static str {
        match self {
            BodyWriter::Text(_) => "text/plain; charset=utf-8",
            BodyWriter::Ndjson(_) => "application/x-ndjson",
            BodyWriter::Sse => "text/event-stream",
        }
    }

    /// Appends what comes before everything else.
    pub(crate) fn start(&self, out: &mut Vec<u8>) {
        if let BodyWriter::Sse = self {
            out.extend_from_slice(b"retry: 1000\n\n");
        }
    }

    /// Appends one record, of which the client gets `text`. A reader that has had it goes on at
    /// `behind`.
    pub(crate) fn record(
        &mut self,
        record: &Record<'_>,
        text: &[u8],
        behind: Cursor,
        out: &mut Vec<u8>,
    ) {
        match self {
            BodyWriter::Text(lines) | BodyWriter::Ndjson(lines) => {
                lines.record(record, text, behind, out)
            }
            BodyWriter::Sse => {
                push_id(behind, out);
                out.extend_from_slice(b"data: ");
                object::push_record(out, record, text, behind);
                out.extend_from_slice(b"\n\n");
            }
        }
    }

    /// Appends what was missed before `behind`.
    pub(crate) fn missed(&mut self, missed: Missed, behind: Cursor, out: &mut Vec<u8>) {
        match self {
            BodyWriter::Text(lines) | BodyWriter::Ndjson(lines) => {
                lines.missed(missed, behind, out)
            }
            BodyWriter::Sse if missed.is_empty() => {}
            BodyWriter::Sse => {
                push_id(behind, out);
                push_event("missed", &object::missed(missed, behind), out);
            }
        }
    }

    /// Appends that the log does not go on where the client left off.
    pub(crate) fn restarted(&mut self, out: &mut Vec<u8>) {
        match self {
            BodyWriter::Text(lines) | BodyWriter::Ndjson(lines) => lines.restarted(out),
            BodyWriter::Sse => push_event("restarted", object::RESTARTED, out),
        }
    }

    /// Appends that there will be no more.
    pub(crate) fn closed(&mut self, out: &mut Vec<u8>) {
        match self {
            BodyWriter::Text(lines) | BodyWriter::Ndjson(lines) => lines.closed(out),
            BodyWriter::Sse => push_event("closed", object::CLOSED, out),
        }
    }

    /// Appends that the ring is shown no more, though it may go on: who asks for what is after `behind`
    /// misses nothing. For those who know no more than [`closed`](Self::closed) it is that.
    pub(crate) fn stopped(&mut self, behind: Cursor, out: &mut Vec<u8>) {
        match self {
            BodyWriter::Text(lines) | BodyWriter::Ndjson(lines) => lines.stopped(behind, out),
            BodyWriter::Sse => {
                push_id(behind, out);
                push_event("closed", &object::stopped(behind), out);
            }
        }
    }

    /// Appends that all that was asked for has come, for those who would ask again.
    pub(crate) fn end(&self, out: &mut Vec<u8>) {
        if let BodyWriter::Sse = self {
            push_event("end", r#"{"end":true}"#, out);
        }
    }

    /// Appends that what comes after `behind` is new, and that there will be a sign of life in every
    /// `period`.
    pub(crate) fn live(&self, behind: Cursor, period: Duration, out: &mut Vec<u8>) {
        if let BodyWriter::Sse = self {
            push_id(behind, out);
            let millis = period.as_millis();
            push_event(
                "live",
                &format!(r#"{{"live":true,"alive_ms":{millis}}}"#),
                out,
            );
        }
    }

    /// Whether there is something to say when there is nothing to say.
    pub(crate) fn is_kept_alive(&self) -> bool {
        !matches!(self, BodyWriter::Text(_))
    }

    /// Appends a sign of life; the client has had all that is before `behind`.
    pub(crate) fn alive(&mut self, behind: Cursor, out: &mut Vec<u8>) {
        match self {
            BodyWriter::Text(lines) | BodyWriter::Ndjson(lines) => lines.alive(behind, out),
            BodyWriter::Sse => {
                push_id(behind, out);
                push_event("alive", &object::alive(behind), out);
            }
        }
    }
}

fn push_id(behind: Cursor, out: &mut Vec<u8>) {
    // Writing to memory does not fail, here and below.
    let _ = writeln!(out, "id: {behind}");
}

fn push_event(event: &str, json: &str, out: &mut Vec<u8>) {
    let _ = write!(out, "event: {event}\ndata: {json}\n\n");
}
