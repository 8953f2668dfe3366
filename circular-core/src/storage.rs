//! The block of memory that records live in: 64-bit words that anybody may read at any time.
//!
//! Invariant: every access is an aligned atomic word, so a reader that races with a writer sees old
//! words and new ones, never undefined behaviour. Which of them form whole records is decided
//! elsewhere ([`crate::tape`]). Bytes lie in a word in little-endian order.

use crate::BuildError;
use crate::sync::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// Bytes in a word.
pub(crate) const WORD: usize = 8;

pub(crate) struct Storage {
    words: Box<[AtomicU64]>,
}

impl Storage {
    /// Zeroed memory for `bytes` bytes, a multiple of [`WORD`]. The system hands the pages out when
    /// they are first written.
    #[cfg(not(loom))]
    #[expect(
        unsafe_code,
        reason = "the only way to have pages that the system zeroes on demand"
    )]
    pub(crate) fn zeroed(bytes: usize) -> Result<Self, BuildError> {
        use std::alloc::Layout;
        let count = bytes / WORD;
        let Ok(layout) = Layout::array::<AtomicU64>(count) else {
            return Err(BuildError::TooLarge { capacity: bytes });
        };
        if count == 0 {
            return Err(BuildError::ZeroCapacity);
        }
        // SAFETY: the layout has a size above zero.
        let memory = unsafe { std::alloc::alloc_zeroed(layout) };
        if memory.is_null() {
            return Err(BuildError::OutOfMemory { capacity: bytes });
        }
        let words = std::ptr::slice_from_raw_parts_mut(memory.cast::<AtomicU64>(), count);
        // SAFETY: `words` is a whole allocation of the global allocator with the layout of a boxed
        // slice of `count` words, owned by nobody else, and all zeroes are valid atomics.
        let words = unsafe { Box::from_raw(words) };
        Ok(Self { words })
    }

    #[cfg(loom)]
    pub(crate) fn zeroed(bytes: usize) -> Result<Self, BuildError> {
        Ok(Self {
            words: (0..bytes / WORD).map(|_| AtomicU64::new(0)).collect(),
        })
    }

    /// How many words there are.
    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    /// The word at `index`, which is below [`Self::len`].
    pub(crate) fn load(&self, index: usize) -> u64 {
        self.words[index].load(Relaxed)
    }

    /// The index `words` further on, around the end at most once.
    pub(crate) fn step(&self, index: usize, words: usize) -> usize {
        debug_assert!(index < self.len() && words <= self.len());
        let next = index + words;
        if next >= self.len() {
            next - self.len()
        } else {
            next
        }
    }

    /// Fills `bytes` from the words that begin at `index`.
    pub(crate) fn copy_out(&self, index: usize, bytes: &mut [u8]) {
        let in_first_run = (self.len() - index) * WORD;
        let (first, second) = bytes.split_at_mut(bytes.len().min(in_first_run));
        copy_run(&self.words[index..], first);
        copy_run(&self.words, second);
    }

    /// Begins to write at `index`.
    pub(crate) fn pen(&self, index: usize) -> Pen<'_> {
        debug_assert!(index < self.len());
        Pen {
            words: &self.words,
            index,
            pending: 0,
            pending_bytes: 0,
        }
    }
}

fn copy_run(words: &[AtomicU64], bytes: &mut [u8]) {
    let mut chunks = bytes.chunks_exact_mut(WORD);
    let mut words = words.iter();
    for (chunk, word) in chunks.by_ref().zip(words.by_ref()) {
        chunk.copy_from_slice(&word.load(Relaxed).to_le_bytes());
    }
    let rest = chunks.into_remainder();
    if let (false, Some(word)) = (rest.is_empty(), words.next()) {
        let word = word.load(Relaxed).to_le_bytes();
        rest.copy_from_slice(&word[..rest.len()]);
    }
}

/// Writes bytes one after the other, around the end of the storage, whole words at a time.
pub(crate) struct Pen<'a> {
    words: &'a [AtomicU64],
    /// Where the next whole word goes.
    index: usize,
    /// Bytes that do not fill a word yet, and how many (0 to 7).
    pending: u64,
    pending_bytes: usize,
}

impl Pen<'_> {
    /// Writes a whole word; only where the bytes so far end at one.
    pub(crate) fn word(&mut self, word: u64) {
        debug_assert_eq!(self.pending_bytes, 0);
        self.words[self.index].store(word, Relaxed);
        self.index += 1;
        if self.index == self.words.len() {
            self.index = 0;
        }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if self.pending_bytes > 0 {
            let (first, others) = rest.split_at(rest.len().min(WORD - self.pending_bytes));
            self.hold(first);
            rest = others;
        }
        while rest.len() >= WORD {
            let run = (rest.len() / WORD).min(self.words.len() - self.index);
            let (now, later) = rest.split_at(run * WORD);
            let words = &self.words[self.index..self.index + run];
            for (word, chunk) in words.iter().zip(now.chunks_exact(WORD)) {
                let mut value = [0; WORD];
                value.copy_from_slice(chunk);
                word.store(u64::from_le_bytes(value), Relaxed);
            }
            self.index += run;
            if self.index == self.words.len() {
                self.index = 0;
            }
            rest = later;
        }
        self.hold(rest);
    }

    /// Pads with zeroes to a whole word, and tells the index after it.
    pub(crate) fn end(mut self) -> usize {
        if self.pending_bytes > 0 {
            self.flush_pending();
        }
        self.index
    }

    fn hold(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.pending |= u64::from(byte) << (8 * self.pending_bytes);
            self.pending_bytes += 1;
        }
        if self.pending_bytes == WORD {
            self.flush_pending();
        }
    }

    fn flush_pending(&mut self) {
        let word = std::mem::take(&mut self.pending);
        self.pending_bytes = 0;
        self.word(word);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_any_slices_from_any_place_is_read_back() {
        let text: Vec<u8> = (0..40).collect();
        for start in 0..8 {
            for cut in 0..=40 {
                for second in cut..=40 {
                    let storage = Storage::zeroed(64).unwrap();
                    let mut pen = storage.pen(start);
                    pen.bytes(&text[..cut]);
                    pen.bytes(&text[cut..second]);
                    pen.bytes(&text[second..]);
                    assert_eq!(pen.end(), (start + 5) % 8);
                    let mut back = [0; 40];
                    storage.copy_out(start, &mut back);
                    assert_eq!(back[..], text);
                }
            }
        }
    }

    #[test]
    fn a_last_word_is_padded_with_zeroes() {
        let storage = Storage::zeroed(16).unwrap();
        let mut pen = storage.pen(0);
        pen.word(u64::MAX);
        pen.word(u64::MAX);
        pen.bytes(b"abc");
        assert_eq!(pen.end(), 1);
        assert_eq!(storage.load(0).to_le_bytes(), *b"abc\0\0\0\0\0");
    }
}
