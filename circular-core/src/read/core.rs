//! The one read path, under every kind of reader.
//!
//! A pass is one call of `recv` or `deliver`. It copies what comes next into the reader's own buffer without the
//! lock, asks whether it was overtaken meanwhile, and then takes the lock once: to publish what it has copied, which
//! is room for writers again, and what its sink is done with, which is what a flush waits for, and to find out whether
//! to sleep. Where that brought nothing, it does so again. A reader that hands records on holds nothing that a writer
//! could need.
//!
//! Invariant: delivered + filtered out + missed = written since it joined.

mod delivery;
mod overtaken;

use crate::error::OutOfMemory;
use crate::format::header::Header;
use crate::read::idle::{FILTERED_PER_TURN, Idle};
use crate::read::join;
use crate::read::place::Place;
use crate::record::cursor::Cursor;
use crate::record::missed::{Loss, Missed};
use crate::ring::policy::{Policy, Start};
use crate::ring::readers::{ReaderEntry, ReaderKey};
use crate::ring::shared::{Shared, State};
use crate::select::Select;
use crate::sys::sync::MutexGuard;
use crate::tape::buffer::Buffer;
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use crate::tape::walk::{Copied, Most};
use std::sync::Arc;

/// What a batch may be at most.
const BATCH: Most = Most {
    records: FILTERED_PER_TURN,
    bytes: usize::MAX,
};

/// A reader's place in its ring, and its buffer.
pub(crate) struct ReaderCore {
    shared: Arc<Shared>,
    /// `None` once the reader has ended.
    key: Option<ReaderKey>,
    place: Place,
    buffer: Buffer,
    select: Select,
    restarted: bool,
    /// When the last copy began, there was more than went into it.
    has_more: bool,
    /// Batches discarded in a row.
    discarded: u32,
    owed: Owed,
    /// Up to where all that was handed out is done with.
    done: u64,
    /// Whether a waiting flush asks for what has been handed out by now.
    must_flush: bool,
    /// Whether the ring was closed when this was last in it.
    is_closed: bool,
    /// If it leaves now, its sink has failed.
    fails: bool,
}

/// What is still to be done with what was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    Nothing,
    /// Whoever has it is not done with it.
    Batch,
    /// Its sink has written it, and has put off the flush.
    Flush,
}

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There are records in the buffer, or something was missed.
    Batch,
    /// The reader has had everything so far.
    Drained,
    /// The reader has had everything, and there will be no more.
    Ended,
}

/// What comes after a copy that has brought nothing.
enum Step {
    GoOn,
    /// Something was missed, and that is all there is to tell.
    Tell,
    Drained,
    /// There is more, but others shall have their turn.
    GiveWay,
    /// It has had everything, and may wait.
    Wait,
}

/// What a pass keeps in mind from one copy to the next.
#[derive(Default)]
struct Pass {
    has_napped: bool,
    /// Where the head was at first: who filters everything out need not go on behind it for ever.
    enough: Option<u64>,
    /// How many records were filtered out.
    filtered: u64,
}

/// What was copied without the lock, and from where.
struct Attempt {
    before: Position,
    copied: Copied,
    /// It was overtaken while it was made.
    is_torn: bool,
    /// Memory was lost meanwhile, or before and nobody has put that right.
    is_disturbed: bool,
}

impl ReaderCore {
    /// Joins the readers of a ring; `details` if records will be looked at one by one.
    pub(crate) fn join(
        shared: Arc<Shared>,
        start: Start,
        policy: Policy,
        select: Select,
        details: bool,
    ) -> Result<Self, OutOfMemory> {
        let buffer = Buffer::for_reader(shared.tape.capacity(), details)?;
        let (key, begin) = join::join(&shared, start, policy, &select)?;
        Ok(Self {
            shared,
            key,
            place: Place::at(&begin),
            buffer,
            select,
            restarted: begin.restarted,
            has_more: false,
            discarded: 0,
            owed: Owed::Nothing,
            done: begin.position.offset,
            must_flush: false,
            is_closed: false,
            fails: false,
        })
    }

    /// Copies the next batch into the buffer, for who is done with the one before.
    pub(crate) fn recv(&mut self, idle: Idle<'_>) -> Outcome {
        self.release();
        self.next(idle)
    }

    /// Copies the next batch into the buffer. As long as something is owed, a reader that has had everything
    /// does not sleep.
    fn next(&mut self, mut idle: Idle<'_>) -> Outcome {
        self.buffer.shrink();
        let shared = Arc::clone(&self.shared);
        let mut pass = Pass::default();
        loop {
            let attempt = self.copy();
            let before = attempt.before;
            pass.filtered += attempt.copied.filtered;
            let (Some(mut state), Some(key)) = (shared.lock(), self.key) else {
                self.buffer.clear();
                return Outcome::Ended;
            };
            let too_large = self.settle(attempt, &mut state, key);
            if !self.buffer.is_empty() {
                return self.hand_out();
            }
            if let Some(header) = too_large {
                drop(state);
                self.make_room_for(header);
                continue;
            }
            match self.step(&state, &mut pass, &idle) {
                Step::GoOn => continue,
                Step::Tell => return self.hand_out(),
                Step::Drained => return Outcome::Drained,
                Step::GiveWay => {
                    drop(state);
                    idle.come_back();
                    return Outcome::Drained;
                }
                Step::Wait => {}
            }
            if self.owed == Owed::Nothing {
                self.release();
                self.publish(&mut state, key);
            }
            if state.closed {
                return Outcome::Ended;
            }
            pass.has_napped &= self.place.position() == before;
            if !shared.idle(&mut state, &mut idle, key, &mut pass.has_napped) {
                return Outcome::Drained;
            }
        }
    }

    /// Copies what comes next, without the lock.
    fn copy(&mut self) -> Attempt {
        self.buffer.clear();
        // What was filtered out needs nobody to be done with it; a loss is to be told first.
        if self.owed == Owed::Nothing && self.place.is_told() {
            self.release();
        }
        let tape = &self.shared.tape;
        let before = self.place.position();
        let losses = tape.losses();
        let committed = tape.committed();
        let copied = tape.copy(before, committed, &self.select, BATCH, &mut self.buffer);
        let is_torn = tape.is_overtaken(before.offset, committed);
        let is_disturbed = tape.losses() != losses || tape.lost().pending().is_some();
        self.has_more = is_torn || is_disturbed || copied.position.offset < committed;
        Attempt {
            before,
            copied,
            is_torn,
            is_disturbed,
        }
    }

    /// Moves on behind what was copied, or to where there is something to copy, and tells the ring. What comes
    /// back is the header of a record for which the buffer is too small.
    fn settle(
        &mut self,
        attempt: Attempt,
        state: &mut MutexGuard<'_, State>,
        key: ReaderKey,
    ) -> Option<Header> {
        let too_large = if attempt.is_disturbed {
            self.start_over(attempt.before, state, key)
        } else if attempt.is_torn {
            self.catch_up(state, key)
        } else {
            self.take(attempt, state)
        };
        self.publish(state, key);
        too_large
    }

    /// Takes a copy for good: it was whole.
    fn take(&mut self, attempt: Attempt, state: &State) -> Option<Header> {
        let Attempt { before, copied, .. } = attempt;
        self.discarded = 0;
        self.place.advance_to(copied.position);
        let stuck = copied.position == before && copied.too_large.is_none();
        let head = state.head.position;
        if stuck && before.offset < head.offset {
            // Written since the copy began, as a rule, and maybe overwritten, which the next copy finds
            // out. If neither, its end was lost with the ring's memory, or that was written to by somebody
            // else: go on behind what cannot be read.
            let tape = &self.shared.tape;
            let committed = tape.committed();
            if tape.step(before, committed).is_none()
                && !tape.is_overtaken(before.offset, committed)
            {
                if tape.is_cut_off(before.offset, committed) {
                    self.place.pass_over_cut(tape, head);
                } else {
                    self.place.move_on(tape, head, before.offset + 1);
                }
            }
        }
        copied.too_large
    }

    /// Tells the ring where this reader is, and whom that concerns.
    fn publish(&mut self, state: &mut MutexGuard<'_, State>, key: ReaderKey) {
        let shared = &self.shared;
        let limit = state.readers.limit();
        let (position, missed) = (self.place.position(), self.place.missed());
        if state.readers.advance(key, position, self.done, missed) {
            shared.flushed.notify_all();
        }
        if state.readers.limit() != limit {
            shared.wake_first_in_line(state);
        }
        self.is_closed = state.closed;
        if let Some(entry) = state.readers.get(key) {
            self.must_flush = entry.wants_flush(position.offset);
        }
    }

    /// What comes next, as there is nothing in the buffer.
    fn step(&self, state: &State, pass: &mut Pass, idle: &Idle<'_>) -> Step {
        if self.owed != Owed::Nothing && self.must_flush {
            return Step::Drained;
        }
        let is_told = self.place.is_told();
        let head = state.head.position.offset;
        if self.place.position().offset < head {
            // Filtered out, discarded, or written just now.
            pass.has_napped = false;
            let has_enough = self.place.position().offset >= *pass.enough.get_or_insert(head);
            if !(has_enough && idle.is_over() || idle.is_tired(pass.filtered)) {
                return Step::GoOn;
            }
            if is_told {
                return Step::GiveWay;
            }
        }
        match self.owed {
            _ if !is_told => Step::Tell,
            Owed::Batch => Step::Drained,
            // Nothing will come that it could be flushed with.
            Owed::Flush if self.is_closed => Step::Drained,
            Owed::Flush | Owed::Nothing => Step::Wait,
        }
    }

    fn hand_out(&mut self) -> Outcome {
        self.owed = Owed::Batch;
        Outcome::Batch
    }

    /// Says that what was handed out is done with; told to those who wait for it by the next pass.
    pub(crate) fn release(&mut self) {
        self.owed = Owed::Nothing;
        self.done = self.place.position().offset;
    }

    /// The same, and forgets it.
    pub(crate) fn release_all(&mut self) {
        self.release();
        self.buffer.clear();
    }

    /// Says whether its sink has failed, if it leaves now.
    pub(crate) fn set_fails(&mut self, fails: bool) {
        self.fails = fails;
    }

    pub(crate) fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// What was missed since this was last asked.
    pub(crate) fn take_untold(&mut self) -> Missed {
        self.take_loss().missed
    }

    /// The same, and why.
    pub(crate) fn take_loss(&mut self) -> Loss {
        self.place.take_loss()
    }

    /// Whether there was more in the ring than went into the last batch.
    pub(crate) fn has_more(&self) -> bool {
        self.has_more
    }

    pub(crate) fn missed(&self) -> Missed {
        self.place.missed()
    }

    pub(crate) fn restarted(&self) -> bool {
        self.restarted
    }

    /// Behind the last record that is in the buffer, or was.
    pub(crate) fn cursor(&self) -> Cursor {
        let position = self.place.position();
        Cursor {
            ring: self.shared.id,
            seq: position.seq,
            bytes: Some(position.bytes),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What the ring knows of this reader, until it has left.
    pub(crate) fn entry<'a>(&self, state: &'a mut State) -> Option<&'a mut ReaderEntry> {
        state.readers.get(self.key?)
    }

    /// Its name among the readers, until it has left.
    pub(crate) fn key(&self) -> Option<ReaderKey> {
        self.key
    }

    /// How many readers joined before it, until it has left.
    pub(crate) fn number(&self) -> Option<u64> {
        self.key.map(ReaderKey::number)
    }

    /// Leaves the readers of the ring; the buffer stays.
    pub(crate) fn leave(&mut self) {
        let Some(key) = self.key.take() else {
            return;
        };
        let Some(mut state) = self.shared.lock() else {
            return;
        };
        let entry = state.readers.leave(key);
        state.counts.missed_by_left += self.place.missed();
        if self.fails {
            self.shared
                .count(&mut state, |counts| counts.failed_sinks += 1);
            let is_lost = entry
                .as_ref()
                .is_some_and(ReaderEntry::is_lossless_but_for_its_sink);
            state.lost_sinks += usize::from(is_lost);
        }
        self.shared.after_leave(state, entry);
    }
}

impl Drop for ReaderCore {
    fn drop(&mut self) {
        self.leave();
    }
}
