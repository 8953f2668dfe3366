//! Where records begin: one entry for each block of the ring.
//!
//! The capacity is split into equal blocks, and each block's entry tells the first record that
//! begins in it. A reader that was overtaken lands on an entry, `Last` and `Since` seek among them,
//! and because an entry carries the seq and the payload bytes before it, what was missed is counted
//! exactly and without a walk. A record that covers the next block whole is noted there as well, since
//! none begins there, and the first of its own block may be gone long before it. What lies before the
//! oldest entry that still counts, less than two blocks, cannot be found any more.
//!
//! Entries are written under the lock and may be read without. Protocol:
//!
//! * the writer stores `reserved`, `fence(Release)`, the offset, `fence(Release)` (W3), the rest, then
//!   the record, then `committed` (W4);
//! * the reader has loaded `committed` (Acquire, R4), loads offset and rest, `fence(Acquire)` (R3), the
//!   offset again, `reserved`.
//!
//! If the reader saw any word of a later lap's entry, its fence synchronises with the writer's
//! second one, and the offset that it reads again is the later one: rejected. If it saw only the
//! offset of an entry that is not complete, that record is not below the `committed` it had loaded:
//! rejected. And if the record itself may have been overwritten, `reserved` says so.

use crate::format::word::WORD;
use crate::sys::sync::{self, AtomicU64, fence};
use crate::tape::position::Position;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Rings of this size and above have [`MOST_BLOCKS`], smaller ones [`FEWEST_BLOCKS`].
const LARGE: usize = 256 * 1024;
const MOST_BLOCKS: usize = 256;
const FEWEST_BLOCKS: usize = 128;

/// No record begins there: an entry that was never written.
const NOWHERE: u64 = u64::MAX;

/// The first record that begins in a block, or covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) position: Position,
    /// The latest time of those since the entry before, without it. Records stand in the order in which
    /// they were written, and may have times in any other.
    pub(crate) before: u64,
}

pub(crate) struct Index {
    blocks: Box<[Block]>,
    block_words: usize,
}

/// One entry, in words that may be read while they are written.
struct Block {
    offset: AtomicU64,
    seq: AtomicU64,
    bytes: AtomicU64,
    before: AtomicU64,
}

impl Index {
    pub(crate) fn for_words(words: usize) -> Self {
        let count = if sync::IS_MODEL {
            2
        } else if words * WORD >= LARGE {
            MOST_BLOCKS
        } else {
            FEWEST_BLOCKS
        };
        debug_assert_eq!(words % count, 0);
        let blank = || Block {
            offset: AtomicU64::new(NOWHERE),
            seq: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            before: AtomicU64::new(0),
        };
        Self {
            blocks: (0..count).map(|_| blank()).collect(),
            block_words: words / count,
        }
    }

    /// How many blocks there are.
    pub(crate) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// The blocks in the order of what is recorded in them, from the one that `offset` is in: number, and
    /// where it ends.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the remainder is below the number of blocks"
    )]
    pub(crate) fn blocks_from(&self, offset: u64) -> impl Iterator<Item = (usize, u64)> {
        let (size, count) = ((self.block_words * WORD) as u64, self.blocks.len() as u64);
        let first = offset / size;
        (first..first + count).map(move |block| {
            let end = (block + 1).saturating_mul(size);
            ((block % count) as usize, end)
        })
    }

    /// How many words from the one at `index` to the next block.
    pub(crate) fn words_to_next_block(&self, index: usize) -> usize {
        self.block_words - index % self.block_words
    }

    /// Notes the first record that begins in its block, and tells the offset of the next block; the
    /// caller holds the lock, and has stored `reserved` and fenced.
    pub(crate) fn note(&self, entry: &Entry) -> u64 {
        let position = entry.position;
        self.store(position.word / self.block_words, entry);
        let words = self.words_to_next_block(position.word);
        // In memory that no writer wrote, the position may be anywhere.
        position.offset.saturating_add((words * WORD) as u64)
    }

    /// Notes a record of so many words in the block behind its own, if it covers that, and tells whether
    /// it does; the caller as above.
    pub(crate) fn note_long(&self, entry: &Entry, words: usize) -> bool {
        let (block, index) = (self.block_words, entry.position.word);
        let is_long = words > block && words >= self.words_to_next_block(index) + block;
        if is_long {
            let own = index / self.block_words;
            self.store((own + 1) % self.blocks.len(), entry);
        }
        is_long
    }

    fn store(&self, number: usize, entry: &Entry) {
        let block = &self.blocks[number];
        // W4, for R4 in `get`, together with the store of `committed` that follows. W3, for R3 there.
        block.offset.store(entry.position.offset, Relaxed);
        fence(Release);
        block.seq.store(entry.position.seq, Relaxed);
        block.bytes.store(entry.position.bytes, Relaxed);
        block.before.store(entry.before, Relaxed);
    }

    /// The entry of block `number` if it names a record below `committed`, which was loaded (Acquire)
    /// before, and was not being written meanwhile. Whether its record is still there is for the
    /// caller to check, after this.
    pub(crate) fn get(&self, number: usize, committed: u64, words: usize) -> Option<Entry> {
        let block = &self.blocks[number];
        let offset = block.offset.load(Relaxed);
        let seq = block.seq.load(Relaxed);
        let bytes = block.bytes.load(Relaxed);
        let before = block.before.load(Relaxed);
        // R3, for W3 in `store`.
        fence(Acquire);
        let again = block.offset.load(Relaxed);
        let position = Position::new(offset, seq, bytes, words);
        let own = position.word / self.block_words;
        let is_here = own == number || (own + 1) % self.blocks.len() == number;
        // Records and their bytes are fewer than the bytes of storage that they took.
        let is_possible = seq <= offset && bytes <= offset;
        // R4, for W4 in `store`: below what was loaded before, the entry is complete.
        let is_complete = offset < committed;
        let is_good = offset == again && is_complete && is_here && is_possible;
        is_good.then_some(Entry { position, before })
    }
}

#[cfg(test)]
mod tests {
    use super::Entry;
    use crate::record::meta::Meta;
    use crate::ring::shared::Shared;

    /// Blocks are looked through in order, so the first that is found is the nearest.
    #[test]
    fn the_nearest_entry_is_found_wherever_records_begin_and_end() {
        for most in [1, 40, 200, 1000, 3000, 16_000] {
            let shared = Shared::new(16 << 10).unwrap();
            let bytes = vec![b'x'; most];
            let mut seed = most as u64;
            for _ in 0..1000 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let len = usize::try_from(seed >> 33).unwrap() % most + 1;
                shared.write(Meta::new(), &bytes[..len]).unwrap();
                let (tape, committed) = (&shared.tape, shared.tape.committed());
                let oldest = committed.saturating_sub(tape.capacity());
                for offset in [0, oldest, oldest + seed % 16_384, committed - 8, committed] {
                    let from = |entry: &Entry| entry.position.offset >= offset;
                    let all = tape.entries(committed).filter(from);
                    let nearest = all.min_by_key(|entry| entry.position.offset);
                    let found = tape.entry_from(offset, committed);
                    assert_eq!(found, nearest, "{most}, from {offset} of {committed}");
                }
            }
        }
    }

    /// In a ring of many records it is the block of the head, or the one behind it.
    #[test]
    fn the_oldest_entry_is_found_at_once() {
        let shared = Shared::new(1 << 20).unwrap();
        for _ in 0..100_000 {
            shared.write(Meta::new(), &b"a line of a log"[..]).unwrap();
            let (tape, committed) = (&shared.tape, shared.tape.committed());
            if committed > tape.capacity() {
                let (_, index, _) = tape.parts();
                let oldest = tape.entry_from(0, committed).unwrap();
                let mut blocks = index.blocks_from(committed - tape.capacity());
                let found = blocks.position(|(_, end)| oldest.position.offset < end);
                assert!(found.unwrap() <= 1);
            }
        }
    }
}
