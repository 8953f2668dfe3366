//! JSON objects of a stream: a record, and each notice. They stand without a line end.
//!
//! Invariant: an object is one line that no terminal obeys, and keeps the fields that it has; new ones may come.

use std::io::Write as _;

use circular_core::{Cursor, Missed, Part, Record, Timestamp, push_json_for_terminal};

/// The log does not go on where the reader left off.
pub(crate) const RESTARTED: &str = r#"{"restarted":true}"#;

/// There will be no more.
pub(crate) const CLOSED: &str = r#"{"closed":true}"#;

/// Appends a record, of which `text` is shown. A reader that has had it goes on at `behind`.
pub(crate) fn push_record(out: &mut Vec<u8>, record: &Record<'_>, text: &[u8], behind: Cursor) {
    let (seq, time) = (record.seq(), Timestamp::new(record.time()));
    // Writing to memory does not fail.
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

/// What was missed before `behind`.
pub(crate) fn missed(missed: Missed, behind: Cursor) -> String {
    format!(r#"{{"id":"{behind}","missed":{}}}"#, missed.to_json())
}

/// The ring is shown no more, though it may go on behind `behind`.
pub(crate) fn stopped(behind: Cursor) -> String {
    format!(r#"{{"id":"{behind}","closed":true,"stopped":true}}"#)
}

/// A sign of life: the reader has had all that is before `behind`.
pub(crate) fn alive(behind: Cursor) -> String {
    format!(r#"{{"id":"{behind}","alive":true}}"#)
}
