//! What is longer than one record can be, in several.
//!
//! Invariant: they are its bytes, in their order, and only the first is a first part, only the last a last one.

use crate::memory::payload::Payload;
use crate::record::part::Part;
use std::mem;

/// Returns `payload`, which is more than `len` bytes and is `of` what was written, in pieces of so many bytes, and which part
/// each of them is.
pub(crate) fn parts<P: Payload>(
    payload: P,
    of: Part,
    len: usize,
) -> impl Iterator<Item = (Part, P)> {
    Parts {
        rest: payload,
        len,
        begins: matches!(of, Part::Whole | Part::First),
        ends: matches!(of, Part::Whole | Part::Last),
    }
}

struct Parts<P> {
    rest: P,
    len: usize,
    /// Whether the next one is the first of what was written.
    begins: bool,
    /// Whether the one at the end is the last.
    ends: bool,
}

impl<P: Payload> Iterator for Parts<P> {
    type Item = (Part, P);

    fn next(&mut self) -> Option<(Part, P)> {
        if self.rest.len() == 0 {
            return None;
        }
        let (piece, later) = self.rest.split_at(self.len);
        self.rest = later;
        let ends = self.ends && later.len() == 0;
        let part = match (mem::take(&mut self.begins), ends) {
            (true, _) => Part::First,
            (false, true) => Part::Last,
            (false, false) => Part::Middle,
        };
        Some((part, piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_part_of_something_longer_stays_that_part() {
        let (a, b, c): (&[u8], &[u8], &[u8]) = (b"abc", b"def", b"g");
        for (of, first, last) in [
            (Part::Whole, Part::First, Part::Last),
            (Part::First, Part::First, Part::Middle),
            (Part::Middle, Part::Middle, Part::Middle),
            (Part::Last, Part::Middle, Part::Last),
        ] {
            let expected = [(first, a), (Part::Middle, b), (last, c)];
            assert!(parts(&b"abcdefg"[..], of, 3).eq(expected), "{of:?}");
            let expected = [(first, a), (last, b)];
            assert!(parts(&b"abcdef"[..], of, 3).eq(expected), "{of:?}");
        }
    }
}
