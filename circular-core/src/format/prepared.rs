//! A header that is put together before the lock is taken: all of it but the seq.
//!
//! Invariant: its size is the header's, so what is asked for under the lock is what is written.

use crate::format::header::{self, Header};
use crate::format::word::WORD;
use crate::record::level::Level;
use crate::record::part::Part;
use crate::time::clock::Stamp;

/// What one record is made of beside its payload, and all that can be said of it before it has its
/// place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PreparedHeader<'a> {
    pub(crate) level: Option<Level>,
    pub(crate) target: &'a [u8],
    pub(crate) stamp: Stamp,
    /// The first word of its header, but for the seq.
    front: u64,
    /// How many words it takes.
    pub(crate) words: usize,
}

impl<'a> PreparedHeader<'a> {
    /// For a payload of so many bytes, which is that part of what is written.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "longer ones are not written: a payload goes through in parts, a target is cut"
    )]
    pub(crate) fn new(
        level: Option<Level>,
        target: &'a [u8],
        stamp: Stamp,
        (part, len): (Part, usize),
    ) -> Self {
        let header = Header {
            len: len as u32,
            target_len: target.len() as u8,
            level,
            part,
            check: 0,
            is_coarse: stamp.is_coarse,
        };
        Self {
            level,
            target,
            stamp,
            front: header.encode(),
            words: header::words(len + target.len()),
        }
    }

    /// How many bytes it takes.
    #[inline]
    pub(crate) fn size(&self) -> u64 {
        (self.words * WORD) as u64
    }

    /// The first word of its header, when it is record `seq`.
    #[inline]
    pub(crate) fn front(&self, seq: u64) -> u64 {
        header::with_check(self.front, seq)
    }
}
