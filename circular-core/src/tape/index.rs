//! Where records begin: one entry for each block of the ring.
//!
//! The capacity is split into equal blocks, and each block's entry tells the first record that
//! begins in it. A reader that was overtaken lands on an entry, `Last` and `Since` seek among them,
//! and because an entry carries the seq and the payload bytes before it, what was missed is counted
//! exactly and without a walk. A record that covers the next block whole is noted there as well, since
//! none begins there, and the first of its own block may be gone long before it. What lies before the
//! oldest entry that still counts, less than two blocks, cannot be found any more.
//!
//! Entries are written under the lock and may be read without. An entry's first word is the offset, its last one the
//! guard, which is the offset again. Protocol:
//!
//! * the writer stores `reserved`, `fence(Release)`, the guard, `fence(Release)` (W3), the rest, the offset last, then
//!   the record, then `committed` (W4);
//! * the reader has loaded `committed` (Acquire, R4), loads offset and rest, `fence(Acquire)` (R3), the
//!   guard, `reserved`.
//!
//! If the reader saw the rest of a later lap's entry, its fence synchronises with the writer's
//! second one, and the guard that it reads is the later one: rejected. If it saw only the
//! offset of an entry that is not complete, that record is not below the `committed` it had loaded:
//! rejected. And if the record itself may have been overwritten, `reserved` says so.
//!
//! Who reads a file from front to back, as a copy of it is made, meets the words in the reader's order.

use crate::format::layout::{BEFORE, BYTES, Layout, NOWHERE, OFFSET, SEQ};
use crate::format::word::WORD;
use crate::memory::block::Words;
use crate::sys::sync::{self, AtomicU64, fence};
use crate::tape::position::Position;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Rings of this size and above have [`MOST_BLOCKS`], smaller ones [`FEWEST_BLOCKS`].
const LARGE: usize = 256 * 1024;
const MOST_BLOCKS: usize = 256;
const FEWEST_BLOCKS: usize = 128;

/// How many blocks a ring of so many bytes has.
pub(crate) fn block_count(capacity: usize) -> usize {
    if sync::IS_MODEL {
        2
    } else if capacity >= LARGE {
        MOST_BLOCKS
    } else {
        FEWEST_BLOCKS
    }
}

/// How a ring is split into blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blocks {
    pub(crate) count: usize,
    /// How many words each has.
    pub(crate) words: usize,
}

impl Blocks {
    pub(crate) fn of(layout: &Layout) -> Self {
        debug_assert_eq!(layout.capacity % (layout.blocks * WORD), 0);
        Self {
            count: layout.blocks,
            words: layout.capacity / WORD / layout.blocks,
        }
    }

    /// How many bytes each has.
    pub(crate) fn bytes(self) -> u64 {
        (self.words * WORD) as u64
    }

    /// The blocks in the order of what is recorded in them, from the one that `offset` is in: number, and
    /// where it ends.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the remainder is below the number of blocks"
    )]
    pub(crate) fn from(self, offset: u64) -> impl Iterator<Item = (usize, u64)> {
        let (size, count) = (self.bytes(), self.count as u64);
        let first = offset / size;
        (first..first + count).map(move |block| {
            let end = (block + 1).saturating_mul(size);
            ((block % count) as usize, end)
        })
    }

    /// Where the block ends that has the byte before `offset`.
    fn end_of(self, offset: u64) -> u64 {
        // In memory that no writer wrote, the offset may be anywhere.
        let end = offset.checked_next_multiple_of(self.bytes());
        end.unwrap_or(u64::MAX)
    }
}

/// The first record that begins in a block, or covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) position: Position,
    /// The latest time of those since the entry before, without it. Records stand in the order in which
    /// they were written, and may have times in any other.
    pub(crate) before: u64,
}

/// An entry as its words say it, read by whatever means in this order, the guard last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored {
    pub(crate) offset: u64,
    pub(crate) seq: u64,
    pub(crate) bytes: u64,
    pub(crate) before: u64,
    pub(crate) guard: u64,
}

impl Stored {
    /// The entry of block `number`, if it names a record below `committed`, which was loaded (Acquire)
    /// before, and was not being written meanwhile. Whether its record is still there is for the
    /// caller to check, after this.
    pub(crate) fn check(self, number: usize, committed: u64, blocks: Blocks) -> Option<Entry> {
        let Self {
            offset,
            seq,
            bytes,
            before,
            ..
        } = self;
        // R4, for W4 in `store`: below what was loaded before, the entry is complete.
        let is_complete = offset < committed;
        let is_aligned = offset % WORD as u64 == 0;
        let position = Position::new(offset, seq, bytes, blocks.count * blocks.words);
        let own = position.word / blocks.words;
        let is_here = own == number || (own + 1) % blocks.count == number;
        // Records and their bytes are fewer than the bytes of storage that they took.
        let is_possible = seq <= offset && bytes <= offset;
        let is_good = offset == self.guard && is_complete && is_aligned && is_here && is_possible;
        is_good.then_some(Entry { position, before })
    }
}

pub(crate) struct Index {
    words: Words,
    /// How many words each entry has.
    entry_words: usize,
    pub(crate) blocks: Blocks,
}

/// One entry, in words that may be read while they are written.
struct Place<'a> {
    offset: &'a AtomicU64,
    seq: &'a AtomicU64,
    bytes: &'a AtomicU64,
    before: &'a AtomicU64,
    guard: &'a AtomicU64,
}

impl Index {
    /// An index without an entry, in `words`.
    pub(crate) fn new(words: Words, layout: &Layout) -> Self {
        let blank = Self {
            words,
            entry_words: layout.entry_words,
            blocks: Blocks::of(layout),
        };
        blank.forget();
        blank
    }

    /// Forgets all entries. Nobody reads them meanwhile.
    pub(crate) fn forget(&self) {
        for number in 0..self.blocks.count {
            let place = self.place(number);
            place.offset.store(NOWHERE, Relaxed);
            place.guard.store(NOWHERE, Relaxed);
            for word in [place.seq, place.bytes, place.before] {
                word.store(0, Relaxed);
            }
        }
    }

    /// How many words from the one at `index` to the next block.
    pub(crate) fn words_to_next_block(&self, index: usize) -> usize {
        self.blocks.words - index % self.blocks.words
    }

    /// Where the block ends that a record which ends at `offset` ends in.
    pub(crate) fn end_of_block(&self, offset: u64) -> u64 {
        self.blocks.end_of(offset)
    }

    /// Notes the first record that begins in its block, and tells the offset of the next block; the
    /// caller holds the lock, and has stored `reserved` and fenced.
    pub(crate) fn note(&self, entry: &Entry) -> u64 {
        let position = entry.position;
        self.store(position.word / self.blocks.words, entry);
        let words = self.words_to_next_block(position.word);
        // In memory that no writer wrote, the position may be anywhere.
        position.offset.saturating_add((words * WORD) as u64)
    }

    /// Notes a record of so many words in the block behind its own, if it covers that, and tells whether
    /// it does; the caller as above.
    pub(crate) fn note_long(&self, entry: &Entry, words: usize) -> bool {
        let (block, index) = (self.blocks.words, entry.position.word);
        let is_long = words > block && words >= self.words_to_next_block(index) + block;
        if is_long {
            let own = index / block;
            self.store((own + 1) % self.blocks.count, entry);
        }
        is_long
    }

    fn store(&self, number: usize, entry: &Entry) {
        let place = self.place(number);
        // W4, for R4 in `check`, together with the store of `committed` that follows. W3, for R3 in `get`.
        place.guard.store(entry.position.offset, Relaxed);
        fence(Release);
        place.seq.store(entry.position.seq, Relaxed);
        place.bytes.store(entry.position.bytes, Relaxed);
        place.before.store(entry.before, Relaxed);
        // Behind the others for a process that is killed here, too.
        place.offset.store(entry.position.offset, Release);
    }

    /// As [`Stored::check`], of the entry of block `number`.
    pub(crate) fn get(&self, number: usize, committed: u64) -> Option<Entry> {
        let place = self.place(number);
        let offset = place.offset.load(Relaxed);
        let seq = place.seq.load(Relaxed);
        let bytes = place.bytes.load(Relaxed);
        let before = place.before.load(Relaxed);
        // R3, for W3 in `store`.
        fence(Acquire);
        let guard = place.guard.load(Relaxed);
        let stored = Stored {
            offset,
            seq,
            bytes,
            before,
            guard,
        };
        stored.check(number, committed, self.blocks)
    }

    fn place(&self, number: usize) -> Place<'_> {
        let entry = &self.words[number * self.entry_words..][..self.entry_words];
        Place {
            offset: &entry[OFFSET],
            seq: &entry[SEQ],
            bytes: &entry[BYTES],
            before: &entry[BEFORE],
            guard: &entry[self.entry_words - 1],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Entry;
    use crate::record::meta::Meta;
    use crate::ring::shared::Shared;
    use crate::tape::recording::Recording;

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
                let oldest = tape.entry_from(0, committed).unwrap();
                let mut blocks = tape.blocks().from(committed - tape.capacity());
                let found = blocks.position(|(_, end)| oldest.position.offset < end);
                assert!(found.unwrap() <= 1);
            }
        }
    }
}
