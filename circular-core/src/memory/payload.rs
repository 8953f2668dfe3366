//! The bytes of one write, or of one part of it.

use crate::memory::word_writer::WordWriter;
use crate::sys::thread_buffer;
use std::io::{self, IoSlice};
use std::mem;

/// What the write path needs of the bytes; nearly always they are one slice.
pub(crate) trait Payload: Copy {
    /// How many bytes there are.
    fn len(self) -> usize;

    /// The first `len` bytes, or all if there are fewer, and the rest.
    fn split_at(self, len: usize) -> (Self, Self);

    /// All of it, if it is one slice.
    fn as_slice(&self) -> Option<&[u8]>;

    /// Writes all of it.
    fn write(self, writer: &mut WordWriter<'_>);

    /// How many slices it goes through to do that.
    #[cfg(test)]
    fn pieces(self) -> usize {
        1
    }
}

impl Payload for &[u8] {
    #[inline]
    fn len(self) -> usize {
        self.len()
    }

    fn split_at(self, len: usize) -> (Self, Self) {
        self.split_at(len.min(self.len()))
    }

    #[inline]
    fn as_slice(&self) -> Option<&[u8]> {
        Some(self)
    }

    fn write(self, writer: &mut WordWriter<'_>) {
        writer.bytes(self);
    }
}

/// So many slices go under the lock one by one, and one more for each so many bytes, next to whose copy it
/// is nothing.
const FEW: usize = 16;
const BYTES_A_SLICE: usize = 1024;

/// A range of the bytes that several slices make up together.
#[derive(Clone, Copy)]
pub(crate) struct Slices<'a> {
    slices: &'a [IoSlice<'a>],
    /// Where in the first slice it begins.
    start: usize,
    len: usize,
}

impl<'a> Slices<'a> {
    /// All of `slices`, which are a few.
    pub(crate) fn new(slices: &'a [IoSlice<'a>]) -> Self {
        Self::of_length(slices, slices.iter().map(|slice| slice.len()).sum())
    }

    fn of_length(slices: &'a [IoSlice<'a>], len: usize) -> Self {
        Self {
            slices,
            start: 0,
            len,
        }
    }
}

impl Payload for Slices<'_> {
    fn len(self) -> usize {
        self.len
    }

    fn split_at(self, len: usize) -> (Self, Self) {
        let len = len.min(self.len);
        // What lies before the second one is not gone through again.
        let (mut slices, mut start) = (self.slices, self.start + len);
        while let [first, rest @ ..] = slices {
            if start < first.len() {
                break;
            }
            start -= first.len();
            slices = rest;
        }
        let first = Self { len, ..self };
        let second = Self {
            slices,
            start,
            len: self.len - len,
        };
        (first, second)
    }

    fn as_slice(&self) -> Option<&[u8]> {
        None
    }

    fn write(self, writer: &mut WordWriter<'_>) {
        let (mut from, mut left) = (self.start, self.len);
        for slice in self.slices {
            if left == 0 {
                break;
            }
            let bytes = slice.get(from..).unwrap_or_default();
            let bytes = &bytes[..bytes.len().min(left)];
            writer.bytes(bytes);
            left -= bytes.len();
            from = 0;
        }
    }

    #[cfg(test)]
    fn pieces(self) -> usize {
        let mut left = self.start + self.len;
        let before_the_end = self.slices.iter().take_while(|slice| {
            let is_needed = left > 0;
            left = left.saturating_sub(slice.len());
            is_needed
        });
        before_the_end.count()
    }
}

/// Hands what `slices` make up together to `write`, as a payload that takes no longer to write if there are
/// more of them, or empty ones: it is written under the lock. Tells how many bytes they are.
///
/// Very many short ones are put together in the thread's buffer, which may need memory.
pub(crate) fn together(
    slices: &[IoSlice<'_>],
    write: impl FnOnce(Slices<'_>) -> io::Result<()>,
) -> io::Result<usize> {
    let mut few = [IoSlice::new(&[]); FEW];
    let (mut count, mut len) = (0, 0_usize);
    for slice in slices.iter().filter(|slice| !slice.is_empty()) {
        let sum = len.checked_add(slice.len());
        // No memory holds as much, but slices may overlap.
        len = sum.ok_or(io::ErrorKind::InvalidInput)?;
        if let Some(place) = few.get_mut(count) {
            *place = *slice;
        }
        count += 1;
    }
    if slices.len() <= FEW.max(len / BYTES_A_SLICE) {
        write(Slices::of_length(slices, len))?;
    } else if let Some(few) = few.get(..count) {
        write(Slices::of_length(few, len))?;
    } else {
        thread_buffer::with(|text| {
            let mut bytes = mem::take(text).into_bytes();
            if bytes.try_reserve_exact(len).is_err() {
                // Rather long under the lock than lost.
                return write(Slices::of_length(slices, len));
            }
            slices
                .iter()
                .for_each(|slice| bytes.extend_from_slice(slice));
            let written = write(Slices::new(&[IoSlice::new(&bytes)]));
            bytes.clear();
            // Empty bytes are a text.
            *text = String::from_utf8(bytes).unwrap_or_default();
            written
        })?;
    }
    Ok(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::word::WORD;
    use crate::memory::source::Source;
    use crate::memory::storage::Storage;

    /// What is gone through under the lock if it goes in parts of at most so many bytes, and the bytes that
    /// come out of it.
    fn taken(slices: &[&[u8]], most: usize) -> (usize, Vec<u8>) {
        let slices: Vec<_> = slices.iter().map(|slice| IoSlice::new(slice)).collect();
        let (mut pieces, mut bytes) = (0, Vec::new());
        let len = together(&slices, |payload| {
            let mut rest = payload;
            while rest.len() > 0 {
                let (part, later) = rest.split_at(most);
                let storage = Storage::zeroed(part.len().next_multiple_of(WORD));
                let mut writer = storage.writer_at(0);
                part.write(&mut writer);
                writer.end();
                pieces += part.pieces();
                let start = bytes.len();
                bytes.resize(start + part.len(), 0);
                storage.copy_out(0, &mut bytes[start..]);
                rest = later;
            }
            Ok(())
        });
        assert_eq!(len.unwrap(), bytes.len());
        (pieces, bytes)
    }

    #[test]
    fn slices_of_any_number_and_length_are_their_bytes_one_after_the_other() {
        let text: Vec<u8> = (0..=250).cycle().take(20_000).collect();
        for each in [1, 2, 7, 8, 100, 1024, 5000, 20_000] {
            for empty in [0, 1, 100] {
                let mut slices = Vec::new();
                for chunk in text.chunks(each) {
                    slices.push(chunk);
                    slices.extend(std::iter::repeat_n(&[][..], empty));
                }
                for most in [1000, 1001, 19_999, 20_000] {
                    assert_eq!(taken(&slices, most).1, text, "{each} {empty} {most}");
                }
            }
        }
        assert_eq!(taken(&[], 8), (0, vec![]));
        assert_eq!(taken(&[b"", b""], 8), (0, vec![]));
    }

    #[test]
    fn under_the_lock_the_number_of_slices_does_not_matter() {
        let bound = |len: usize| FEW + len / BYTES_A_SLICE;
        let text = vec![b'x'; 100_000];
        for (each, empty) in [(1, 0), (1, 3), (50_000, 1_000_000), (20, 0), (4000, 5000)] {
            let mut slices = Vec::new();
            for chunk in text.chunks(each) {
                slices.push(chunk);
                slices.extend(std::iter::repeat_n(&[][..], empty));
            }
            let (pieces, _) = taken(&slices, usize::MAX);
            assert!(pieces <= bound(text.len()), "{pieces} for {each} {empty}");
            // In parts, each is gone through once, but for one that two parts share.
            let (pieces, _) = taken(&slices, 1000);
            assert!(pieces <= bound(text.len()) + 100, "{pieces} in parts");
        }
    }
}
