//! What everything in a ring's memory is made of.

/// Bytes in a word.
pub(crate) const WORD: usize = 8;
