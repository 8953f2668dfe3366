//! The records in a ring's file, whether its writer lives or not.
//!
//! Invariant: nothing in it is trusted, and it is only read, never mapped: a file that is cut is a short read. Every walk
//! goes forward and is bounded by the capacity, whatever the bytes are. What cannot be read is zero, which is no record,
//! and the error is kept until it is asked for. A record that is not all in the file is none.
//!
//! Of a ring that is written meanwhile, the protocol is that of [`crate::tape`], with a read of the file for each load:
//! R1, R2 and R3 as there. Of a copy, which does not change, the end of what may have been stored is the latest of
//! `committed`, `reserved` and `reach`: the copy was made from front to back (R5).

use crate::format::bytes::u64_at;
use crate::format::header::{self, Header};
use crate::format::layout::{BEFORE, BYTES, COMMITTED, Layout, OFFSET, RESERVED, SEQ};
use crate::format::word::WORD;
use crate::memory::window::{self, Window};
use crate::select::Select;
use crate::sys::read_at::ReadAt;
use crate::sys::sync::fence;
use crate::tape::buffer::Buffer;
use crate::tape::index::{Blocks, Entry, Stored};
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use crate::tape::walk::{self, Copied, Most};
use crate::time::clock::Stamp;
use std::cell::{Ref, RefCell};
use std::io;
use std::sync::atomic::Ordering::Acquire;

/// So much is read at once, unless a record is longer.
const WINDOW: u64 = window::USUAL as u64;

/// The records in the file or the bytes of a ring.
#[derive(Debug)]
pub(crate) struct Image<B> {
    bytes: B,
    layout: Layout,
    /// Nobody writes it, and somebody may have written what it was copied from.
    is_copy: bool,
    window: RefCell<Window>,
    error: RefCell<Option<io::Error>>,
}

impl<B: ReadAt> Image<B> {
    /// The records in `bytes`, which lie like that.
    pub(crate) fn new(bytes: B, layout: Layout, is_copy: bool) -> Self {
        Self {
            bytes,
            layout,
            is_copy,
            window: RefCell::default(),
            error: RefCell::new(None),
        }
    }

    /// Why something could not be read since this was last asked.
    pub(crate) fn take_error(&self) -> Option<io::Error> {
        self.error.take()
    }

    /// Fills `bytes` from `offset` on, with zeroes where there is nothing, and tells how many there are.
    fn read(&self, bytes: &mut [u8], offset: usize) -> usize {
        let read = self.bytes.read_at(bytes, offset as u64);
        let count = read.unwrap_or_else(|error| {
            *self.error.borrow_mut() = Some(error);
            0
        });
        bytes[count..].fill(0);
        count
    }

    fn word(&self, offset: usize) -> u64 {
        let mut word = [0; WORD];
        self.read(&mut word, offset);
        u64::from_le_bytes(word)
    }

    /// A word that grows, read twice: nobody promises that a read of a file has it whole.
    fn growing_word(&self, offset: usize) -> [u64; 2] {
        [self.word(offset), self.word(offset)]
    }

    /// A window that has `bytes` bytes from `position` on, if there are as many up to `upto`, all of which is
    /// published.
    fn window(&self, position: Position, upto: u64, bytes: u64) -> Ref<'_, Window> {
        let there = upto.saturating_sub(position.offset);
        let there = there.min(self.layout.capacity as u64);
        if !self.window.borrow().has(position.offset, bytes.min(there)) {
            let wanted = there.min(bytes.max(WINDOW));
            let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
            let place = (position.offset, position.word);
            let mut window = self.window.borrow_mut();
            let length = wanted.next_multiple_of(WORD);
            match window.restart(place, self.words(), length) {
                Ok(room) => {
                    let read = self.read_data(room, position.word);
                    window.end_after(read);
                }
                // A longer one is for a record that can be gone without.
                Err(error) if length as u64 <= WINDOW => {
                    *self.error.borrow_mut() = Some(error.into())
                }
                Err(_) => {}
            }
        }
        self.window.borrow()
    }

    /// Fills `room` from the word at `index` of DATA on, around the end if need be, as far as there is something.
    fn read_data(&self, room: &mut [u8], index: usize) -> usize {
        let first = self.layout.data + index * WORD;
        let before_the_end = (self.layout.data + self.layout.capacity - first).min(room.len());
        let (run, around) = room.split_at_mut(before_the_end);
        let mut read = self.read(run, first);
        if read == run.len() && !around.is_empty() {
            read += self.read(around, self.layout.data);
        }
        read
    }

    /// Whether all bytes of DATA between the two are in the file, the end of which may be missing.
    fn is_there(&self, from: Position, to: Position) -> bool {
        if self
            .window
            .borrow()
            .has(from.offset, to.offset - from.offset)
        {
            return true;
        }
        let has_word_before = |word: usize| {
            let mut byte = [0];
            let offset = self.layout.data + word * WORD - 1;
            self.read(&mut byte, offset) == 1
        };
        // Around the end, if it is at the first word or behind it.
        let is_around = to.word <= from.word;
        (!is_around || has_word_before(self.words())) && (to.word == 0 || has_word_before(to.word))
    }

    fn words(&self) -> usize {
        self.layout.capacity / WORD
    }
}

impl<B: ReadAt> Recording for Image<B> {
    fn capacity(&self) -> u64 {
        self.layout.capacity as u64
    }

    fn blocks(&self) -> Blocks {
        Blocks::of(&self.layout)
    }

    fn committed(&self) -> u64 {
        let read = self.growing_word(self.layout.live + COMMITTED * WORD);
        let committed = read[0].min(read[1]);
        // R1, and R4.
        fence(Acquire);
        committed
    }

    fn is_overtaken(&self, offset: u64, committed: u64) -> bool {
        // R2.
        fence(Acquire);
        let read = self.growing_word(self.layout.live + RESERVED * WORD);
        let mut end = read[0].max(read[1]).max(committed);
        if self.is_copy {
            // R5.
            end = end.max(self.word(self.layout.reach));
        }
        end > offset.saturating_add(self.capacity())
    }

    fn entry(&self, number: usize, committed: u64) -> Option<Entry> {
        let words = self.layout.entry_words;
        let place = self.layout.index + number * words * WORD;
        // All but the guard, the last word.
        let mut bytes = [0; (BEFORE + 1) * WORD];
        self.read(&mut bytes, place);
        // R3. By itself, as nobody says in which order one read reads.
        fence(Acquire);
        let guard = self.word(place + (words - 1) * WORD);
        let word = |number: usize| u64_at(&bytes, number * WORD);
        let stored = Stored {
            offset: word(OFFSET),
            seq: word(SEQ),
            bytes: word(BYTES),
            before: word(BEFORE),
            guard,
        };
        stored.check(number, committed, self.blocks())
    }

    fn step(&self, position: Position, upto: u64) -> Option<(Header, Stamp, Position)> {
        let window = self.window(position, upto, header::BYTES as u64);
        let step = walk::step(&*window, position, upto);
        step.filter(|(.., next)| self.is_there(position, *next))
    }

    fn is_taken(&self, position: Position, header: Header, select: &Select) -> bool {
        select.takes(header, |target| self.read_target(position, header, target))
    }

    fn read_target(&self, position: Position, header: Header, target: &mut [u8]) {
        let size = (header.words() * WORD) as u64;
        let window = self.window(position, position.offset.saturating_add(size), size);
        walk::read_target(&*window, position, header, target);
    }

    fn copy(
        &self,
        from: Position,
        upto: u64,
        select: &Select,
        most: Most,
        buffer: &mut Buffer,
    ) -> Copied {
        // Half a window, so that there is not a read for each few records.
        let copied = self.copy_within(from, upto, WINDOW / 2, select, most, buffer);
        if copied.position != from || copied.too_large.is_some() {
            return copied;
        }
        // A record that is longer than the window, or none.
        let Some((header, _, next)) = self.step(from, upto) else {
            return copied;
        };
        if !self.is_taken(from, header, select) {
            return Copied {
                position: next,
                filtered: copied.filtered + 1,
                ..copied
            };
        }
        let size = next.offset - from.offset;
        let copied = self.copy_within(from, upto, size, select, most, buffer);
        let has_window = self.window.borrow().has(from.offset, size);
        if copied.position != from || has_window {
            return copied;
        }
        // There is no memory for the window, as good as none for the record.
        Copied {
            too_large: Some(header),
            ..copied
        }
    }
}

impl<B: ReadAt> Image<B> {
    /// Copies what lies in a window that has `bytes` bytes.
    fn copy_within(
        &self,
        from: Position,
        upto: u64,
        bytes: u64,
        select: &Select,
        most: Most,
        buffer: &mut Buffer,
    ) -> Copied {
        let window = self.window(from, upto, bytes);
        walk::copy(&*window, from, upto.min(window.end()), select, most, buffer)
    }
}
