//! The one read path, under every kind of reader.
//!
//! A pass copies what comes next into the reader's own buffer without the lock, asks whether it was
//! overtaken meanwhile, and takes the lock once: to publish what it has copied, which is room for
//! writers again, and what its sink is done with, which is what a flush waits for, and to find out
//! whether to sleep. A reader that hands records on holds nothing that a writer could need.
//!
//! Invariant: delivered + filtered out + missed = written since it joined.

mod lapped;

use crate::error::OutOfMemory;
use crate::format::header::Header;
use crate::read::join;
use crate::record::cursor::Cursor;
use crate::record::missed::{Loss, Missed};
use crate::ring::policy::{Policy, Start};
use crate::ring::readers::{ReaderEntry, ReaderKey};
use crate::ring::shared::{Shared, State};
use crate::select::Select;
use crate::sys::no_wait;
use crate::sys::sync::{self, MutexGuard};
use crate::tape::buffer::Buffer;
use crate::tape::position::Position;
use crate::tape::{Copied, Most};
use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

/// After so many records that were filtered out, a reader tells how far it is, and a task lets others have
/// their turn.
const LOOK: u64 = 4096;
/// What a batch may be at most.
const BATCH: Most = Most {
    records: LOOK,
    bytes: usize::MAX,
};
/// How long a drained reader looks away before it asks writers to wake it, which costs them
/// hundreds of writes' time.
pub(crate) const NAP: Duration = Duration::from_millis(1);

/// A reader's place in its ring, and its buffer.
pub(crate) struct ReaderCore {
    shared: Arc<Shared>,
    /// `None` once the reader has ended.
    token: Option<ReaderKey>,
    /// Where the next record is copied from.
    position: Position,
    buffer: Buffer,
    select: Select,
    /// Missed and not told yet, and missed in all.
    untold: Missed,
    missed: Missed,
    /// There was no memory for a record of so many bytes, which is among the untold.
    no_memory: Option<usize>,
    restarted: bool,
    /// When the last copy began, there was more than went into it.
    has_more: bool,
    /// Batches discarded in a row.
    discarded: u32,
    /// What was handed out is not done with yet; up to `done` it is.
    held: bool,
    done: u64,
    /// It was done with but for a flush, which the sink has put off.
    deferred: bool,
    must_flush: bool,
    /// Whether the ring was, when this was last in it.
    closed: bool,
    /// If it leaves now, its sink has failed.
    fails: bool,
}

/// What to do when the reader has had everything.
pub(crate) enum Idle<'a> {
    Return,
    Sleep {
        until: Option<Instant>,
    },
    /// Leave this waker in exchange for the one that was left before. If that wakes the same task, nothing is
    /// exchanged.
    Wake(&'a mut Option<Waker>),
}

impl Idle<'_> {
    /// Whether it is time to return, though there may be more.
    fn is_over(&self) -> bool {
        match self {
            Idle::Return | Idle::Wake(_) => true,
            Idle::Sleep { until } => sync::is_over(*until),
        }
    }

    /// Whether it is time to let others have their turn, after so many records that were filtered out.
    fn is_tired(&self, filtered: u64) -> bool {
        matches!(self, Idle::Wake(_)) && filtered >= LOOK
    }

    /// There is more: a task shall ask again, when others have had their turn.
    fn come_back(self) {
        if let Idle::Wake(Some(waker)) = self {
            no_wait::wake(waker);
        }
    }
}

/// Compares where they point to, and runs no code of theirs.
fn is_same_task(left: Option<&Waker>, new: Option<&Waker>) -> bool {
    left.zip(new).is_some_and(|(left, new)| left.will_wake(new))
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
        let (token, begin) = join::join(&shared, start, policy, &select)?;
        let missed = begin.lost_from.map_or(Missed::default(), |(seq, bytes)| {
            begin.position.missed_since(seq, bytes)
        });
        Ok(Self {
            shared,
            token,
            position: begin.position,
            buffer,
            select,
            untold: missed,
            missed,
            no_memory: None,
            restarted: begin.restarted,
            has_more: false,
            discarded: 0,
            held: false,
            done: begin.position.offset,
            deferred: false,
            must_flush: false,
            closed: false,
            fails: false,
        })
    }

    /// Copies the next batch into the buffer.
    ///
    /// What was handed out before must be [released](Self::release) for the reader to sleep: as
    /// long as it is not, a reader that has had everything gets `Drained` at once.
    pub(crate) fn next(&mut self, mut idle: Idle<'_>) -> Outcome {
        self.buffer.shrink();
        let shared = Arc::clone(&self.shared);
        let mut has_napped = false;
        // Where the head was at first: who filters everything out need not go on behind it for ever.
        let mut enough = None;
        let mut filtered = 0;
        loop {
            let before = self.position;
            self.buffer.clear();
            // What was filtered out needs nobody to be done with it; a loss is to be told first.
            if !self.held && !self.deferred && self.untold.is_empty() {
                self.release();
            }
            let committed = shared.tape.committed();
            let copied = shared
                .tape
                .copy(before, committed, &self.select, BATCH, &mut self.buffer);
            filtered += copied.filtered;
            let torn = shared.tape.is_overtaken(before.offset, committed);
            self.has_more = torn || copied.position.offset < committed;

            let (Some(mut state), Some(token)) = (shared.lock(), self.token) else {
                self.buffer.clear();
                return Outcome::Ended;
            };
            let too_large = if torn {
                self.catch_up(&mut state, token)
            } else {
                self.take(copied, before, &state)
            };
            self.publish(&mut state, token);

            if !self.buffer.is_empty() {
                self.held = true;
                return Outcome::Batch;
            }
            if let Some(header) = too_large {
                drop(state);
                if !self.buffer.try_grow_for(header) {
                    self.go_without(header);
                }
                continue;
            }
            // What is overtaken behind a batch is told before it counts as flushed.
            let is_told = self.untold.is_empty();
            if (self.held || self.deferred) && is_told && self.must_flush {
                return Outcome::Drained;
            }
            let head = state.head.position.offset;
            if self.position.offset < head {
                // Filtered out, discarded, or written just now.
                has_napped = false;
                let has_enough = self.position.offset >= *enough.get_or_insert(head);
                if !(has_enough && idle.is_over() || idle.is_tired(filtered)) {
                    continue;
                }
                if self.untold.is_empty() {
                    drop(state);
                    idle.come_back();
                    return Outcome::Drained;
                }
            }
            if !self.untold.is_empty() {
                self.held = true;
                return Outcome::Batch;
            }
            if self.held || self.deferred && self.closed {
                return Outcome::Drained;
            }
            if !self.deferred {
                self.release();
                self.publish(&mut state, token);
            }
            if state.closed {
                return Outcome::Ended;
            }
            match &mut idle {
                Idle::Return => return Outcome::Drained,
                Idle::Wake(waker) => {
                    if let Some(slot) = state.readers.get(token) {
                        if !is_same_task(slot.waker.as_ref(), waker.as_ref()) {
                            mem::swap(&mut slot.waker, waker);
                        }
                    }
                    if mem::take(&mut state.waker_thread.is_idle) {
                        shared.tasks.notify_all();
                    }
                    return Outcome::Drained;
                }
                Idle::Sleep { until } => {
                    if sync::is_over(*until) {
                        return Outcome::Drained;
                    }
                    has_napped &= self.position == before;
                    shared.sleep(&mut state, &mut has_napped, *until);
                }
            }
        }
    }

    /// Takes a copy for good: it was whole.
    fn take(&mut self, copied: Copied, before: Position, state: &State) -> Option<Header> {
        self.discarded = 0;
        self.position = copied.position;
        let stuck = copied.position == before && copied.too_large.is_none();
        if stuck && before.offset < state.head.position.offset {
            // Written since the copy began, as a rule, and maybe overwritten, which the next copy finds
            // out. If neither, the memory was written to by somebody else: go on behind what cannot be
            // read.
            let tape = &self.shared.tape;
            let committed = tape.committed();
            if tape.step(before, committed).is_none()
                && !tape.is_overtaken(before.offset, committed)
            {
                self.move_on(state, before.offset + 1);
            }
        }
        copied.too_large
    }

    /// Tells the ring where this reader is, and whom that concerns.
    fn publish(&mut self, state: &mut MutexGuard<'_, State>, token: ReaderKey) {
        let shared = &self.shared;
        let limit = state.readers.limit();
        if state
            .readers
            .advance(token, self.position, self.done, self.missed)
        {
            shared.flushed.notify_all();
        }
        if state.readers.limit() != limit {
            shared.wake_first_in_line(state);
        }
        self.closed = state.closed;
        if let Some(slot) = state.readers.get(token) {
            self.must_flush = slot.wants_flush(self.position.offset);
        }
    }

    /// Says that what was handed out is done with; told to those who wait for it by the next pass.
    pub(crate) fn release(&mut self) {
        self.held = false;
        self.deferred = false;
        self.done = self.position.offset;
    }

    /// The same, and forgets it.
    pub(crate) fn release_all(&mut self) {
        self.release();
        self.buffer.clear();
    }

    /// Says that what was handed out is done with, but that its flush was put off.
    pub(crate) fn defer(&mut self) {
        self.held = false;
        self.deferred = true;
    }

    /// Whether a waiting flush asks for what has been handed out by now.
    pub(crate) fn must_flush(&self) -> bool {
        self.must_flush
    }

    /// Whether the ring is closed: a reader that has had everything will get nothing more.
    pub(crate) fn closed(&self) -> bool {
        self.closed
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
        Loss {
            missed: mem::take(&mut self.untold),
            no_memory: self.no_memory.take(),
        }
    }

    /// Whether there was more in the ring than went into the last batch.
    pub(crate) fn has_more(&self) -> bool {
        self.has_more
    }

    pub(crate) fn missed(&self) -> Missed {
        self.missed
    }

    pub(crate) fn restarted(&self) -> bool {
        self.restarted
    }

    /// Behind the last record that is in the buffer, or was.
    pub(crate) fn cursor(&self) -> Cursor {
        Cursor {
            ring: self.shared.id,
            seq: self.position.seq,
            bytes: Some(self.position.bytes),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What the ring knows of this reader, until it has left.
    pub(crate) fn slot<'a>(&self, state: &'a mut State) -> Option<&'a mut ReaderEntry> {
        state.readers.get(self.token?)
    }

    /// Its name among the readers, until it has left.
    pub(crate) fn token(&self) -> Option<ReaderKey> {
        self.token
    }

    /// How many readers joined before it, until it has left.
    pub(crate) fn number(&self) -> Option<u64> {
        self.token.map(ReaderKey::number)
    }

    /// Leaves the readers of the ring; the buffer stays.
    pub(crate) fn leave(&mut self) {
        let Some(token) = self.token.take() else {
            return;
        };
        let Some(mut state) = self.shared.lock() else {
            return;
        };
        let slot = state.readers.leave(token);
        state.counts.missed_by_left += self.missed;
        if self.fails {
            state.counts.failed_sinks += 1;
            let is_lost = slot
                .as_ref()
                .is_some_and(ReaderEntry::is_lossless_but_for_its_sink);
            state.lost_sinks += usize::from(is_lost);
        }
        self.shared.after_leave(state, slot);
    }
}

impl Drop for ReaderCore {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Shared {
    /// Waits for a record: for a moment first, and if that brought none, until a write notifies.
    pub(crate) fn sleep(
        &self,
        state: &mut MutexGuard<'_, State>,
        has_napped: &mut bool,
        until: Option<Instant>,
    ) {
        if mem::replace(has_napped, true) {
            state.asleep = true;
            self.not_empty.wait(state, until);
        } else {
            let length = until.map_or(NAP, |until| {
                until.saturating_duration_since(sync::now()).min(NAP)
            });
            state.napping = true;
            self.nap.wait_for(state, length);
        }
    }
}
