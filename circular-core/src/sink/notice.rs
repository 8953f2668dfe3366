//! Loss, told: the lines that say what is missing in a stream of bytes.
//!
//! Invariant: a notice is a whole line, or nothing.

use crate::record::missed::{AsJson, Loss, Missed, Why};
use std::fmt;

/// How a stream of bytes tells that records are missing in it.
///
/// A notice is a line of its own between two records. The readers of records
/// ([`Reader`](crate::Reader), [`AsyncReader::recv`](crate::AsyncReader::recv)) get no notice: there,
/// [`Batch::missed`](crate::Batch::missed) tells it. Who makes a stream of bytes of them puts
/// [`Notice::missed`] and [`Notice::restarted`] into it:
///
/// ```
/// use circular_core::{Notice, Ring};
///
/// let ring = Ring::new(4096)?;
/// let mut reader = ring.handle().reader().open();
/// for _ in 0..1000 {
///     ring.record(Default::default(), b"a line\n")?;
/// }
/// let batch = reader.recv()?;
/// let mut text = Notice::Text.missed(batch.missed());
/// for record in batch.records() {
///     text.push_str(&record.text());
/// }
/// assert!(text.starts_with("--- missed "));
/// assert!(text.contains(": reader too slow ---\na line\na line\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// `--- missed 1234 records (152340 bytes): reader too slow ---`, or
    /// `--- missed 1 records (70000000 bytes): no memory for a record of 70000000 bytes ---`, or
    /// `--- missed 12 records (345 bytes): the ring's file was cut, or its disk was full ---`
    #[default]
    Text,
    /// `{"missed":{"records":1234,"bytes":152340}}`, for a stream of JSON lines; where there was no memory,
    /// `{"missed":{"records":1,"bytes":70000000,"no_memory_for":70000000}}`; where the ring's file was cut, or its disk was
    /// full, `{"missed":{"records":12,"bytes":345,"lost_memory":true}}`.
    Json,
    /// Nothing; the loss is still counted.
    None,
}

impl Notice {
    /// Returns the line that tells what was missed, with its line end; nothing if nothing was, or of
    /// [`Notice::None`].
    ///
    /// The reason that it gives is that the reader was too slow, as a [`Missed`] knows no other. What the ring itself feeds
    /// to a sink says so where there was no memory for a record, or the ring's file was cut.
    ///
    /// ```
    /// use circular_core::{Missed, Notice};
    ///
    /// let missed = Missed { records: 12, bytes: 345 };
    /// assert_eq!(
    ///     Notice::Text.missed(missed),
    ///     "--- missed 12 records (345 bytes): reader too slow ---\n"
    /// );
    /// assert_eq!(
    ///     Notice::Json.missed(missed),
    ///     "{\"missed\":{\"records\":12,\"bytes\":345}}\n"
    /// );
    /// assert_eq!(Notice::None.missed(missed), "");
    /// assert_eq!(Notice::Text.missed(Missed::default()), "");
    /// ```
    pub fn missed(self, missed: Missed) -> String {
        let mut line = String::new();
        self.tell_missed(missed, &mut line);
        line
    }

    /// Returns the line that tells that the stream does not go on where the reader's cursor was, with its line
    /// end; nothing of [`Notice::None`].
    ///
    /// ```
    /// use circular_core::Notice;
    ///
    /// assert_eq!(
    ///     Notice::Text.restarted(),
    ///     "--- restarted: the cursor is not of this ring, reading from the oldest ---\n"
    /// );
    /// assert_eq!(Notice::Json.restarted(), "{\"restarted\":true}\n");
    /// assert_eq!(Notice::None.restarted(), "");
    /// ```
    pub fn restarted(self) -> &'static str {
        match self {
            Notice::Text => {
                "--- restarted: the cursor is not of this ring, reading from the oldest ---\n"
            }
            Notice::Json => "{\"restarted\":true}\n",
            Notice::None => "",
        }
    }

    /// Puts the line that tells of `loss` behind what is in `out`.
    pub(crate) fn tell_missed(self, loss: impl Into<Loss>, out: &mut impl fmt::Write) {
        let loss = loss.into();
        let Loss { missed, why } = loss;
        // What it is written to does not fail.
        let _ = match (self, why) {
            _ if missed.is_empty() => Ok(()),
            (Notice::Text, Why::Overtaken) => writeln!(out, "--- {missed}: reader too slow ---"),
            (Notice::Text, Why::LostMemory) => writeln!(
                out,
                "--- {missed}: the ring's file was cut, or its disk was full ---"
            ),
            (Notice::Text, Why::NoMemory(size)) => writeln!(
                out,
                "--- {missed}: no memory for a record of {size} bytes ---"
            ),
            (Notice::Json, _) => writeln!(out, r#"{{"missed":{}}}"#, AsJson(loss)),
            (Notice::None, _) => Ok(()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(notice: Notice, missed: impl Into<Loss>) -> String {
        let mut out = String::new();
        notice.tell_missed(missed, &mut out);
        out
    }

    #[test]
    fn notices_are_lines_of_their_own() {
        let missed = Missed {
            records: 1234,
            bytes: 152_340,
        };
        assert_eq!(
            told(Notice::Text, missed),
            "--- missed 1234 records (152340 bytes): reader too slow ---\n"
        );
        assert_eq!(
            told(Notice::Json, missed),
            "{\"missed\":{\"records\":1234,\"bytes\":152340}}\n"
        );
        assert_eq!(told(Notice::None, missed), "");
        let lacking = Loss {
            missed,
            why: Why::NoMemory(70_000),
        };
        assert_eq!(
            told(Notice::Text, lacking),
            "--- missed 1234 records (152340 bytes): no memory for a record of 70000 bytes ---\n"
        );
        assert_eq!(
            told(Notice::Json, lacking),
            "{\"missed\":{\"records\":1234,\"bytes\":152340,\"no_memory_for\":70000}}\n"
        );
        let lost = Loss {
            missed,
            why: Why::LostMemory,
        };
        assert_eq!(
            told(Notice::Text, lost),
            "--- missed 1234 records (152340 bytes): the ring's file was cut, or its disk was full ---\n"
        );
        assert_eq!(
            told(Notice::Json, lost),
            "{\"missed\":{\"records\":1234,\"bytes\":152340,\"lost_memory\":true}}\n"
        );
        assert_eq!(told(Notice::Text, Missed::default()), "");
    }
}
