//! A part of the words of records that another process writes, or has left in a file.
//!
//! Invariant: what was published when it was read is in it as it was then, or as a later lap made it meanwhile. What is
//! outside is zero, which is no record.

use crate::error::OutOfMemory;
use crate::format::word::WORD;
use crate::memory::source::Source;

/// So many bytes it keeps room for.
pub(crate) const USUAL: usize = 64 * 1024;

/// Words that were read from a file, of the `len` that there are from the beginning of DATA to its end.
#[derive(Debug, Default)]
pub(crate) struct Window {
    bytes: Vec<u8>,
    /// Where in DATA they begin, in words.
    first: usize,
    /// How many words DATA has.
    len: usize,
    /// The same place in the stream of records.
    begin: u64,
}

impl Window {
    /// Forgets what it has, and begins anew at `begin`, which lies at word `first` of `len`: `bytes` of room to be
    /// filled, in the order of the stream. If there is no memory for it, it has nothing.
    pub(crate) fn restart(
        &mut self,
        (begin, first): (u64, usize),
        len: usize,
        bytes: usize,
    ) -> Result<&mut [u8], OutOfMemory> {
        self.first = first;
        self.len = len;
        self.begin = begin;
        self.bytes.clear();
        // What it grew by for one long record is given back.
        self.bytes.shrink_to(bytes.max(USUAL));
        let reserved = self.bytes.try_reserve_exact(bytes);
        reserved.map_err(|_| OutOfMemory { bytes })?;
        self.bytes.resize(bytes, 0);
        Ok(&mut self.bytes)
    }

    /// Has no more than the first `bytes` bytes of its room, the rest of which nothing was read into.
    pub(crate) fn end_after(&mut self, bytes: usize) {
        self.bytes.truncate(bytes / WORD * WORD);
    }

    /// Whether `bytes` bytes from `offset` on are in it.
    pub(crate) fn has(&self, offset: u64, bytes: u64) -> bool {
        self.begin <= offset && offset.saturating_add(bytes) <= self.end()
    }

    /// The end of what is in it.
    pub(crate) fn end(&self) -> u64 {
        self.begin.saturating_add(self.bytes.len() as u64)
    }

    /// Where the word at `index` is in it, if it is.
    fn place(&self, index: usize) -> usize {
        let words = if index >= self.first {
            index - self.first
        } else {
            index + self.len - self.first
        };
        words.saturating_mul(WORD)
    }
}

impl Source for Window {
    fn len(&self) -> usize {
        self.len
    }

    fn load(&self, index: usize) -> u64 {
        let mut word = [0; WORD];
        self.copy_out(index, &mut word);
        u64::from_le_bytes(word)
    }

    fn copy_out(&self, index: usize, bytes: &mut [u8]) {
        let from = self.bytes.get(self.place(index)..).unwrap_or_default();
        let (there, beyond) = bytes.split_at_mut(from.len().min(bytes.len()));
        there.copy_from_slice(&from[..there.len()]);
        beyond.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_around_the_end_and_nowhere_else() {
        let mut window = Window::default();
        // The last two words of eight, and the first one.
        let room = window.restart((48, 6), 8, 24).unwrap();
        room.copy_from_slice(&[[1; 8], [2; 8], [3; 8]].concat());
        let word = |byte| u64::from_le_bytes([byte; 8]);
        let words: Vec<u64> = (0..8).map(|index| window.load(index)).collect();
        assert_eq!(words, [word(3), 0, 0, 0, 0, 0, word(1), word(2)]);
        let mut across = [9; 20];
        window.copy_out(7, &mut across);
        assert_eq!(across, [[2; 8].as_slice(), &[3; 8], &[0; 4]].concat()[..]);
        assert!(window.has(48, 24) && window.has(56, 8));
        assert!(!window.has(40, 8) && !window.has(48, 25) && !window.has(u64::MAX, 8));
        window.end_after(15);
        assert!(window.has(48, 8) && !window.has(48, 9));
        assert_eq!(
            (window.end(), window.load(6), window.load(7)),
            (56, word(1), 0)
        );
    }
}
