//! The two words in front of every record.
//!
//! ```text
//! word 0   bits 0..32   payload bytes, 1 or more
//!          bits 32..40  target bytes
//!          bits 40..43  level, 0 for none
//!          bits 43..45  part
//!          bits 45..61  the low 16 bits of the seq: a reader knows which one must come
//!          bit  61      the time is the coarse clock's
//!          bits 62..64  zero
//! word 1   nanoseconds since 1970
//! then     payload, target, zeroes up to a whole word
//! ```
//!
//! The payload comes first so that it can be copied to its reader in one run; the target follows
//! without padding, which keeps the cost at 16 bytes and at most 7 of padding. A header is decoded
//! from memory that may be anything: what is decoded is checked, never trusted.

use crate::format::word::WORD;
use crate::record::level::Level;
use crate::record::part::Part;
use crate::time::clock::Stamp;

/// Words in a header.
pub(crate) const WORDS: usize = 2;
/// Bytes in a header.
pub(crate) const BYTES: usize = WORDS * WORD;

/// Where the low bits of the seq are.
const CHECK: u32 = 45;
/// Where it says which clock's the time is.
const COARSE: u32 = 61;

/// A header as it is before encoding and after decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Bytes of the payload.
    pub(crate) len: u32,
    /// Bytes of the target.
    pub(crate) target_len: u8,
    pub(crate) level: Option<Level>,
    pub(crate) part: Part,
    /// The low bits of the seq.
    pub(crate) check: u16,
    /// The time that follows was read from the coarse clock.
    pub(crate) is_coarse: bool,
}

impl Header {
    #[inline]
    pub(crate) fn encode(self) -> u64 {
        u64::from(self.len)
            | u64::from(self.target_len) << 32
            | Level::code(self.level) << 40
            | (self.part as u64) << 43
            | u64::from(self.check) << CHECK
            | u64::from(self.is_coarse) << COARSE
    }

    /// The header that `word` encodes, or `None` where no writer can have written it.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "each field is cut out of the word"
    )]
    #[inline]
    pub(crate) fn decode(word: u64) -> Option<Self> {
        let header = Self {
            len: word as u32,
            target_len: (word >> 32) as u8,
            level: Level::from_code(word >> 40 & 0b111)?,
            part: match word >> 43 & 0b11 {
                0 => Part::Whole,
                1 => Part::First,
                2 => Part::Middle,
                _ => Part::Last,
            },
            check: (word >> CHECK) as u16,
            is_coarse: word >> COARSE & 1 == 1,
        };
        (header.len > 0 && word >> 62 == 0).then_some(header)
    }

    /// What the word behind it is.
    #[inline]
    pub(crate) fn stamp(self, nanos: u64) -> Stamp {
        Stamp {
            nanos,
            is_coarse: self.is_coarse,
        }
    }

    /// Bytes of payload and target together.
    #[inline]
    pub(crate) fn content(self) -> usize {
        // On 32 bits a damaged header's may be too many; they are more than any ring holds then, too.
        (self.len as usize).saturating_add(usize::from(self.target_len))
    }

    /// Words that the whole record takes.
    #[inline]
    pub(crate) fn words(self) -> usize {
        words(self.content())
    }
}

/// Words that a record with `content` bytes of payload and target takes.
#[inline]
pub(crate) fn words(content: usize) -> usize {
    WORDS + content.div_ceil(WORD)
}

/// The first word of a header that is not numbered yet, as that of record `seq`.
#[inline]
pub(crate) fn with_check(front: u64, seq: u64) -> u64 {
    front | u64::from(check(seq)) << CHECK
}

/// What a header keeps of a seq.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the low bits are what is kept"
)]
#[inline]
pub(crate) fn check(seq: u64) -> u16 {
    seq as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for len in [1, 7, 4096, u32::MAX] {
            for target_len in [0, 1, 255] {
                for level in [None, Some(Level::Trace), Some(Level::Error)] {
                    for part in [Part::Whole, Part::First, Part::Middle, Part::Last] {
                        for check in [0, 1, u16::MAX] {
                            let header = Header {
                                len,
                                target_len,
                                level,
                                part,
                                check,
                                is_coarse: check == 1,
                            };
                            assert_eq!(Header::decode(header.encode()), Some(header));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_no_writer_wrote_is_refused() {
        let good = Header {
            len: 3,
            target_len: 0,
            level: None,
            part: Part::Whole,
            check: 9,
            is_coarse: false,
        };
        let good = good.encode();
        assert!(Header::decode(good).is_some());
        assert_eq!(Header::decode(0), None, "zeroed memory");
        assert_eq!(Header::decode(good & !0xffff_ffff), None, "no payload");
        assert_eq!(
            Header::decode(good | 0b111 << 40),
            None,
            "a level that is none"
        );
        for bit in 62..64 {
            assert_eq!(Header::decode(good | 1 << bit), None, "bit {bit}");
        }
        assert_eq!(Header::decode(u64::MAX), None);
    }

    #[test]
    fn a_record_costs_at_most_24_bytes_beyond_its_own() {
        for content in 1..100 {
            assert!(words(content) * WORD - content <= 24);
        }
    }
}
