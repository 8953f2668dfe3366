//! How a response's body is written, piece by piece: text, JSON lines, or an event stream of the same objects.
//!
//! | | NDJSON | event stream |
//! |---|---|---|
//! | a record | a line | a message, its `id` the cursor behind it |
//! | missed, restarted, closed, alive | a line | an event of that name |
//! | one of several rings has ended, or was added | a line | event `ended` or `started` |
//! | the ring is open, and shown no more | a line with `stopped` | event `closed` |
//! | which rings there are | nothing | event `sources` |
//! | all that was asked for has come | nothing | event `end` |
//! | from here on it is live | nothing | event `live`, which says how often one hears of it |
//!
//! In an event stream, whatever moves a reader on has an `id`, so that a client that comes back is told
//! of nothing twice, and of nothing as missed that was only filtered out for it.
//!
//! Where several rings are shown, what is one's has its name: as `source` in an object, before a text.

use std::fmt::{self, Display};
use std::io::Write as _;
use std::time::Duration;

use circular_core::{
    Colors, Cursor, Missed, Notice, Record, push_for_terminal, push_json_for_terminal,
};
use circular_view::object;

/// Writes a response's body, piece by piece.
#[derive(Clone, Debug)]
pub(crate) enum BodyWriter {
    /// Bytes as they are, and nothing before them.
    Raw(circular_view::Writer),
    Text(circular_view::Writer),
    Ndjson(circular_view::Writer),
    Sse,
}

impl BodyWriter {
    pub(crate) fn text(raw: bool) -> Self {
        if raw {
            BodyWriter::Raw(circular_view::Writer::raw())
        } else {
            BodyWriter::Text(circular_view::Writer::text(Colors::Keep))
        }
    }

    pub(crate) fn ndjson() -> Self {
        BodyWriter::Ndjson(circular_view::Writer::ndjson())
    }

    pub(crate) fn content_type(&self) -> &'static str {
        match self {
            BodyWriter::Raw(_) | BodyWriter::Text(_) => "text/plain; charset=utf-8",
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
        behind: impl Display + Copy,
        source: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        match (self, source) {
            (BodyWriter::Text(lines), Some(source)) => {
                let named = [source.as_bytes(), b": ", text].concat();
                lines.record(record, &named, behind, out);
            }
            (BodyWriter::Raw(lines), _)
            | (BodyWriter::Text(lines) | BodyWriter::Ndjson(lines), None) => {
                lines.record(record, text, behind, out);
            }
            (BodyWriter::Ndjson(_), Some(source)) => {
                object::push_record(out, record, text, behind);
                push_source(source, out);
                out.push(b'\n');
            }
            (BodyWriter::Sse, source) => {
                push_id(behind, out);
                out.extend_from_slice(b"data: ");
                object::push_record(out, record, text, behind);
                if let Some(source) = source {
                    push_source(source, out);
                }
                out.extend_from_slice(b"\n\n");
            }
        }
    }

    /// Appends what was missed before `behind`, if anything was.
    pub(crate) fn missed(
        &mut self,
        missed: Missed,
        behind: impl Display + Copy,
        source: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        if missed.is_empty() {
            return;
        }
        let line = Notice::Text.missed(missed);
        let object = object::missed(missed, behind);
        self.tell("missed", line.trim_end(), &object, behind, source, out);
    }

    /// Appends how a ring has ended: what has become of its program.
    pub(crate) fn ended(
        &mut self,
        how: &str,
        behind: impl Display + Copy,
        source: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        let mut object = format!(r#"{{"id":"{behind}","ended":"#).into_bytes();
        push_json_for_terminal(&mut object, how.as_bytes());
        object.push(b'}');
        let object = String::from_utf8_lossy(&object);
        let line = format!("--- {how} ---");
        self.tell("ended", &line, &object, behind, source, out);
    }

    /// Appends that a ring was added, by the process `pid` or by this one.
    pub(crate) fn started(
        &mut self,
        pid: Option<u64>,
        behind: impl Display + Copy,
        source: &str,
        out: &mut Vec<u8>,
    ) {
        let shown = pid.map_or("null".to_owned(), |pid| pid.to_string());
        let object = format!(r#"{{"id":"{behind}","started":{{"pid":{shown}}}}}"#);
        let line = match pid {
            Some(pid) => format!("--- started, pid {pid} ---"),
            None => "--- started ---".to_owned(),
        };
        self.tell("started", &line, &object, behind, Some(source), out);
    }

    /// Appends which rings there are, each with what its ids begin with, and all names.
    pub(crate) fn sources<'a>(
        &mut self,
        names: &[Box<str>],
        rings: impl Iterator<Item = (Cursor, &'a str)>,
        out: &mut Vec<u8>,
    ) {
        if !matches!(self, BodyWriter::Sse) {
            return;
        }
        let quoted = |name: &str| {
            let mut json = Vec::new();
            push_json_for_terminal(&mut json, name.as_bytes());
            String::from_utf8_lossy(&json).into_owned()
        };
        let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
        let ring = |(place, name): (Cursor, &str)| {
            let id = place.to_string();
            let id = id.split('.').next().unwrap_or_default();
            format!(r#"{{"ring":"{id}","source":{}}}"#, quoted(name))
        };
        let rings: Vec<_> = rings.map(ring).collect();
        let (names, rings) = (names.join(","), rings.join(","));
        let object = format!(r#"{{"sources":[{names}],"rings":[{rings}]}}"#);
        push_event("sources", &object, out);
    }

    /// Appends what is said of one ring, which `object` says as well.
    fn tell(
        &mut self,
        event: &str,
        line: &str,
        object: &str,
        behind: impl Display,
        source: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        let mut named = object.as_bytes().to_vec();
        if let Some(source) = source {
            push_source(source, &mut named);
        }
        let object = String::from_utf8_lossy(&named);
        match self {
            BodyWriter::Raw(lines) | BodyWriter::Text(lines) | BodyWriter::Ndjson(lines) => {
                let line = match source {
                    Some(source) => format!("{}: {line}", for_terminal(source)),
                    None => line.to_owned(),
                };
                lines.notice(&line, &object, out);
            }
            BodyWriter::Sse => {
                push_id(behind, out);
                push_event(event, &object, out);
            }
        }
    }

    /// Appends that the log does not go on where the client left off.
    pub(crate) fn restarted(&mut self, out: &mut Vec<u8>) {
        match self {
            BodyWriter::Raw(lines) | BodyWriter::Text(lines) | BodyWriter::Ndjson(lines) => {
                lines.restarted(out)
            }
            BodyWriter::Sse => push_event("restarted", object::RESTARTED, out),
        }
    }

    /// Appends that there will be no more.
    pub(crate) fn closed(&mut self, out: &mut Vec<u8>) {
        match self {
            BodyWriter::Raw(lines) | BodyWriter::Text(lines) | BodyWriter::Ndjson(lines) => {
                lines.closed(out)
            }
            BodyWriter::Sse => push_event("closed", object::CLOSED, out),
        }
    }

    /// Appends that the ring is shown no more, though it may go on: who asks for what is after `behind`
    /// misses nothing. For those who know no more than [`closed`](Self::closed) it is that.
    pub(crate) fn stopped(&mut self, behind: impl Display + Copy, out: &mut Vec<u8>) {
        match self {
            BodyWriter::Raw(lines) | BodyWriter::Text(lines) | BodyWriter::Ndjson(lines) => {
                lines.stopped(behind, out)
            }
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
    pub(crate) fn live(&self, behind: impl Display + Copy, period: Duration, out: &mut Vec<u8>) {
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
        !matches!(self, BodyWriter::Raw(_) | BodyWriter::Text(_))
    }

    /// Appends a sign of life; the client has had all that is before `behind`.
    pub(crate) fn alive(&mut self, behind: impl Display + Copy, out: &mut Vec<u8>) {
        match self {
            BodyWriter::Raw(lines) | BodyWriter::Text(lines) | BodyWriter::Ndjson(lines) => {
                lines.alive(behind, out)
            }
            BodyWriter::Sse => {
                push_id(behind, out);
                push_event("alive", &object::alive(behind), out);
            }
        }
    }
}

/// Adds to an object whose it is.
fn push_source(source: &str, out: &mut Vec<u8>) {
    // It is an object, and so its last byte is a brace.
    out.pop();
    out.extend_from_slice(br#","source":"#);
    push_json_for_terminal(out, source.as_bytes());
    out.push(b'}');
}

/// A name as a terminal may be shown it.
fn for_terminal(name: &str) -> String {
    let mut shown = Vec::new();
    push_for_terminal(&mut shown, name.as_bytes(), Colors::Keep);
    String::from_utf8_lossy(&shown).into_owned()
}

fn push_id(behind: impl fmt::Display, out: &mut Vec<u8>) {
    // Writing to memory does not fail, here and below.
    let _ = writeln!(out, "id: {behind}");
}

fn push_event(event: &str, json: &str, out: &mut Vec<u8>) {
    let _ = write!(out, "event: {event}\ndata: {json}\n\n");
}
