//! What is recorded, and how it is read while it is being overwritten.
//!
//! The tape is the part of a ring that readers use without the lock: the storage, the block index,
//! and two words of shared truth.
//!
//! * `committed`: the end of what is published. Below it there are only whole records.
//! * `reserved`: the end of what may have been stored. A record is intact as long as `reserved` has not
//!   passed its offset plus the capacity.
//!
//! The writer, under the lock: `reserved` — `fence(Release)` — index and record, Relaxed — `committed`
//! (Release). A reader, with nothing: `committed` (Acquire) — record, Relaxed — `fence(Acquire)` —
//! `reserved`. A copy of all of it that is made from front to back cannot read `reserved` last. For it there is a
//! third word behind the records, `reach`: the end of the block that is being written, stored and fenced before
//! anything in that block. What follows from that stands in `docs/memory.md`, by the labels W1 to W5 and R1 to R5.

pub(crate) mod batch;
pub(crate) mod buffer;
pub(crate) mod image;
pub(crate) mod image_writer;
pub(crate) mod index;
pub(crate) mod lost;
mod mend;
pub(crate) mod position;
pub(crate) mod recording;
pub(crate) mod recover;
pub(crate) mod snapshot;
mod truth;
pub(crate) mod walk;

use crate::error::BuildError;
#[cfg(target_os = "linux")]
use crate::format::header;
use crate::format::header::Header;
use crate::format::layout::Layout;
use crate::format::prepared::PreparedHeader;
use crate::format::word::WORD;
use crate::memory::block::{Block, Word};
use crate::memory::payload::Payload;
use crate::memory::source::Source;
use crate::memory::storage::Storage;
use crate::select::Select;
use crate::sys::sync::fence;
use crate::tape::buffer::Buffer;
use crate::tape::index::{Blocks, Entry, Index};
use crate::tape::lost::Lost;
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use crate::tape::truth::Truth;
use crate::tape::walk::{Copied, Most};
use crate::time::clock::Stamp;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Where the next record goes; kept under the lock.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) position: Position,
    /// A record that begins here or later is the first of its block.
    next_block: u64,
}

impl Head {
    /// Before a record at `position`, the first that there is.
    pub(crate) fn at(position: Position) -> Self {
        Self {
            position,
            next_block: 0,
        }
    }
}

pub(crate) struct Tape {
    truth: Truth,
    storage: Storage,
    index: Index,
    reach: Word,
    lost: Arc<Lost>,
}

impl Tape {
    /// A tape of so many bytes on the heap.
    pub(crate) fn on_heap(capacity: usize) -> Result<Self, BuildError> {
        let layout = Layout::heap(capacity, index::block_count(capacity));
        let layout = layout.ok_or(BuildError::TooLarge { capacity })?;
        Ok(Self::new(&Block::on_heap(&layout)?, &layout))
    }

    /// A tape in zeroed memory.
    pub(crate) fn new(block: &Arc<Block>, layout: &Layout) -> Self {
        let entries = layout.blocks * layout.entry_words * WORD;
        Self {
            truth: Truth::new(block.line(layout.live)),
            storage: Storage::new(block.words(layout.data, layout.capacity)),
            index: Index::new(block.words(layout.index, entries), layout),
            reach: block.word(layout.reach),
            lost: Arc::new(Lost::nothing()),
        }
    }

    /// How far apart entries of the index are, but for long records.
    pub(crate) fn block(&self) -> u64 {
        self.index.blocks.bytes()
    }

    /// The same as the capacity, for the outside.
    pub(crate) fn size(&self) -> usize {
        self.storage.len() * WORD
    }

    /// Appends one record. The caller holds the lock that `head` is kept under, and has made sure
    /// that nobody who must not lose it still needs what is overwritten.
    // Always: it is most of a write, and there are two callers more that write rarely.
    #[inline(always)]
    pub(crate) fn append(
        &self,
        head: &mut Head,
        prepared: PreparedHeader<'_>,
        payload: impl Payload,
    ) {
        let PreparedHeader { stamp, words, .. } = prepared;
        debug_assert!(words <= self.storage.len());
        let position = head.position;
        let end = position.offset + prepared.size();

        // W2, for R2 in `is_overtaken`.
        self.truth.reserved().store(end, Relaxed);
        fence(Release);
        // A record that ends within the block of the one before has no entry.
        if end >= head.next_block {
            self.note(head, words, end);
        }
        let latest = stamp.latest();
        if latest > self.truth.newest() {
            self.truth.set_newest(latest);
        }
        let front = prepared.front(position.seq);
        let header = [front, stamp.nanos];
        self.storage
            .write(position.word, words, header, payload, prepared.target);
        head.position = Position {
            offset: end,
            word: self.storage.step(position.word, words),
            seq: position.seq + 1,
            bytes: position.bytes + payload.len() as u64,
        };
        // W1, for R1 in `committed`; and W4, for the entry that was noted above.
        self.truth.committed().store(end, Release);
    }

    /// Says that a record is going to be written where the last one ends.
    #[inline(always)]
    pub(crate) fn expect_append(&self, index: usize) {
        self.storage.expect_write(index);
    }

    /// Says up to where data may be stored now, and notes in the index the record of so many words, up to `end`, that
    /// is about to be written, if it is the first of its block, or covers the next one.
    // Twice in a block of many records.
    #[inline(never)]
    fn note(&self, head: &mut Head, words: usize, end: u64) {
        // W5, for R5 in a copy.
        self.reach.store(self.index.end_of_block(end), Relaxed);
        fence(Release);
        let entry = Entry {
            position: head.position,
            before: self.truth.newest(),
        };
        let mut is_noted = self.index.note_long(&entry, words);
        if head.position.offset >= head.next_block {
            head.next_block = self.index.note(&entry);
            is_noted = true;
        }
        if is_noted {
            self.truth.set_newest(0);
        }
    }

    /// Copies from the payload of the record at `position` what begins so many bytes in, which are whole words.
    #[cfg(target_os = "linux")]
    pub(crate) fn copy_payload(&self, position: Position, at: usize, bytes: &mut [u8]) {
        let words = header::WORDS + at / WORD;
        let begin = self.storage.step(position.word, words);
        self.storage.copy_out(begin, bytes);
    }

    /// What was lost of its memory.
    pub(crate) fn lost(&self) -> &Arc<Lost> {
        &self.lost
    }

    /// Whether what cannot be read at `offset`, below `committed`, was lost with the ring's memory, and not overwritten
    /// since. While nobody has mended the ring, it is not known.
    pub(crate) fn is_cut_off(&self, offset: u64, committed: u64) -> bool {
        let end = self.truth.reserved().load(Relaxed).max(committed);
        let upto = self.lost.bound(offset, u64::MAX, self.capacity());
        upto < u64::MAX && end <= offset.saturating_add(self.capacity())
    }

    /// Forgets all records. Whoever calls it has the tape alone, and goes on with a new head.
    pub(crate) fn forget(&self) {
        self.index.forget();
        self.truth.set_newest(0);
        self.end_at(0);
    }

    /// Says that up to `offset` all is written, and nothing behind it, not even of its block: in a copy, the block that
    /// the oldest record is in may be the same, a lap before. Whoever calls it has the tape alone.
    pub(crate) fn end_at(&self, offset: u64) {
        self.truth.committed().store(offset, Relaxed);
        self.truth.reserved().store(offset, Relaxed);
        self.reach.store(offset, Relaxed);
    }

    /// The memory that it is in.
    #[cfg(all(test, loom))]
    pub(crate) fn memory(&self) -> &Arc<Block> {
        self.reach.block()
    }

    /// What the tape is made of; the truth is `committed` and `reserved`. For the fuzz targets, which write
    /// what no writer would.
    #[cfg(any(fuzzing, test))]
    pub(crate) fn parts(&self) -> (&Storage, &Index, [&crate::sys::sync::AtomicU64; 2]) {
        let truth = [self.truth.committed(), self.truth.reserved()];
        (&self.storage, &self.index, truth)
    }
}

impl Recording for Tape {
    fn capacity(&self) -> u64 {
        (self.storage.len() * WORD) as u64
    }

    fn blocks(&self) -> Blocks {
        self.index.blocks
    }

    fn committed(&self) -> u64 {
        // R1, for W1 in `append`; and R4, for the entries that are looked at after it.
        self.truth.committed().load(Acquire)
    }

    /// `reserved` is never below a `committed` that was loaded before it. Asking both bounds every walk by the
    /// capacity, whatever the two words say.
    fn is_overtaken(&self, offset: u64, committed: u64) -> bool {
        // R2, for W2 in `append`.
        fence(Acquire);
        let end = self.truth.reserved().load(Relaxed).max(committed);
        end > offset.saturating_add(self.capacity()) || self.lost.distrusts(offset, self.capacity())
    }

    fn losses(&self) -> u64 {
        self.touch_end();
        self.lost.count()
    }

    fn entry(&self, number: usize, committed: u64) -> Option<Entry> {
        self.index.get(number, committed)
    }

    #[inline(always)]
    fn step(&self, position: Position, upto: u64) -> Option<(Header, Stamp, Position)> {
        let upto = self.lost.bound(position.offset, upto, self.capacity());
        walk::step(&self.storage, position, upto)
    }

    #[inline]
    fn is_taken(&self, position: Position, header: Header, select: &Select) -> bool {
        walk::is_taken(&self.storage, position, header, select)
    }

    fn read_target(&self, position: Position, header: Header, target: &mut [u8]) {
        walk::read_target(&self.storage, position, header, target);
    }

    fn copy(
        &self,
        from: Position,
        upto: u64,
        select: &Select,
        most: Most,
        buffer: &mut Buffer,
    ) -> Copied {
        let upto = self.lost.bound(from.offset, upto, self.capacity());
        walk::copy(&self.storage, from, upto, select, most, buffer)
    }
}
