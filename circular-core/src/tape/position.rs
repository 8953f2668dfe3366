//! Where in the stream of records something is.

use crate::format::word::WORD;
use crate::record::missed::Missed;

/// A place between two records, and what lies before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Bytes of storage since the ring was made, a multiple of the word size.
    pub(crate) offset: u64,
    /// Where in the storage that is, in words; carried along, so that no step divides.
    pub(crate) word: usize,
    /// Seq of the record that begins here.
    pub(crate) seq: u64,
    /// Payload bytes of all records before.
    pub(crate) bytes: u64,
}

impl Position {
    /// The position at `offset` in a storage of `words` words.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the remainder is below `words`"
    )]
    pub(crate) fn new(offset: u64, seq: u64, bytes: u64, words: usize) -> Self {
        let word = (offset / WORD as u64 % words as u64) as usize;
        Self {
            offset,
            word,
            seq,
            bytes,
        }
    }

    /// What is missed by going on here instead of at record `seq`, which has `bytes` before it. In
    /// damaged memory that one may be the later of the two: then it is nothing.
    pub(crate) fn missed_since(self, seq: u64, bytes: u64) -> Missed {
        Missed {
            records: self.seq.saturating_sub(seq),
            bytes: self.bytes.saturating_sub(bytes),
        }
    }
}
