//! What [`Writer::ndjson`](crate::Writer::ndjson) writes, one by one and without line ends: for streams that are not lines, such as
//! Server-Sent Events.
//!
//! | | text | JSON |
//! |---|---|---|
//! | a record | its text | `{"id":…,"seq":…,"time":…,"level":…,"target":…,"text":…}` |
//! | missed | a line `--- missed … ---` | `{"id":…,"missed":{"records":…,"bytes":…}}` |
//! | another ring's cursor | a line `--- restarted … ---` | `{"restarted":true}` |
//! | the ring is closed | nothing | `{"closed":true}` |
//! | the ring is open, and shown no more | nothing | `{"id":…,"closed":true,"stopped":true}` |
//! | nothing to say | nothing | `{"id":…,"alive":true}` |
//!
//! The `id` is where a reader goes on that has had the object and what is before it: as a rule a
//! [`Cursor`](circular_core::Cursor), for [`Start::After`](circular_core::Start::After). A record's `time` is RFC 3339 in UTC, with nanoseconds, its
//! `level` is `null` if it has none, and it has a `part`, `first`, `middle` or `last`, before its `text` if it is one of a record that
//! was longer than the ring. Fields may be added.
//!
//! Invariant: an object is one line that no terminal obeys, and is told apart from all others by its fields.

use std::fmt;
use std::io::Write as _;

use circular_core::{Missed, Part, Record, Timestamp, push_json_for_terminal};

/// Says that the log does not go on where the reader left off.
pub const RESTARTED: &str = r#"{"restarted":true}"#;

/// Says that there will be no more.
pub const CLOSED: &str = r#"{"closed":true}"#;

/// Appends a record, of which `text` is shown. A reader that has had it goes on at `behind`.
///
/// What a terminal would obey is an escape of JSON's, and what is not UTF-8 is replaced, in `text` as in `target`; the
/// line end of `text` is left out.
pub fn push_record(out: &mut Vec<u8>, record: &Record<'_>, text: &[u8], behind: impl fmt::Display) {
    let (seq, time) = (record.seq(), Timestamp::new(record.time()));
    // Writing to memory does not fail.
    let _ = write!(
        out,
        r#"{{"id":"{behind}","seq":{seq},"time":"{time:.9}","level":"#
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

/// Returns what tells of a loss before `behind`.
pub fn missed(missed: Missed, behind: impl fmt::Display) -> String {
    format!(r#"{{"id":"{behind}","missed":{}}}"#, missed.to_json())
}

/// Returns what tells that the ring is shown no more, though it may go on after `behind`.
pub fn stopped(behind: impl fmt::Display) -> String {
    format!(r#"{{"id":"{behind}","closed":true,"stopped":true}}"#)
}

/// Returns a sign of life: the reader has had all that is before `behind`.
pub fn alive(behind: impl fmt::Display) -> String {
    format!(r#"{{"id":"{behind}","alive":true}}"#)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use circular_core::{Cursor, Level, Meta, Ring};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_record_is_one_line_that_is_read_back() {
        let behind: Cursor = "00000000000000ab.7.8".parse().unwrap();
        let ring = Ring::new(4096).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_615_200_250);
        let meta = Meta::new().level(Level::Warn).target("a\"b").time(time);
        ring.record(meta, "\u{202e}\x1b[2J\nsecond \"line\"\n".as_bytes())
            .unwrap();
        ring.record(Meta::new().time(time), b"\xff").unwrap();
        let objects: Vec<Value> = ring
            .handle()
            .snapshot()
            .records()
            .map(|record| {
                let mut out = Vec::new();
                push_record(&mut out, &record, record.bytes(), behind);
                assert!(out.is_ascii() || record.seq() == 1);
                assert!(!out.iter().any(u8::is_ascii_control));
                serde_json::from_slice(&out).unwrap()
            })
            .collect();
        let id = behind.to_string();
        let time = "2026-11-25T14:00:00.250000000Z";
        assert_eq!(
            objects,
            [
                json!({"id": id, "seq": 0, "time": time, "level": "WARN", "target": "a\"b",
                    "text": "\u{202e}\x1b[2J\nsecond \"line\""}),
                json!({"id": id, "seq": 1, "time": time, "level": null, "target": "", "text": "\u{fffd}"}),
            ]
        );
    }
}
