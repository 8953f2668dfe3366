//! Loss, counted and told.

use std::fmt;
use std::ops::AddAssign;

/// How much a reader missed, because it was overwritten before it could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Missed {
    /// Records, those that the reader would have filtered out included.
    pub records: u64,
    /// Their bytes, as they were written.
    pub bytes: u64,
}

impl Missed {
    /// Whether nothing was missed.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }
}

impl AddAssign for Missed {
    fn add_assign(&mut self, other: Self) {
        // Damaged memory may add up to anything.
        self.records = self.records.saturating_add(other.records);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "missed {} records ({} bytes)", self.records, self.bytes)
    }
}

/// How a stream of bytes tells that records are missing in it.
///
/// A notice is a line of its own between two records. The readers of records
/// ([`Reader`](crate::Reader), [`AsyncReader::recv`](crate::AsyncReader::recv)) get no notice: there,
/// [`Batch::missed`](crate::Batch::missed) tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// `--- missed 1234 records (152340 bytes): reader too slow ---`
    #[default]
    Text,
    /// `{"missed":{"records":1234,"bytes":152340}}`, for a stream of JSON lines.
    Json,
    /// Nothing; the loss is still counted.
    None,
}

impl Notice {
    /// Puts the line that tells of `missed` behind `bytes`.
    pub(crate) fn tell_missed(self, missed: Missed, out: &mut impl fmt::Write) {
        let Missed { records, bytes } = missed;
        // Writing to a string does not fail.
        let _ = match self {
            _ if missed.is_empty() => Ok(()),
            Notice::Text => writeln!(out, "--- {missed}: reader too slow ---"),
            Notice::Json => {
                writeln!(
                    out,
                    r#"{{"missed":{{"records":{records},"bytes":{bytes}}}}}"#
                )
            }
            Notice::None => Ok(()),
        };
    }

    /// Puts the line behind `bytes` that tells that the stream does not go on where the reader's
    /// cursor was.
    pub(crate) fn tell_restarted(self, out: &mut String) {
        out.push_str(match self {
            Notice::Text => {
                "--- restarted: the cursor is not of this ring, reading from the oldest ---\n"
            }
            Notice::Json => "{\"restarted\":true}\n",
            Notice::None => "",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(notice: Notice, missed: Missed) -> String {
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
        assert_eq!(told(Notice::Text, Missed::default()), "");
    }
}
