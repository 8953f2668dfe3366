//! How records, and what must be said beside them, look as text and as JSON lines.
//!
//! Invariant: a notice is a line of its own, whatever the text before it ends with.

use circular_core::{Colors, Cursor, Missed, Notice, Part, Record, push_for_terminal};

use crate::object;

/// Writes records, and notices between them, to what is sent or shown: as text, or as JSON lines.
///
/// It appends to a `Vec`, which may be emptied between two calls, and remembers only how text ended. What comes in
/// which form, and what its objects have, is told at [`object`].
///
/// ```
/// use circular_core::{Level, Meta, Missed, Ring};
/// use circular_view::Writer;
///
/// let ring = Ring::new(4096)?;
/// let mut reader = ring.handle().reader().open();
/// ring.record(Meta::new().level(Level::Info), b"three items\n")?;
/// let batch = reader.recv()?;
/// let record = batch.records().next().unwrap();
/// let behind = batch.cursor_before(1);
/// let missed = Missed { records: 12, bytes: 345 };
///
/// let (mut text, mut writer) = (Vec::new(), Writer::raw());
/// writer.missed(missed, behind, &mut text);
/// writer.record(&record, record.bytes(), behind, &mut text);
/// let shown = "--- missed 12 records (345 bytes): reader too slow ---\nthree items\n";
/// assert_eq!(String::from_utf8(text)?, shown);
///
/// let (mut json, mut writer) = (Vec::new(), Writer::ndjson());
/// writer.missed(missed, behind, &mut json);
/// writer.record(&record, record.bytes(), behind, &mut json);
/// assert!(json.ends_with(b",\"level\":\"INFO\",\"target\":\"\",\"text\":\"three items\"}\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Writer(Form);

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
    /// Returns one that writes text for terminals: what one would obey is shown as escapes, by the rules of
    /// [`push_for_terminal`]. Every record is a line of its own at least.
    pub fn text(colors: Colors) -> Self {
        Self::of_text(Some(colors))
    }

    /// Returns one that writes text as it was logged, byte by byte. It is not for terminals.
    pub fn raw() -> Self {
        Self::of_text(None)
    }

    /// Returns one that writes JSON lines: an object for each record and each notice.
    pub fn ndjson() -> Self {
        Self(Form::Ndjson)
    }

    fn of_text(colors: Option<Colors>) -> Self {
        Self(Form::Text {
            colors,
            at_line_start: true,
        })
    }

    /// Appends one record, of which `text` is shown: what [`Selection::text`](crate::Selection::text) gives.
    ///
    /// `behind` is where a reader goes on that has had it. It is in JSON only, as are those of notices.
    pub fn record(&mut self, record: &Record<'_>, text: &[u8], behind: Cursor, out: &mut Vec<u8>) {
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
    pub fn missed(&mut self, missed: Missed, behind: Cursor, out: &mut Vec<u8>) {
        if !missed.is_empty() {
            let line = Notice::Text.missed(missed);
            self.notice(line.trim_end(), &object::missed(missed, behind), out);
        }
    }

    /// Appends that the log does not go on where the reader left off: its cursor is another ring's.
    pub fn restarted(&mut self, out: &mut Vec<u8>) {
        let line = Notice::Text.restarted();
        self.notice(line.trim_end(), object::RESTARTED, out);
    }

    /// Appends that there will be no more. Text says nothing.
    pub fn closed(&mut self, out: &mut Vec<u8>) {
        self.notice("", object::CLOSED, out);
    }

    /// Appends that the ring is shown no more, though it may go on: who asks for what is after `behind`
    /// misses nothing. For those who know no more than [`closed`](Self::closed) it is that. Text says nothing.
    pub fn stopped(&mut self, behind: Cursor, out: &mut Vec<u8>) {
        self.notice("", &object::stopped(behind), out);
    }

    /// Appends a sign of life; the reader has had all that is before `behind`. Text says nothing.
    pub fn alive(&mut self, behind: Cursor, out: &mut Vec<u8>) {
        self.notice("", &object::alive(behind), out);
    }

    /// Appends a notice of your own: `line` to text, where it begins a new one, and `object` to JSON lines. Both stand
    /// without their line end; a `line` that is empty is none.
    ///
    /// ```
    /// use circular_view::Writer;
    ///
    /// let mut out = Vec::new();
    /// Writer::raw().notice("--- program ended ---", r#"{"ended":true}"#, &mut out);
    /// Writer::ndjson().notice("--- program ended ---", r#"{"ended":true}"#, &mut out);
    /// assert_eq!(out, b"--- program ended ---\n{\"ended\":true}\n");
    /// ```
    pub fn notice(&mut self, line: &str, object: &str, out: &mut Vec<u8>) {
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
