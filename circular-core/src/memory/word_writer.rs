//! Writing bytes into the words of the storage, one after the other.
//!
//! Invariant: each word is stored once and as a whole, however many pieces its bytes come in.

use crate::format::word::WORD;
use crate::memory::copy;
use crate::sys::sync::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// Writes bytes one after the other, around the end of the storage, whole words at a time.
pub(crate) struct WordWriter<'a> {
    /// What is left up to the end.
    run: &'a [AtomicU64],
    all: &'a [AtomicU64],
    /// Bytes that do not fill a word yet, and how many (0 to 7).
    pending: u64,
    pending_bytes: usize,
}

impl<'a> WordWriter<'a> {
    /// Begins with `run`, and goes on with `all`, whose end `run` is.
    pub(crate) fn new(run: &'a [AtomicU64], all: &'a [AtomicU64]) -> Self {
        Self {
            run,
            all,
            pending: 0,
            pending_bytes: 0,
        }
    }

    /// Writes a whole word; only where the bytes so far end at one.
    pub(crate) fn word(&mut self, word: u64) {
        debug_assert_eq!(self.pending_bytes, 0);
        if self.run.is_empty() {
            self.run = self.all;
        }
        self.run[0].store(word, Relaxed);
        self.run = &self.run[1..];
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if self.pending_bytes > 0 {
            let (first, others) = rest.split_at(rest.len().min(WORD - self.pending_bytes));
            self.hold(first);
            rest = others;
        }
        if rest.len() > self.run.len() * WORD {
            let (first, others) = rest.split_at(self.run.len() * WORD);
            copy::store(self.run, first);
            rest = others;
            self.run = self.all;
        }
        let (whole, rest) = rest.split_at(rest.len() / WORD * WORD);
        let (now, later) = self.run.split_at(whole.len() / WORD);
        copy::store(now, whole);
        self.run = later;
        self.hold(rest);
    }

    /// Pads with zeroes to a whole word.
    pub(crate) fn end(mut self) {
        if self.pending_bytes > 0 {
            self.pending_bytes = 0;
            self.word(self.pending);
        }
    }

    /// Keeps bytes until they fill a word; there are not more than are missing.
    fn hold(&mut self, bytes: &[u8]) {
        self.pending |= copy::partial(bytes) << (8 * self.pending_bytes);
        self.pending_bytes += bytes.len();
        if self.pending_bytes == WORD {
            let word = std::mem::take(&mut self.pending);
            self.pending_bytes = 0;
            self.word(word);
        }
    }
}
