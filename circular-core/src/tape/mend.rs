//! Putting a ring right that has lost memory: see [`crate::tape::lost`].
//!
//! Invariant: it is done under the ring's lock, from the head, which is on the heap, and from the record that was just
//! written. What was lost itself is not brought back.

use crate::format::prepared::PreparedHeader;
use crate::format::word::WORD;
use crate::memory::payload::Payload;
use crate::memory::source::Source;
use crate::sys::sync::fence;
use crate::tape::index::Entry;
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use crate::tape::{Head, Tape};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

impl Tape {
    /// Finds out whether the file was cut: then its end is not there, and the handler comes, if there is one. The system
    /// takes the end away before it puts zeroes into the rest of a page that was cut.
    pub(crate) fn touch_end(&self) {
        if self.lost.has_bell() {
            fence(Acquire);
            let _ = self.reach.load(Relaxed);
        }
    }

    /// Puts right what can be after memory was lost, if it was. The caller holds the lock.
    pub(crate) fn mend(&self, head: &mut Head) {
        if self.lost.pending().is_some() {
            self.mend_with(head, |head| {
                if !self.has_way_to(head.position) {
                    // The next record has an entry, wherever it begins.
                    head.next_block = 0;
                }
                head.position.offset
            });
        }
    }

    /// The same for who has just appended this record: it is stored once more, where it is.
    pub(crate) fn mend_after(
        &self,
        head: &mut Head,
        prepared: PreparedHeader<'_>,
        payload: impl Payload,
    ) {
        if self.lost.pending().is_some() {
            self.mend_with(head, |head| self.append_again(head, prepared, payload));
        }
    }

    /// `again` has what was just written stored again, and tells from where on records are good.
    #[cold]
    fn mend_with(&self, head: &mut Head, again: impl Fn(&mut Head) -> u64) {
        while let Some(count) = self.lost.pending() {
            let end = head.position.offset;
            // W2 and W5 as in `append`, in memory that may be new.
            self.truth.reserved().store(end, Relaxed);
            fence(Release);
            self.reach.store(self.index.end_of_block(end), Relaxed);
            fence(Release);
            let floor = again(head);
            // W1.
            self.truth.committed().store(end, Release);
            self.lost.set_mended(count, floor);
        }
    }

    /// Whether an entry leads to the record at `position`, over none that was lost.
    fn has_way_to(&self, position: Position) -> bool {
        let number = position.word / self.index.blocks.words;
        // Behind that record, so that its own entry counts.
        let entry = self.index.get(number, position.offset + 1);
        entry.is_some_and(|entry| {
            let way = position.offset - entry.position.offset;
            let begin = (entry.position.word * WORD) as u64;
            way < self.capacity() && (way == 0 || begin + way <= self.lost.from())
        })
    }

    /// Stores the last record once more, with an entry if it needs one, and tells where it begins.
    fn append_again(
        &self,
        head: &mut Head,
        prepared: PreparedHeader<'_>,
        payload: impl Payload,
    ) -> u64 {
        let PreparedHeader { stamp, words, .. } = prepared;
        let end = head.position;
        let position = Position {
            offset: end.offset - prepared.size(),
            word: match end.word.checked_sub(words) {
                Some(word) => word,
                None => end.word + self.storage.len() - words,
            },
            seq: end.seq - 1,
            bytes: end.bytes - payload.len() as u64,
        };
        if !self.has_way_to(position) {
            // What was written since the entry before may not be known any more: then it may be of any time.
            let before = match self.truth.newest() {
                0 => u64::MAX,
                newest => newest,
            };
            let entry = Entry { position, before };
            self.index.note_long(&entry, words);
            head.next_block = self.index.note(&entry);
            self.truth.set_newest(stamp.latest());
        }
        let header = [prepared.front(position.seq), stamp.nanos];
        self.storage
            .write(position.word, words, header, payload, prepared.target);
        position.offset
    }
}
