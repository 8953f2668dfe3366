//! The block of memory that records live in: 64-bit words that anybody may read at any time.
//!
//! Invariant: every access is an aligned atomic word, so a reader that races with a writer sees old
//! words and new ones, never undefined behaviour. Which of them form whole records is decided
//! elsewhere ([`crate::tape`]). Bytes lie in a word in little-endian order.

use crate::format::header;
use crate::format::word::WORD;
use crate::memory::block::Words;
use crate::memory::copy;
use crate::memory::payload::Payload;
use crate::memory::source::Source;
use crate::memory::word_writer::WordWriter;
use crate::sys::sync::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

pub(crate) struct Storage {
    words: Words,
}

impl Source for Storage {
    #[inline(always)]
    fn len(&self) -> usize {
        self.words.len()
    }

    #[inline(always)]
    fn load(&self, index: usize) -> u64 {
        self.words[index].load(Relaxed)
    }

    #[inline]
    fn copy_out(&self, index: usize, bytes: &mut [u8]) {
        let run = &self.words[index..];
        if bytes.len() <= run.len() * WORD {
            return copy_run(run, bytes);
        }
        let (first, second) = bytes.split_at_mut(run.len() * WORD);
        copy_run(run, first);
        copy_run(&self.words, second);
    }
}

impl Storage {
    pub(crate) fn new(words: Words) -> Self {
        Self { words }
    }

    /// So many bytes of zeroes, and nothing else.
    #[cfg(test)]
    pub(crate) fn zeroed(bytes: usize) -> Self {
        let layout = crate::format::layout::Layout::heap(bytes, 1).unwrap();
        let block = crate::memory::block::Block::on_heap(&layout).unwrap();
        Self::new(block.words(layout.data, bytes))
    }

    /// Writes a record of `words` words from `index` on: its header, the payload, the target, and
    /// zeroes up to a whole word.
    // Always: with its arguments in registers a write takes a tenth less.
    #[inline(always)]
    pub(crate) fn write(
        &self,
        index: usize,
        words: usize,
        header: [u64; header::WORDS],
        payload: impl Payload,
        target: &[u8],
    ) {
        let place = self.words.get(index..index + words);
        let (Some([first, second, rest @ ..]), Some(bytes)) = (place, payload.as_slice()) else {
            return self.write_piecewise(index, header, payload, target);
        };
        first.store(header[0], Relaxed);
        second.store(header[1], Relaxed);
        let (whole, rest) = rest.split_at(bytes.len() / WORD);
        copy::store(whole, bytes);
        if !rest.is_empty() {
            copy::store_rest(rest, bytes, target);
        }
    }

    /// Says that the next record begins at `index`.
    #[inline(always)]
    pub(crate) fn expect_write(&self, index: usize) {
        copy::will_store(&self.words, index);
    }

    /// The same around the end of the storage, or from several slices.
    #[cold]
    #[inline(never)]
    fn write_piecewise(
        &self,
        index: usize,
        header: [u64; header::WORDS],
        payload: impl Payload,
        target: &[u8],
    ) {
        let mut writer = self.writer_at(index);
        for word in header {
            writer.word(word);
        }
        payload.write(&mut writer);
        writer.bytes(target);
        writer.end();
    }

    /// Begins to write at `index`.
    pub(crate) fn writer_at(&self, index: usize) -> WordWriter<'_> {
        WordWriter::new(&self.words[index..], &self.words)
    }
}

#[inline]
fn copy_run(words: &[AtomicU64], bytes: &mut [u8]) {
    let (whole, rest) = bytes.split_at_mut(bytes.len() / WORD * WORD);
    let (words, last) = words.split_at(whole.len() / WORD);
    copy::load(words, whole);
    if let (false, Some(last)) = (rest.is_empty(), last.first()) {
        let last = last.load(Relaxed).to_le_bytes();
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::payload::Slices;
    use std::io::IoSlice;

    #[test]
    fn what_is_written_in_any_slices_from_any_place_is_read_back() {
        let text: Vec<u8> = (0..40).collect();
        for start in 0..8 {
            for cut in 0..=40 {
                for second in cut..=40 {
                    let storage = Storage::zeroed(64);
                    let mut writer = storage.writer_at(start);
                    writer.bytes(&text[..cut]);
                    writer.bytes(&text[cut..second]);
                    writer.bytes(&text[second..]);
                    writer.end();
                    let mut back = [0; 40];
                    storage.copy_out(start, &mut back);
                    assert_eq!(back[..], text);
                }
            }
        }
    }

    #[test]
    fn a_last_word_is_padded_with_zeroes() {
        let storage = Storage::zeroed(16);
        let mut writer = storage.writer_at(0);
        writer.word(u64::MAX);
        writer.word(u64::MAX);
        writer.bytes(b"abc");
        writer.end();
        assert_eq!(storage.load(0).to_le_bytes(), *b"abc\0\0\0\0\0");
    }

    /// Short records and such as are copied by the machine's own loop, with every remainder, from the
    /// first word and from every place near the end.
    #[test]
    fn a_record_is_the_same_words_from_any_place_in_one_slice_or_more() {
        const COUNT: usize = 200;
        let text: Vec<u8> = (1..=255).cycle().take(1100).collect();
        let starts = [0].into_iter().chain(COUNT - 150..COUNT);
        for (start, len) in
            starts.flat_map(|start| (1..20).chain(1020..1050).map(move |len| (start, len)))
        {
            for target in [0, 1, 7, 9, 30] {
                let (payload, target) = (&text[..len], &text[..target]);
                let words = header::words(len + target.len());
                let mut expected: Vec<u8> = [0x0102_u64, 3].map(u64::to_le_bytes).concat();
                expected.extend_from_slice(payload);
                expected.extend_from_slice(target);
                expected.resize(COUNT * WORD, 0);
                expected.rotate_right(start * WORD);

                let whole = Storage::zeroed(COUNT * WORD);
                whole.write(start, words, [0x0102, 3], payload, target);
                assert_eq!(bytes(&whole), expected, "{start} {len} {}", target.len());

                let (first, second) = payload.split_at(len / 3);
                let slices = [first, second].map(IoSlice::new);
                let pieces = Storage::zeroed(COUNT * WORD);
                pieces.write(start, words, [0x0102, 3], Slices::new(&slices), target);
                assert_eq!(bytes(&pieces), expected, "{start} {len} {}", target.len());
            }
        }
    }

    fn bytes(storage: &Storage) -> Vec<u8> {
        (0..storage.len())
            .flat_map(|index| storage.load(index).to_le_bytes())
            .collect()
    }
}
