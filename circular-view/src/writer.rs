//! How records, and what must be said beside them, look as text and as JSON lines.
//!
//! Invariant: a notice is a line of its own, whatever the text before it ends with.

use std::fmt;

use circular_core::{Colors, Missed, Notice, Part, Record, push_for_terminal};

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

    /// Appends one record, of which `text` is shown: what [`Selection::record`](crate::Selection::record) gives, as it does the
    /// target that `record` is to have.
    ///
    /// `behind` is where a reader goes on that has had it. It is in JSON only, as are those of notices.
    pub fn record(
        &mut self,
        record: &Record<'_>,
        text: &[u8],
        behind: impl fmt::Display,
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
    pub fn missed(&mut self, missed: Missed, behind: impl fmt::Display, out: &mut Vec<u8>) {
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
    pub fn stopped(&mut self, behind: impl fmt::Display, out: &mut Vec<u8>) {
        self.notice("", &object::stopped(behind), out);
    }

    /// Appends a sign of life; the reader has had all that is before `behind`. Text says nothing.
    pub fn alive(&mut self, behind: impl fmt::Display, out: &mut Vec<u8>) {
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

#[cfg(test)]
mod tests {
    use std::thread;

    use circular_core::{Cursor, Meta, Policy, Ring};

    use super::*;

    const MISSED: Missed = Missed {
        records: 2,
        bytes: 30,
    };
    const TOLD: &str = "--- missed 2 records (30 bytes): reader too slow ---\n";

    fn behind() -> Cursor {
        "00000000000000ab.7.8".parse().unwrap()
    }

    /// What becomes of these records, and of a loss behind them.
    fn written(mut writer: Writer, texts: &[&[u8]]) -> String {
        let ring = Ring::new(64 << 10).unwrap();
        for text in texts {
            ring.record(Meta::new(), text).unwrap();
        }
        let mut all = Vec::new();
        for record in &ring.handle().snapshot() {
            // Each is sent by itself.
            let mut out = Vec::new();
            writer.record(&record, record.bytes(), behind(), &mut out);
            all.append(&mut out);
        }
        writer.missed(MISSED, behind(), &mut all);
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn text_is_lines_and_nothing_is_obeyed() {
        let texts: [&[u8]; 3] = [b"one\n", b"two", b"\x1b[31mred\x1b[0m \x1b]0;t\x07"];
        let kept = format!("one\ntwo\n\x1b[31mred\x1b[0m \\x1b]0;t\\x07\n{TOLD}");
        assert_eq!(written(Writer::text(Colors::Keep), &texts), kept);
        let shown = format!("one\ntwo\n\\x1b[31mred\\x1b[0m \\x1b]0;t\\x07\n{TOLD}");
        assert_eq!(written(Writer::text(Colors::Show), &texts), shown);
    }

    #[test]
    fn raw_is_as_it_was_and_a_notice_is_still_a_line() {
        let texts: [&[u8]; 2] = [b"one\n", b"two\x07"];
        assert_eq!(
            written(Writer::raw(), &texts),
            format!("one\ntwo\x07\n{TOLD}")
        );
        assert_eq!(written(Writer::raw(), &texts[..1]), format!("one\n{TOLD}"));
    }

    #[test]
    fn text_of_nothing_changes_nothing() {
        let ring = Ring::new(4096).unwrap();
        ring.record(Meta::new(), b"two").unwrap();
        let held = ring.handle().snapshot();
        let record = held.records().next().unwrap();
        let (mut writer, mut out) = (Writer::raw(), Vec::new());
        writer.record(&record, b"two", behind(), &mut out);
        out.clear();
        // A hook may leave nothing of a record.
        writer.record(&record, b"", behind(), &mut out);
        writer.restarted(&mut out);
        assert!(
            out.starts_with(b"\n--- restarted"),
            "{}",
            out.escape_ascii()
        );
    }

    #[test]
    fn parts_of_a_record_are_one_line() {
        let ring = Ring::new(4096).unwrap();
        let mut reader = ring.handle().reader().policy(Policy::Block).open();
        // It waits for the reader, as what it writes is longer than the ring.
        let writes = thread::spawn(move || {
            ring.record(Meta::new(), &[b'-'; 10_000]).unwrap();
            ring.record(Meta::new(), b"next").unwrap();
        });
        let [mut whole, mut cut, mut json] = [const { Vec::new() }; 3];
        let [mut for_whole, mut for_cut] = [(); 2].map(|()| Writer::text(Colors::Keep));
        while let Ok(batch) = reader.recv() {
            for record in batch.records() {
                for_whole.record(&record, record.bytes(), behind(), &mut whole);
                if record.part() != Part::Last {
                    for_cut.record(&record, record.bytes(), behind(), &mut cut);
                }
                Writer::ndjson().record(&record, record.bytes(), behind(), &mut json);
            }
        }
        writes.join().unwrap();
        assert_eq!(whole, [&[b'-'; 10_000][..], b"\nnext\n"].concat());
        // Its end is not there, and the next is on a line of its own nevertheless.
        assert!(cut.len() < whole.len() && cut.ends_with(b"-\nnext\n"));
        let json = String::from_utf8(json).unwrap();
        for part in ["first", "middle", "last"] {
            assert!(
                json.contains(&format!(r#","part":"{part}","text":"-"#)),
                "{part}"
            );
        }
        assert!(
            json.ends_with(",\"target\":\"\",\"text\":\"next\"}\n"),
            "it is whole"
        );
    }

    #[test]
    fn json_lines_have_all_notices_and_text_has_those_for_people() {
        let all = |mut writer: Writer| {
            let mut out = Vec::new();
            writer.missed(Missed::default(), behind(), &mut out);
            writer.missed(MISSED, behind(), &mut out);
            writer.restarted(&mut out);
            writer.alive(behind(), &mut out);
            writer.stopped(behind(), &mut out);
            writer.closed(&mut out);
            String::from_utf8(out).unwrap()
        };
        let restarted = Notice::Text.restarted();
        for text in [Writer::text(Colors::Keep), Writer::raw()] {
            assert_eq!(all(text), format!("{TOLD}{restarted}"));
        }
        let id = behind();
        let lines = [
            format!(r#"{{"id":"{id}","missed":{{"records":2,"bytes":30}}}}"#),
            r#"{"restarted":true}"#.to_owned(),
            format!(r#"{{"id":"{id}","alive":true}}"#),
            format!(r#"{{"id":"{id}","closed":true,"stopped":true}}"#),
            r#"{"closed":true}"#.to_owned(),
        ];
        assert_eq!(all(Writer::ndjson()), lines.join("\n") + "\n");
    }

    #[test]
    fn a_notice_of_ones_own_is_not_obeyed_either() {
        let mut out = Vec::new();
        Writer::text(Colors::Show).notice("--- \x1b[2J ---", "{}", &mut out);
        assert_eq!(out, b"--- \\x1b[2J ---\n");
    }
}
