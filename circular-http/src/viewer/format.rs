//! How records, and what must be said beside them, look in each format.
//!
//! | | text | NDJSON | event stream |
//! |---|---|---|---|
//! | a record | its text | a line | a message, its `id` the cursor behind it |
//! | missed | a line `--- missed … ---` | `{"id":…,"missed":…}` | event `missed` |
//! | another ring's cursor | a line `--- restarted … ---` | `{"restarted":true}` | event `restarted` |
//! | the ring is closed | nothing | `{"closed":true}` | event `closed` |
//! | the ring is open, and shown no more | nothing | `{"id":…,"closed":true,"stopped":true}` | event `closed` |
//! | all that was asked for has come | nothing | nothing | event `end` |
//! | from here on it is live | nothing | nothing | event `live`, which says how often one hears of it |
//! | nothing to say | nothing | `{"id":…,"alive":true}` | event `alive` |
//!
//! In an event stream, whatever moves a reader on has an `id`, so that a client that comes back is told
//! of nothing twice, and of nothing as missed that was only filtered out for it.

use std::io::Write as _;
use std::time::Duration;

use circular_core::{
    Colors, Cursor, Missed, Notice, Part, Record, Timestamp, push_for_terminal,
    push_json_for_terminal,
};

/// Writes a response's body, piece by piece.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Writer {
    Text {
        /// Control characters are left as they are.
        raw: bool,
        at_line_start: bool,
    },
    Ndjson,
    Sse,
}

impl Writer {
    pub(crate) fn text(raw: bool) -> Self {
        Writer::Text {
            raw,
            at_line_start: true,
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Writer::Text { .. } => "text/plain; charset=utf-8",
            Writer::Ndjson => "application/x-ndjson",
            Writer::Sse => "text/event-stream",
        }
    }

    /// Appends what comes before everything else.
    pub(crate) fn start(self, out: &mut Vec<u8>) {
        if let Writer::Sse = self {
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
            Writer::Text { raw, at_line_start } => {
                if *raw {
                    out.extend_from_slice(text);
                } else {
                    // A part of a long record may be here without its last one.
                    if !*at_line_start && matches!(record.part(), Part::Whole | Part::First) {
                        out.push(b'\n');
                    }
                    push_for_terminal(out, text, Colors::Keep);
                    let is_whole = matches!(record.part(), Part::Whole | Part::Last);
                    if is_whole && !text.ends_with(b"\n") {
                        out.push(b'\n');
                    }
                }
                *at_line_start = out.last().is_none_or(|&last| last == b'\n');
            }
            Writer::Ndjson => {
                push_record(record, text, behind, out);
                out.push(b'\n');
            }
            Writer::Sse => {
                self.push_id(behind, out);
                out.extend_from_slice(b"data: ");
                push_record(record, text, behind, out);
                out.extend_from_slice(b"\n\n");
            }
        }
    }

    /// Appends what was missed before `behind`.
    pub(crate) fn missed(&mut self, missed: Missed, behind: Cursor, out: &mut Vec<u8>) {
        if missed.is_empty() {
            return;
        }
        self.push_id(behind, out);
        self.notice(
            &Notice::Text.missed(missed),
            "missed",
            &format!(r#"{{"id":"{behind}","missed":{}}}"#, missed.to_json()),
            out,
        );
    }

    /// Appends that the log does not go on where the client left off.
    pub(crate) fn restarted(&mut self, out: &mut Vec<u8>) {
        self.notice(
            Notice::Text.restarted(),
            "restarted",
            Notice::Json.restarted().trim_end(),
            out,
        );
    }

    /// Appends that there will be no more.
    pub(crate) fn closed(&mut self, out: &mut Vec<u8>) {
        if !matches!(self, Writer::Text { .. }) {
            self.notice("", "closed", r#"{"closed":true}"#, out);
        }
    }

    /// Appends that the ring is shown no more, though it may go on: who asks for what is after `behind`
    /// misses nothing. For those who know no more than [`closed`](Self::closed) it is that.
    pub(crate) fn stopped(&mut self, behind: Cursor, out: &mut Vec<u8>) {
        if !matches!(self, Writer::Text { .. }) {
            self.push_id(behind, out);
            self.notice(
                "",
                "closed",
                &format!(r#"{{"id":"{behind}","closed":true,"stopped":true}}"#),
                out,
            );
        }
    }

    /// Appends that all that was asked for has come, for those who would ask again.
    pub(crate) fn end(self, out: &mut Vec<u8>) {
        if let Writer::Sse = self {
            push_event("end", r#"{"end":true}"#, out);
        }
    }

    /// Appends that what comes after `behind` is new, and that there will be a sign of life in every
    /// `period`.
    pub(crate) fn live(self, behind: Cursor, period: Duration, out: &mut Vec<u8>) {
        self.push_id(behind, out);
        if let Writer::Sse = self {
            let millis = period.as_millis();
            push_event(
                "live",
                &format!(r#"{{"live":true,"alive_ms":{millis}}}"#),
                out,
            );
        }
    }

    /// Whether there is something to say when there is nothing to say.
    pub(crate) fn is_kept_alive(self) -> bool {
        !matches!(self, Writer::Text { .. })
    }

    /// Appends a sign of life; the client has had all that is before `behind`.
    pub(crate) fn alive(&mut self, behind: Cursor, out: &mut Vec<u8>) {
        self.push_id(behind, out);
        self.notice(
            "",
            "alive",
            &format!(r#"{{"id":"{behind}","alive":true}}"#),
            out,
        );
    }

    fn push_id(self, behind: Cursor, out: &mut Vec<u8>) {
        if let Writer::Sse = self {
            // Writing to memory does not fail, here and below.
            let _ = writeln!(out, "id: {behind}");
        }
    }

    /// Appends a line, which has its line end, or an object, which has none.
    fn notice(&mut self, line: &str, event: &str, json: &str, out: &mut Vec<u8>) {
        match self {
            Writer::Text { at_line_start, .. } => {
                if !*at_line_start {
                    out.push(b'\n');
                }
                *at_line_start = true;
                out.extend_from_slice(line.as_bytes());
            }
            Writer::Ndjson => {
                let _ = writeln!(out, "{json}");
            }
            Writer::Sse => push_event(event, json, out),
        }
    }
}

fn push_event(event: &str, json: &str, out: &mut Vec<u8>) {
    let _ = write!(out, "event: {event}\ndata: {json}\n\n");
}

fn push_record(record: &Record<'_>, text: &[u8], behind: Cursor, out: &mut Vec<u8>) {
    let (seq, time) = (record.seq(), Timestamp::new(record.time()));
    let _ = write!(
        out,
        r#"{{"id":"{behind}","seq":{seq},"time":"{time}","level":"#
    );
    let _ = match record.level() {
        Some(level) => write!(out, r#""{level}""#),
        None => write!(out, "null"),
    };
    out.extend_from_slice(br#","target":"#);
    push_json_for_terminal(out, record.target().as_bytes());
    let part = match record.part() {
        Part::Whole => None,
        Part::First => Some("first"),
        Part::Middle => Some("middle"),
        Part::Last => Some("last"),
    };
    if let Some(part) = part {
        let _ = write!(out, r#","part":"{part}""#);
    }
    out.extend_from_slice(br#","text":"#);
    push_json_for_terminal(out, text.strip_suffix(b"\n").unwrap_or(text));
    out.push(b'}');
}
