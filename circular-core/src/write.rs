//! The write path.
//!
//! Read from the top: take the lock, make sure of room, append, let go, and wake a sleeper if one
//! asked to be. Room is only ever short when a reader holds writers back; then they wait in line,
//! in the order in which they came.

use crate::header::{self, Part};
use crate::line::Turn;
use crate::payload::Payload;
use crate::shared::{Shared, State};
use crate::storage::WORD;
use crate::sync::{self, MutexGuard};
use crate::tape::Label;
use crate::{Closed, Meta, clock, no_wait};
use std::io;
use std::mem;

impl Shared {
    /// Appends one record, or one in parts if it is longer than the ring; an empty one is none.
    pub(crate) fn write(&self, meta: Meta<'_>, payload: Payload<'_>) -> io::Result<()> {
        if payload.is_empty() {
            return Ok(());
        }
        let label = Label {
            level: meta.level_or_none(),
            target: meta.kept_target(),
            nanos: meta.nanos().unwrap_or_else(clock::now),
            part: Part::Whole,
        };
        let Some(mut state) = self.lock() else {
            return self.refused();
        };
        let appended = if payload.len() + label.target.len() <= self.largest_content() {
            self.append(&mut state, label, payload)
        } else {
            self.append_in_parts(&mut state, label, payload)
        };
        let wake = mem::take(&mut state.asleep);
        drop(state);
        if wake {
            self.data.notify_all();
        }
        appended.or_else(|Closed| self.refused())
    }

    fn append(
        &self,
        state: &mut MutexGuard<'_, State>,
        label: Label<'_>,
        payload: Payload<'_>,
    ) -> Result<(), Closed> {
        let mut turn = Turn::default();
        self.make_room(state, payload.len() + label.target.len(), &mut turn)?;
        self.tape.append(&mut state.head, label, payload);
        self.end_turn(state, &turn);
        Ok(())
    }

    /// Appends what does not fit into the ring at once. The writer stays first in line until the
    /// last part is in, so that no record of one that waits its turn stands between.
    #[cold]
    fn append_in_parts(
        &self,
        state: &mut MutexGuard<'_, State>,
        mut label: Label<'_>,
        payload: Payload<'_>,
    ) -> Result<(), Closed> {
        // A quarter of the ring: readers go on while the next part is written, and what is left of
        // the record at the end fills most of the ring.
        let quarter = usize::try_from(self.tape.capacity() / 4).unwrap_or(usize::MAX);
        let quarter = quarter.min(self.largest_content());
        let len = quarter
            .saturating_sub(header::BYTES + label.target.len())
            .max(WORD);
        let mut turn = Turn::in_parts();
        let mut rest = payload;
        label.part = Part::First;
        while !rest.is_empty() {
            let (part, later) = rest.split_at(len);
            if later.is_empty() {
                label.part = Part::Last;
            }
            self.make_room(state, part.len() + label.target.len(), &mut turn)?;
            self.tape.append(&mut state.head, label, part);
            label.part = Part::Middle;
            rest = later;
        }
        self.end_turn(state, &turn);
        Ok(())
    }

    /// Returns when a record of `content` bytes may be appended, or must be.
    fn make_room(
        &self,
        state: &mut MutexGuard<'_, State>,
        content: usize,
        turn: &mut Turn,
    ) -> Result<(), Closed> {
        if state.closed {
            return Err(Closed);
        }
        let size = (header::words(content) * WORD) as u64;
        let end = state.head.spot.position + size;
        let limit = state.readers.limit();
        let to_leave = state.line.room_to_leave(turn);
        if to_leave.is_some_and(|to_leave| end + to_leave <= limit) {
            return Ok(());
        }
        self.wait_for_room(state, size, turn)
    }

    #[cold]
    fn wait_for_room(
        &self,
        state: &mut MutexGuard<'_, State>,
        size: u64,
        turn: &mut Turn,
    ) -> Result<(), Closed> {
        if no_wait::must_not_wait() {
            let end = state.head.spot.position + size;
            if end > state.readers.limit() {
                state.counts.overtakes += 1;
                self.spare(state, end);
            }
            return Ok(());
        }
        let began = sync::now();
        let ticket = state.line.begin_to_wait(turn, size);
        // The parts that are in already are for readers to take: it is they who make room.
        if mem::take(&mut state.asleep) {
            self.data.notify_all();
        }
        let outcome = loop {
            if state.closed {
                break Err(Closed);
            }
            let mut deadline = None;
            if state.line.first() == Some(ticket) {
                let now = sync::now();
                let first_since = *turn.first_since.get_or_insert(now);
                let end = state.head.spot.position + size;
                let (demoted, next) = state.readers.demote_late(end, first_since, now);
                if demoted > 0 {
                    state.counts.demotions += demoted;
                    self.flushed.notify_all();
                }
                if end <= state.readers.limit() {
                    break Ok(());
                }
                self.end_naps(state);
                deadline = next;
            }
            self.room_of(ticket).wait(state, deadline);
        };
        state.line.end_to_wait(turn, size);
        let waited = sync::now().saturating_duration_since(began);
        state.counts.waits += 1;
        state.counts.waited += waited;
        state.counts.longest = state.counts.longest.max(waited);
        outcome
    }

    /// Finds, for each lossless reader that a record up to `end` goes over, the first record that it
    /// leaves intact: so the reader loses that much and no more.
    fn spare(&self, state: &mut State, end: u64) {
        let (head, capacity) = (state.head.spot.position, self.tape.capacity());
        for slot in state.readers.iter_mut().filter(|slot| slot.is_lossless()) {
            let mut spot = slot.spared_after(slot.spot).unwrap_or(slot.spot);
            while spot.position + capacity < end {
                let Some((.., next)) = self.tape.step(spot, head) else {
                    break;
                };
                spot = next;
                slot.spared = Some(spot);
            }
        }
    }

    /// Lets the next in line have its turn.
    fn end_turn(&self, state: &mut MutexGuard<'_, State>, turn: &Turn) {
        if state.line.end_turn(turn) {
            self.wake_first_in_line(state);
        }
    }

    #[cold]
    fn refused(&self) -> io::Result<()> {
        self.refuse();
        // Without a message of its own, which would have to be allocated.
        Err(io::ErrorKind::BrokenPipe.into())
    }
}
