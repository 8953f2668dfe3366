//! How records, and what must be said beside them, look as text and as JSON lines.
//!
//! | | text | NDJSON |
//! |---|---|---|
//! | a record | its text | a line |
//! | missed | a line `--- missed … ---` | `{"id":…,"missed":…}` |
//! | another ring's cursor | a line `--- restarted … ---` | `{"restarted":true}` |
//! | the ring is closed | nothing | `{"closed":true}` |
//! | the ring is open, and shown no more | nothing | `{"id":…,"closed":true,"stopped":true}` |
//! | nothing to say | nothing | `{"id":…,"alive":true}` |
//!
//! Invariant: a notice is a line of its own, whatever the text before it ends with.

use circular_core::{Colors, Cursor, Missed, Notice, Part, Record, push_for_terminal};

use crate::view::object;

/// Appends records, and notices between them.
#[derive(Clone, Debug)]
pub(crate) struct Writer(Form);

#[derive(Clone, Debug)]
enum Form {
    Text {
        /// `None` leaves all as it is.
        colors: Option<Colors>,
        at_line_start: bool,
    },
    Ndjson,
}

impl Writer {
    /// Text for a terminal: what that would obey is shown as escapes.
    pub(crate) fn text(colors: Colors) -> Self {
        Self::of_text(Some(colors))
    }

    /// Text as it was logged.
    pub(crate) fn raw() -> Self {
        Self::of_text(None)
    }

    /// An object a line.
    pub(crate) fn ndjson() -> Self {
        Self(Form::Ndjson)
    }

    fn of_text(colors: Option<Colors>) -> Self {
        Self(Form::Text {
            colors,
            at_line_start: true,
        })
    }

    /// Appends one record, of which `text` is shown. A reader that has had it goes on at `behind`.
    pub(crate) fn record(
        &mut self,
        record: &Record<'_>,
        text: &[u8],
        behind: Cursor,
        out: &mut Vec<u8>,
    ) {
        match &mut self.0 {
            Form::Text {
                colors,
                at_line_start,
            } => {
                let before = out.len();
                if let Some(colors) = *colors {
                    // A part of a long record may be here without its last one.
                    if !*at_line_start && matches!(record.part(), Part::Whole | Part::First) {
                        out.push(b'\n');
                    }
                    push_for_terminal(out, text, colors);
                    let is_whole = matches!(record.part(), Part::Whole | Part::Last);
                    if is_whole && !text.ends_with(b"\n") {
                        out.push(b'\n');
                    }
                } else {
                    out.extend_from_slice(text);
                }
                if out.len() > before {
                    *at_line_start = out.ends_with(b"\n");
                }
            }
            Form::Ndjson => {
                object::push_record(out, record, text, behind);
                out.push(b'\n');
            }
        }
    }

    /// Appends what was missed before `behind`, if anything was.
    pub(crate) fn missed(&mut self, missed: Missed, behind: Cursor, out: &mut Vec<u8>) {
        if !missed.is_empty() {
            let line = Notice::Text.missed(missed);
            self.notice(line.trim_end(), &object::missed(missed, behind), out);
        }
    }

    /// Appends that the log does not go on where the reader left off.
    pub(crate) fn restarted(&mut self, out: &mut Vec<u8>) {
        let line = Notice::Text.restarted();
        self.notice(line.trim_end(), object::RESTARTED, out);
    }

    /// Appends that there will be no more.
    pub(crate) fn closed(&mut self, out: &mut Vec<u8>) {
        self.notice("", object::CLOSED, out);
    }

    /// Appends that the ring is shown no more, though it may go on: who asks for what is after `behind`
    /// misses nothing. For those who know no more than [`closed`](Self::closed) it is that.
    pub(crate) fn stopped(&mut self, behind: Cursor, out: &mut Vec<u8>) {
        self.notice("", &object::stopped(behind), out);
    }

    /// Appends a sign of life; the reader has had all that is before `behind`.
    pub(crate) fn alive(&mut self, behind: Cursor, out: &mut Vec<u8>) {
        self.notice("", &object::alive(behind), out);
    }

    /// Appends a notice: `line` to text, unless it is empty, and `object` to JSON lines.
    pub(crate) fn notice(&mut self, line: &str, object: &str, out: &mut Vec<u8>) {
        match &mut self.0 {
            Form::Text { .. } if line.is_empty() => {}
            Form::Text {
                colors,
                at_line_start,
            } => {
                if !*at_line_start {
                    out.push(b'\n');
                }
                *at_line_start = true;
                match *colors {
                    Some(colors) => push_for_terminal(out, line.as_bytes(), colors),
                    None => out.extend_from_slice(line.as_bytes()),
                }
                out.push(b'\n');
            }
            Form::Ndjson => {
                out.extend_from_slice(object.as_bytes());
                out.push(b'\n');
            }
        }
    }
}
