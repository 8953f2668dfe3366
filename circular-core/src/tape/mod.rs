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
//! `reserved`. What follows from that stands in `docs/memory.md`, by the labels W1 to W4 and R1 to R4.

pub(crate) mod batch;
pub(crate) mod buffer;
pub(crate) mod index;
pub(crate) mod position;
pub(crate) mod snapshot;

use crate::format::header::{self, Header};
use crate::format::prepared::PreparedHeader;
use crate::format::word::WORD;
use crate::memory::payload::Payload;
use crate::memory::storage::Storage;
use crate::select::Select;
use crate::sys::sync::{AtomicU64, fence};
use crate::tape::buffer::Buffer;
use crate::tape::index::{Entry, Index};
use crate::tape::position::Position;
use crate::time::clock::Stamp;
use std::sync::atomic::AtomicU64 as Unshared;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// A batch is at most this share of the ring, so that writers have a way to go before they overtake
/// a reader that copies it.
const LARGEST_SHARE: u64 = 4;

/// Where the next record goes; kept under the lock.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) position: Position,
    /// A record that begins here or later is the first of its block.
    next_block: u64,
}

/// A cache line of its own: readers poll these words while writers work on the lock beside them.
#[repr(align(64))]
struct Truth {
    committed: AtomicU64,
    reserved: AtomicU64,
    /// The latest time of the records since the last entry of the index. It belongs to the head, and is
    /// loaded and stored under its lock; here it lies because every write has this line, and in the lock's
    /// there is no room.
    newest: Unshared,
}

pub(crate) struct Tape {
    truth: Truth,
    storage: Storage,
    index: Index,
}

impl Tape {
    pub(crate) fn new(storage: Storage) -> Self {
        let index = Index::for_words(storage.len());
        let truth = Truth {
            committed: AtomicU64::new(0),
            reserved: AtomicU64::new(0),
            newest: Unshared::new(0),
        };
        Self {
            truth,
            storage,
            index,
        }
    }

    /// Bytes that records with their headers can take.
    pub(crate) fn capacity(&self) -> u64 {
        (self.storage.len() * WORD) as u64
    }

    /// How far apart entries of the index are, but for long records.
    pub(crate) fn block(&self) -> u64 {
        self.capacity() / self.index.len() as u64
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
        self.truth.reserved.store(end, Relaxed);
        fence(Release);
        // A record that ends within the block of the one before has no entry.
        if end >= head.next_block {
            self.note(head, words);
        }
        let latest = stamp.latest();
        if latest > self.truth.newest.load(Relaxed) {
            self.truth.newest.store(latest, Relaxed);
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
        self.truth.committed.store(end, Release);
    }

    /// Says that a record is going to be written where the last one ends.
    #[inline(always)]
    pub(crate) fn expect_append(&self, index: usize) {
        self.storage.expect_write(index);
    }

    /// Notes in the index the record of so many words that is about to be written, if it is the first
    /// of its block, or covers the next one.
    // Twice in a block of many records.
    #[inline(never)]
    fn note(&self, head: &mut Head, words: usize) {
        let entry = Entry {
            position: head.position,
            before: self.truth.newest.load(Relaxed),
        };
        let mut is_noted = self.index.note_long(&entry, words);
        if head.position.offset >= head.next_block {
            head.next_block = self.index.note(&entry);
            is_noted = true;
        }
        if is_noted {
            self.truth.newest.store(0, Relaxed);
        }
    }

    /// The end of what is published.
    pub(crate) fn committed(&self) -> u64 {
        // R1, for W1 in `append`; and R4, for the entries that are looked at after it.
        self.truth.committed.load(Acquire)
    }

    /// Whether what was just read from `offset` on, below `committed`, may have been overwritten while
    /// it was read.
    ///
    /// `reserved` is never below a `committed` that was loaded before it. Asking both bounds every walk by the
    /// capacity, whatever the two words say.
    pub(crate) fn is_overtaken(&self, offset: u64, committed: u64) -> bool {
        // R2, for W2 in `append`.
        fence(Acquire);
        let end = self.truth.reserved.load(Relaxed).max(committed);
        end > offset.saturating_add(self.capacity())
    }

    /// Copies records from `from` up to `upto`, a `committed`, into `buffer` while they fit, and tells the
    /// position after them and how many `select` filtered out. It looks at no more than `most`. At least one
    /// is copied if there is one that passes among them and the batch may grow.
    ///
    /// What was copied, the position included, is worth nothing until [`Self::is_overtaken`] has said no
    /// for `from`, or unless the caller holds the lock.
    pub(crate) fn copy(
        &self,
        from: Position,
        upto: u64,
        select: &Select,
        most: Most,
        buffer: &mut Buffer,
    ) -> Copied {
        let mut copied = Copied {
            position: from,
            filtered: 0,
            too_large: None,
        };
        let share = self.capacity() / LARGEST_SHARE;
        let limit = from.offset.saturating_add(share);
        for _ in 0..most.records {
            if copied.position.offset >= upto {
                break;
            }
            let Some((header, stamp, next)) = self.step(copied.position, upto) else {
                break;
            };
            if next.offset > limit && copied.position != from {
                break;
            }
            if !self.is_taken(copied.position, header, select) {
                copied.filtered += 1;
                copied.position = next;
                continue;
            }
            let bytes = buffer.bytes().len().saturating_add(header.content());
            if bytes > most.bytes && !buffer.is_empty() {
                break;
            }
            if !buffer.has_room(header) {
                if buffer.is_empty() {
                    copied.too_large = Some(header);
                }
                break;
            }
            let content = self.storage.step(copied.position.word, header::WORDS);
            buffer.push(header, copied.position.seq, stamp, |bytes| {
                self.storage.copy_out(content, bytes)
            });
            copied.position = next;
        }
        copied
    }

    /// Whether `select` takes the record at `position`, which has that header.
    #[inline]
    pub(crate) fn is_taken(&self, position: Position, header: Header, select: &Select) -> bool {
        select.takes(header, |target| self.read_target(position, header, target))
    }

    /// Reads the target of the record at `position`.
    fn read_target(&self, position: Position, header: Header, target: &mut [u8]) {
        // It begins amid a word, behind the payload.
        let (words, before) = (header.len as usize / WORD, header.len as usize % WORD);
        let from = self.storage.step(position.word, header::WORDS + words);
        let mut content = [0; WORD + u8::MAX as usize];
        let content = &mut content[..before + target.len()];
        self.storage.copy_out(from, content);
        target.copy_from_slice(&content[before..]);
    }

    /// The header at `position`, its time, and the position after its record, if a record that ends at
    /// `upto` at the latest can begin there.
    // Always: out of line, a reader's copy takes a third longer.
    #[inline(always)]
    pub(crate) fn step(&self, position: Position, upto: u64) -> Option<(Header, Stamp, Position)> {
        let header = Header::decode(self.storage.load(position.word))?;
        let words = header.words();
        if words > self.storage.len() || header.check != header::check(position.seq) {
            return None;
        }
        let size = (words * WORD) as u64;
        // In memory that no writer wrote, the position may be anywhere, even at the end of the numbers.
        if size > upto.saturating_sub(position.offset) {
            return None;
        }
        let nanos = self.storage.load(self.storage.step(position.word, 1));
        let next = Position {
            offset: position.offset + size,
            word: self.storage.step(position.word, words),
            // Neither overtakes the offset if it began below it, as in every entry.
            seq: position.seq.wrapping_add(1),
            bytes: position.bytes.wrapping_add(header.len.into()),
        };
        Some((header, header.stamp(nanos), next))
    }

    /// The entries whose records were intact below `committed` when they were looked at, in no order.
    pub(crate) fn entries(&self, committed: u64) -> impl Iterator<Item = Entry> + '_ {
        (0..self.index.len())
            .filter_map(move |number| self.index.get(number, committed, self.storage.len()))
            .filter(move |entry| !self.is_overtaken(entry.position.offset, committed))
    }

    /// The entry at `offset` or after it that is nearest to it. As a rule it is the first or the second
    /// that is looked at.
    pub(crate) fn entry_from(&self, offset: u64, committed: u64) -> Option<Entry> {
        // What is further back is gone.
        let from = offset.max(committed.saturating_sub(self.capacity()));
        let mut last = None;
        let near = self.index.blocks_from(from).find_map(|(number, end)| {
            let entry = self.index.get(number, committed, self.storage.len())?;
            let offset = entry.position.offset;
            let is_good = offset >= from && !self.is_overtaken(offset, committed);
            if offset < end {
                return is_good.then_some(entry);
            }
            // In the first block there is one of a lap later already.
            last = is_good.then_some(entry);
            None
        });
        near.or(last)
    }

    /// What the tape is made of; the truth is `committed` and `reserved`. For the fuzz targets, which write
    /// what no writer would.
    #[cfg(any(fuzzing, test))]
    pub(crate) fn parts(&self) -> (&Storage, &Index, [&AtomicU64; 2]) {
        let Truth {
            committed,
            reserved,
            ..
        } = &self.truth;
        (&self.storage, &self.index, [committed, reserved])
    }
}

/// What [`Tape::copy`] is to do at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most {
    /// Records that it looks at, whether they pass or not.
    pub(crate) records: u64,
    /// Bytes of those that it copies, if they are more than one.
    pub(crate) bytes: usize,
}

impl Most {
    pub(crate) const ALL: Self = Self {
        records: u64::MAX,
        bytes: usize::MAX,
    };
}

/// What [`Tape::copy`] did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copied {
    /// After the last record that was copied or filtered out.
    pub(crate) position: Position,
    /// Records that were filtered out.
    pub(crate) filtered: u64,
    /// The first record, if the buffer is empty and must grow for it.
    pub(crate) too_large: Option<Header>,
}
