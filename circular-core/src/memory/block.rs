//! The memory that a ring lives in, on the heap or in a mapped file, and views of parts of it.
//!
//! Invariant: all of it is words that are only accessed as atomics, and it stays where it is, and is there, as long as
//! there is a view of it.

use crate::error::BuildError;
#[cfg(target_os = "linux")]
use crate::format::layout::PAGE;
use crate::format::layout::{LINE, Layout};
use crate::format::word::WORD;
use crate::memory::heap;
#[cfg(target_os = "linux")]
use crate::memory::mapped::Mapping;
use crate::sys::sync::{self, AtomicU64};
#[cfg(target_os = "linux")]
use std::io;
use std::ops::{Deref, Range};
use std::ptr::NonNull;
use std::sync::Arc;
#[cfg(target_os = "linux")]
use std::sync::atomic::Ordering::Relaxed;

/// Words in a cache line.
pub(crate) const LINE_WORDS: usize = LINE / WORD;

/// All the memory of one ring.
pub(crate) struct Block {
    words: NonNull<[AtomicU64]>,
    /// The word that the first whole cache line begins with.
    first: usize,
    owner: Owner,
}

/// Whose the words are.
enum Owner {
    /// From [`heap::zeroed`], and given back by [`heap::free`].
    Heap,
    /// Of a file.
    #[cfg(target_os = "linux")]
    Mapping(#[expect(dead_code, reason = "it is dropped with the block")] Mapping),
}

// SAFETY: whoever has it can only share its words, which are atomics and live as long as it does.
#[expect(unsafe_code, reason = "views point into it")]
unsafe impl Send for Block {}
// SAFETY: the same.
#[expect(unsafe_code, reason = "views point into it")]
unsafe impl Sync for Block {}

impl Block {
    /// Zeroed memory from the heap, for a ring that lies like that.
    pub(crate) fn on_heap(layout: &Layout) -> Result<Arc<Self>, BuildError> {
        let too_large = BuildError::TooLarge {
            capacity: layout.capacity,
        };
        // The allocator knows how to give zeroed pages on demand for words, but not for whole cache lines.
        let spare = if sync::IS_MODEL { 0 } else { LINE - WORD };
        let bytes = layout.len.checked_add(spare).ok_or(too_large)?;
        let words = heap::zeroed(bytes)?;
        let begin = words.cast::<u8>().as_ptr();
        let first = if sync::IS_MODEL {
            0
        } else {
            begin.align_offset(LINE) / WORD
        };
        Ok(Arc::new(Self {
            words,
            first,
            owner: Owner::Heap,
        }))
    }

    /// The memory of a file.
    #[cfg(target_os = "linux")]
    pub(crate) fn in_file(mapping: Mapping) -> io::Result<Arc<Self>> {
        let is_populated = mapping.populate()?;
        let block = Self {
            words: mapping.words(),
            first: 0,
            owner: Owner::Mapping(mapping),
        };
        if !is_populated {
            // What is in a page stays: nobody else stores there yet.
            for word in block
                .range(0..block.words.len())
                .iter()
                .step_by(PAGE / WORD)
            {
                word.store(word.load(Relaxed), Relaxed);
            }
        }
        Ok(Arc::new(block))
    }

    /// The words from `offset` on, both in bytes.
    pub(crate) fn words(self: &Arc<Self>, offset: usize, bytes: usize) -> Words {
        let begin = self.first + offset / WORD;
        View {
            part: NonNull::from(self.range(begin..begin + bytes / WORD)),
            _block: Arc::clone(self),
        }
    }

    /// The word at `offset` bytes.
    pub(crate) fn word(self: &Arc<Self>, offset: usize) -> Word {
        View {
            part: self.words(offset, WORD).part.cast(),
            _block: Arc::clone(self),
        }
    }

    /// The cache line at `offset` bytes.
    pub(crate) fn line(self: &Arc<Self>, offset: usize) -> Line {
        View {
            part: self.words(offset, LINE).part.cast(),
            _block: Arc::clone(self),
        }
    }

    #[expect(unsafe_code, reason = "the memory is its own")]
    fn range(&self, range: Range<usize>) -> &[AtomicU64] {
        // SAFETY: it points to words that were valid from the beginning, are there until this is dropped, and are
        // only ever shared.
        let all = unsafe { self.words.as_ref() };
        &all[range]
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if matches!(self.owner, Owner::Heap) {
            heap::free(self.words);
        }
    }
}

/// A part of a block.
pub(crate) struct View<T: ?Sized> {
    /// In the block, which is there as long as this is.
    part: NonNull<T>,
    _block: Arc<Block>,
}

/// Some of the words of a block.
pub(crate) type Words = View<[AtomicU64]>;
/// A cache line of a block.
pub(crate) type Line = View<[AtomicU64; LINE_WORDS]>;
/// One word of a block.
pub(crate) type Word = View<AtomicU64>;

// SAFETY: it can only be used to share what it points to, which lives as long as it does, and may be shared.
#[expect(unsafe_code, reason = "it points into its block")]
unsafe impl<T: ?Sized + Sync> Send for View<T> {}
// SAFETY: the same.
#[expect(unsafe_code, reason = "it points into its block")]
unsafe impl<T: ?Sized + Sync> Sync for View<T> {}

impl<T: ?Sized> Deref for View<T> {
    type Target = T;

    #[inline(always)]
    #[expect(unsafe_code, reason = "it points into its block")]
    fn deref(&self) -> &T {
        // SAFETY: what it points to is in the block, which is there as long as `self`, and is only ever shared.
        unsafe { self.part.as_ref() }
    }
}

#[cfg(all(test, loom))]
impl<T: ?Sized> View<T> {
    /// What it is a part of.
    pub(crate) fn block(&self) -> &Arc<Block> {
        &self._block
    }
}
