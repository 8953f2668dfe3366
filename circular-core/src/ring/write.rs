//! The write path.
//!
//! Read from the top: take the lock, make sure of room, append, let go, and wake a sleeper if one
//! asked to be. What is not on the way of nearly every write is in a function of its own: two threads
//! that write wait for each other for as long as this takes. Room is only ever short when a reader
//! holds writers back; then they wait in line, in the order in which they came.

use crate::error::Closed;
use crate::format::header;
use crate::format::prepared::PreparedHeader;
use crate::format::word::WORD;
use crate::memory::parts::parts;
use crate::memory::payload::Payload;
use crate::record::meta::Meta;
use crate::record::part::Part;
use crate::ring::readers::ReaderEntry;
use crate::ring::shared::{Shared, State};
use crate::ring::wait_queue::Ticket;
use crate::sys::no_wait;
use crate::sys::sync::{self, MutexGuard};
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use crate::time::clock::Stamp;
use std::io;
use std::ops::Range;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::compiler_fence;
use std::time::Instant;

/// The ring's lock was not to be had: as a rule, because the thread that wants it has it.
pub(crate) struct NoLock;

impl State {
    /// Whether a record of `size` bytes can go in without more ado: the ring is open, nobody is in line,
    /// and every reader that must not lose anything has what it overwrites.
    #[inline]
    fn is_free_for(&self, size: u64) -> bool {
        let end = self.head.position.offset + size;
        !self.closed && self.wait_queue.first().is_none() && end <= self.readers.limit()
    }
}

impl Shared {
    /// Appends one record, or one in parts if it is longer than the ring; an empty one is none.
    pub(crate) fn write(&self, meta: Meta<'_>, payload: impl Payload) -> io::Result<()> {
        if payload.len() == 0 {
            return Ok(());
        }
        let stamp = meta.nanos().map_or_else(Stamp::now, Stamp::given);
        let whole = (Part::Whole, payload.len());
        let prepared = PreparedHeader::new(meta.level_or_none(), meta.kept_target(), stamp, whole);
        let fits = payload.len() + prepared.target.len() <= self.largest_content;
        let Some(mut state) = self.lock() else {
            return self.refused();
        };
        if !fits || !state.is_free_for(prepared.size()) {
            return self.write_with_care(state, prepared, payload, fits);
        }
        self.tape.append(&mut state.head, prepared, payload);
        let next = state.head.position.word;
        // If it was rung within the append, by a handler on this thread, that is seen.
        compiler_fence(SeqCst);
        if state.asleep.load(Relaxed) {
            self.let_go_with_care(state, prepared, payload);
        } else {
            drop(state);
        }
        // It is long since that memory was last used: it is not in any cache of this core, and the next write
        // would wait for it.
        self.tape.expect_append(next);
        Ok(())
    }

    /// Appends one record if the lock is to be had by `deadline`, and tells which seqs it has, none if the
    /// ring is closed. The caller [must not wait](no_wait::must_not_wait) for room.
    #[cold]
    pub(crate) fn write_by(
        &self,
        deadline: Instant,
        meta: Meta<'_>,
        payload: impl Payload,
    ) -> Result<Option<Range<u64>>, NoLock> {
        let stamp = meta.nanos().map_or_else(Stamp::now, Stamp::given);
        let whole = (Part::Whole, payload.len());
        let prepared = PreparedHeader::new(meta.level_or_none(), meta.kept_target(), stamp, whole);
        let fits = payload.len() + prepared.target.len() <= self.largest_content;
        let locked = if self.generation.is_past() {
            None
        } else {
            self.state.lock_by(deadline)
        };
        let Some(mut state) = locked else {
            self.refuse();
            return Err(NoLock);
        };
        // What is there is to be dumped, and nobody may have noticed so far that its file was cut.
        self.tape.touch_end();
        self.tape.mend(&mut state.head);
        if state.closed {
            drop(state);
            self.refuse();
            return Ok(None);
        }
        let before = state.head.position.seq;
        let appended = if fits {
            self.append(&mut state, prepared, payload)
        } else {
            self.append_in_parts(&mut state, prepared, payload)
        };
        let after = state.head.position.seq;
        self.let_go(state);
        Ok(appended.ok().map(|()| before..after))
    }

    /// Gives the lock back after this record was written, for who has seen that somebody sleeps, or that memory was lost.
    #[cold]
    #[inline(never)]
    fn let_go_with_care(
        &self,
        mut state: MutexGuard<'_, State>,
        prepared: PreparedHeader<'_>,
        payload: impl Payload,
    ) {
        self.tape.mend_after(&mut state.head, prepared, payload);
        self.let_go(state);
    }

    /// Gives the lock back, and wakes who asked for it.
    fn let_go(&self, state: MutexGuard<'_, State>) {
        let wake = state.asleep.load(Relaxed) && self.take_asleep(&state);
        drop(state);
        if wake {
            self.not_empty.notify_all();
        }
    }

    /// Appends what cannot go in without more ado.
    #[cold]
    #[inline(never)]
    fn write_with_care<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        prepared: PreparedHeader<'_>,
        payload: impl Payload,
        fits: bool,
    ) -> io::Result<()> {
        let appended = if fits {
            self.append(&mut state, prepared, payload)
        } else {
            self.append_in_parts(&mut state, prepared, payload)
        };
        self.let_go(state);
        appended.or_else(|Closed| self.refused())
    }

    fn append<'a>(
        &'a self,
        state: &mut MutexGuard<'a, State>,
        prepared: PreparedHeader<'_>,
        payload: impl Payload,
    ) -> Result<(), Closed> {
        let mut ticket = Ticket::default();
        self.make_room(state, prepared.size(), &mut ticket)?;
        self.tape.append(&mut state.head, prepared, payload);
        self.tape.mend_after(&mut state.head, prepared, payload);
        self.end_turn(state, &ticket);
        Ok(())
    }

    /// Appends what does not fit into the ring at once. The writer stays first in line until the
    /// last part is in, so that no record of one that waits its turn stands between.
    #[cold]
    fn append_in_parts<'a>(
        &'a self,
        state: &mut MutexGuard<'a, State>,
        whole: PreparedHeader<'_>,
        payload: impl Payload,
    ) -> Result<(), Closed> {
        // A quarter of the ring: readers go on while the next part is written, and what is left of
        // the record at the end fills most of the ring.
        let quarter = usize::try_from(self.tape.capacity() / 4).unwrap_or(usize::MAX);
        let quarter = quarter.min(self.largest_content);
        let len = quarter
            .saturating_sub(header::BYTES + whole.target.len())
            .max(WORD);
        let mut ticket = Ticket::in_parts();
        for (kind, part) in parts(payload, Part::Whole, len) {
            let prepared =
                PreparedHeader::new(whole.level, whole.target, whole.stamp, (kind, part.len()));
            self.make_room(state, prepared.size(), &mut ticket)?;
            self.tape.append(&mut state.head, prepared, part);
            self.tape.mend_after(&mut state.head, prepared, part);
        }
        self.end_turn(state, &ticket);
        Ok(())
    }

    /// Returns when a record of `size` bytes may be appended, or must be.
    fn make_room<'a>(
        &'a self,
        state: &mut MutexGuard<'a, State>,
        size: u64,
        ticket: &mut Ticket,
    ) -> Result<(), Closed> {
        if state.closed {
            return Err(Closed);
        }
        let end = state.head.position.offset + size;
        let limit = state.readers.limit();
        let to_leave = state.wait_queue.room_to_leave(ticket);
        if to_leave.is_some_and(|to_leave| end + to_leave <= limit) {
            return Ok(());
        }
        self.wait_for_room(state, size, ticket)
    }

    #[cold]
    fn wait_for_room<'a>(
        &'a self,
        state: &mut MutexGuard<'a, State>,
        size: u64,
        ticket: &mut Ticket,
    ) -> Result<(), Closed> {
        if no_wait::must_not_wait() {
            let end = state.head.position.offset + size;
            if end > state.readers.limit() {
                self.count(state, |counts| counts.overtakes += 1);
                self.spare(state, end);
            }
            return Ok(());
        }
        let began = sync::now();
        let number = state.wait_queue.begin_to_wait(ticket, size);
        // The parts that are in already are for readers to take: it is they who make room.
        self.end_sleep(state);
        let outcome = loop {
            if state.closed {
                break Err(Closed);
            }
            let mut deadline = None;
            if state.wait_queue.first() == Some(number) {
                let now = sync::now();
                let first_since = *ticket.first_since.get_or_insert(now);
                let end = state.head.position.offset + size;
                let (demoted, next) = state.readers.demote_late(end, first_since, now);
                if demoted > 0 {
                    self.count(state, |counts| counts.demotions += demoted);
                    self.flushed.notify_all();
                }
                if end <= state.readers.limit() {
                    break Ok(());
                }
                if self.end_naps(state) {
                    continue;
                }
                deadline = next;
            }
            self.room_of(number).wait(state, deadline);
        };
        state.wait_queue.end_to_wait(ticket, size);
        let waited = sync::now().saturating_duration_since(began);
        self.count(state, |counts| {
            counts.waits += 1;
            counts.waited += waited;
            counts.longest = counts.longest.max(waited);
        });
        outcome
    }

    /// Finds, for the lossless readers that a record up to `end` goes over, the first record that it leaves
    /// intact: so they lose that much and no more. It is the same for all of them, so one walk finds it,
    /// from the reader that is nearest, or from an entry of the index if that is nearer.
    fn spare(&self, state: &mut State, end: u64) {
        let (head, capacity) = (state.head.position.offset, self.tape.capacity());
        let is_gone = |position: &Position| position.offset + capacity < end;
        let unread = state.readers.iter().filter_map(ReaderEntry::unread_from);
        let Some(mut position) = unread
            .filter(is_gone)
            .max_by_key(|position| position.offset)
        else {
            return;
        };
        let block_before = (end - capacity).saturating_sub(self.tape.block());
        let entry = self.tape.entry_from(block_before, head);
        if let Some(near) = entry.map(|entry| entry.position).filter(is_gone) {
            position = if near.offset > position.offset {
                near
            } else {
                position
            };
        }
        while is_gone(&position) {
            let Some((.., next)) = self.tape.step(position, head) else {
                break;
            };
            position = next;
        }
        for entry in state.readers.iter_mut() {
            if entry.unread_from().is_some_and(|unread| is_gone(&unread)) {
                entry.spared = Some(position);
            }
        }
    }

    /// Lets the next in line have its turn.
    fn end_turn(&self, state: &mut MutexGuard<'_, State>, ticket: &Ticket) {
        if state.wait_queue.end_turn(ticket) {
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
