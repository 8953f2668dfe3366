//! The readers that a ring has, and how far their positions let writers go.
//!
//! Invariant: `limit` is the lowest offset of the readers that hold writers back, plus the
//! capacity; with no such reader it is the greatest number. It is recomputed whenever a reader that
//! held it back moves on, leaves or is demoted. Everything here is under the ring's lock and
//! allocates nothing, except that [`Readers::reserve`] and [`Readers::shrink`] are handed memory. There is
//! one entry for each reader that there is: what has left is gone through by nobody.

use crate::record::missed::Missed;
use crate::ring::policy::Policy;
use crate::sys::no_wait::OwnAtEnd;
use crate::tape::position::Position;
use std::mem;
use std::task::Waker;
use std::time::{Duration, Instant};

/// So many entries are kept, whatever the number of readers.
const FEW: usize = 16;

/// No flush waits for this reader.
const NO_FLUSH: u64 = u64::MAX;

/// What the ring knows of one reader.
#[derive(Debug)]
pub(crate) struct ReaderEntry {
    /// How many readers joined before it.
    pub(crate) number: u64,
    pub(crate) policy: Policy,
    pub(crate) demoted: bool,
    /// Its sink fails, and is tried again: nobody waits for it meanwhile.
    pub(crate) fails: bool,
    /// It feeds a sink: who ends the process waits for it whatever its policy.
    pub(crate) feeds: bool,
    /// What it has copied: room for writers again.
    pub(crate) position: Position,
    /// The first record that a write which could not wait has left to it, if it is lossless.
    pub(crate) spared: Option<Position>,
    /// Up to where its sink has written and flushed.
    pub(crate) done: u64,
    /// The lowest offset that a waiting flush asks for, else [`NO_FLUSH`].
    flush_at: u64,
    /// Since when a flush has seen it get no further; `None` if it has, or none has looked.
    still_since: Option<Instant>,
    pub(crate) missed: Missed,
    /// The task that waits for more, if it is an asynchronous reader's.
    pub(crate) waker: Option<Waker>,
}

impl ReaderEntry {
    /// Whether its offset holds writers back.
    pub(crate) fn is_lossless(&self) -> bool {
        !self.fails && self.is_lossless_but_for_its_sink()
    }

    /// Whether it does, or would if its sink did not fail.
    pub(crate) fn is_lossless_but_for_its_sink(&self) -> bool {
        !self.demoted && self.policy != Policy::Skip
    }

    /// Where a lossless reader goes on that was overtaken after `position`.
    pub(crate) fn spared_after(&self, position: Position) -> Option<Position> {
        let spared = self.spared.filter(|_| self.is_lossless());
        spared.filter(|spared| spared.offset > position.offset)
    }

    /// The record from which on a lossless reader has what it has not copied yet.
    pub(crate) fn unread_from(&self) -> Option<Position> {
        let unread = self.spared_after(self.position).unwrap_or(self.position);
        self.is_lossless().then_some(unread)
    }

    /// Whether a waiting flush asks for `offset` or less.
    pub(crate) fn wants_flush(&self, offset: u64) -> bool {
        self.flush_at <= offset
    }
}

/// Names an entry until its reader leaves, by the reader's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReaderKey(u64);

impl ReaderKey {
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

// In this order: see `State`.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Readers {
    /// Where a record may end at most.
    limit: u64,
    /// In the order of their numbers.
    entries: Vec<ReaderEntry>,
    joined: u64,
    capacity: u64,
}

// `State` counts on it.
const _: () = assert!(mem::offset_of!(Readers, limit) == 0);

impl Readers {
    pub(crate) fn new(capacity: u64) -> Self {
        Self {
            entries: Vec::new(),
            joined: 0,
            capacity,
            limit: u64::MAX,
        }
    }

    #[inline]
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many there have ever been.
    pub(crate) fn joined(&self) -> u64 {
        self.joined
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &ReaderEntry> {
        self.entries.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut ReaderEntry> {
        self.entries.iter_mut()
    }

    /// How much memory the next [`Self::join`] needs, if it has none left.
    pub(crate) fn wants_memory(&self) -> Option<usize> {
        let full = self.entries.len() == self.entries.capacity();
        full.then(|| (self.entries.len() * 2).max(4))
    }

    /// How much memory is enough, if it has far more than that.
    pub(crate) fn wants_less(&self) -> Option<usize> {
        let has_far_more = self.entries.capacity() > (4 * self.entries.len()).max(FEW);
        has_far_more.then(|| (self.entries.len() * 2).max(FEW))
    }

    /// Takes `memory`, empty and as large as [`Self::wants_memory`] said, and gives the old back for
    /// the caller to drop when it has let go of the lock.
    pub(crate) fn reserve(&mut self, memory: Vec<ReaderEntry>) -> Vec<ReaderEntry> {
        if memory.capacity() > self.entries.capacity() {
            self.move_to(memory)
        } else {
            memory
        }
    }

    /// Takes `memory`, empty and as large as [`Self::wants_less`] said, if that is still enough, and gives
    /// the old back as [`Self::reserve`] does.
    pub(crate) fn shrink(&mut self, memory: Vec<ReaderEntry>) -> Vec<ReaderEntry> {
        let room = self.entries.len()..self.entries.capacity();
        if room.contains(&memory.capacity()) {
            self.move_to(memory)
        } else {
            memory
        }
    }

    fn move_to(&mut self, mut memory: Vec<ReaderEntry>) -> Vec<ReaderEntry> {
        memory.append(&mut self.entries);
        mem::replace(&mut self.entries, memory)
    }

    pub(crate) fn join(&mut self, policy: Policy, position: Position) -> ReaderKey {
        debug_assert!(self.entries.len() < self.entries.capacity());
        let key = ReaderKey(self.joined);
        let entry = ReaderEntry {
            number: self.joined,
            policy,
            demoted: false,
            fails: false,
            feeds: false,
            position,
            spared: None,
            done: position.offset,
            flush_at: NO_FLUSH,
            still_since: None,
            missed: Missed::default(),
            waker: None,
        };
        self.joined += 1;
        if entry.is_lossless() {
            self.limit = self.limit.min(self.limit_of(position.offset));
        }
        self.entries.push(entry);
        key
    }

    /// Takes a reader out, and gives its entry back for the caller to drop when it has let go of the
    /// lock: a waker's destructor is foreign code.
    pub(crate) fn leave(&mut self, key: ReaderKey) -> Option<ReaderEntry> {
        let entry = self.entries.remove(self.find(key)?);
        self.recompute_after(entry.is_lossless(), entry.position.offset);
        Some(entry)
    }

    pub(crate) fn get(&mut self, key: ReaderKey) -> Option<&mut ReaderEntry> {
        let index = self.find(key)?;
        self.entries.get_mut(index)
    }

    fn find(&self, key: ReaderKey) -> Option<usize> {
        self.entries
            .binary_search_by_key(&key.0, |entry| entry.number)
            .ok()
    }

    /// Publishes how far a reader has copied, and up to where its sink is done; tells whether a
    /// flush has waited for the latter.
    pub(crate) fn advance(
        &mut self,
        key: ReaderKey,
        position: Position,
        done: u64,
        missed: Missed,
    ) -> bool {
        let Some(entry) = self.get(key) else {
            return false;
        };
        let before = mem::replace(&mut entry.position, position).offset;
        entry.missed = missed;
        if before != position.offset || entry.done != done {
            entry.still_since = None;
        }
        let lossless = entry.is_lossless();
        let flushed = self.flushed(key, done);
        self.recompute_after(lossless, before);
        flushed
    }

    /// Publishes up to where a reader's sink has written and flushed, and tells whether a flush has
    /// waited for that.
    pub(crate) fn flushed(&mut self, key: ReaderKey, done: u64) -> bool {
        let Some(entry) = self.get(key) else {
            return false;
        };
        entry.done = done;
        if entry.wants_flush(done) {
            entry.flush_at = NO_FLUSH;
            return true;
        }
        false
    }

    /// Says whether a reader's sink fails. One that does not any more is waited for again, and where it was
    /// overtaken meanwhile, writers stop for it at once: it lands on the first record that is left.
    pub(crate) fn set_fails(&mut self, key: ReaderKey, fails: bool) {
        if let Some(entry) = self.get(key) {
            entry.fails = fails;
            entry.spared = None;
            entry.still_since = None;
            self.recompute();
        }
    }

    /// Asks every lossless reader that concerns `flush` for that. Who has got no further for as long as
    /// anybody waits for it is demoted, if the flush goes on.
    pub(crate) fn ask_to_flush(&mut self, flush: &Flush, now: Instant, goes_on: bool) -> Asked {
        let mut asked = Asked::default();
        for entry in self.iter_mut() {
            let is_lossless = entry.is_lossless_but_for_its_sink();
            if entry.number >= flush.joined || !is_lossless || entry.done >= flush.offset {
                continue;
            }
            if entry.fails {
                asked.fails = true;
                continue;
            }
            // By a flush that gave up sooner, it may have been seen long before this one.
            let since = (*entry.still_since.get_or_insert(now)).max(flush.began);
            let patience = entry.policy.patience();
            let deadline = patience.and_then(|patience| since.checked_add(patience));
            if goes_on && deadline.is_some_and(|deadline| deadline <= now) {
                entry.demoted = true;
                asked.demoted += 1;
                continue;
            }
            entry.flush_at = entry.flush_at.min(flush.offset);
            asked.any = true;
            asked.until = earlier(asked.until, deadline);
        }
        if asked.demoted > 0 {
            self.recompute();
        }
        asked
    }

    /// Asks the same of those that feed a sink, too, but none of those that this thread is in the sink of, and
    /// tells whether there is one that has not yet. Nobody is given up on: it is for who ends the process.
    pub(crate) fn ask_to_flush_at_end(&mut self, flush: &Flush, own: &OwnAtEnd) -> bool {
        let mut any = false;
        for entry in self.iter_mut() {
            let is_concerned =
                entry.number < flush.joined && (entry.is_lossless() || entry.feeds && !entry.fails);
            if is_concerned && entry.done < flush.offset && !own.has_reader(entry.number) {
                entry.flush_at = entry.flush_at.min(flush.offset);
                any = true;
            }
        }
        any
    }

    /// Demotes the readers that keep a record from ending at `end` and whose time is over, counted
    /// from `since`. Tells how many, and when the next one's is over.
    pub(crate) fn demote_late(
        &mut self,
        end: u64,
        since: Instant,
        now: Instant,
    ) -> (u64, Option<Instant>) {
        let (mut demoted, mut next): (u64, Option<Instant>) = (0, None);
        let capacity = self.capacity;
        for entry in self.iter_mut() {
            let holds_back = entry.is_lossless() && entry.position.offset + capacity < end;
            let Some(deadline) = entry
                .policy
                .patience()
                .and_then(|patience| since.checked_add(patience))
            else {
                continue;
            };
            if !holds_back {
                continue;
            }
            if deadline <= now {
                entry.demoted = true;
                demoted += 1;
            } else {
                next = earlier(next, Some(deadline));
            }
        }
        if demoted > 0 {
            self.recompute();
        }
        (demoted, next)
    }

    fn recompute_after(&mut self, lossless: bool, before: u64) {
        if lossless && self.limit_of(before) <= self.limit {
            self.recompute();
        }
    }

    fn recompute(&mut self) {
        let lowest = self
            .iter()
            .filter(|entry| entry.is_lossless())
            .map(|entry| entry.position.offset)
            .min();
        self.limit = lowest.map_or(u64::MAX, |lowest| self.limit_of(lowest));
    }

    /// Where a record may end at most, for the sake of a reader at `offset`.
    fn limit_of(&self, offset: u64) -> u64 {
        offset.saturating_add(self.capacity)
    }
}

/// What a flush waits for.
#[derive(Debug)]
pub(crate) struct Flush {
    /// What lies before it is to be flushed,
    pub(crate) offset: u64,
    /// by so many readers, those that joined first.
    pub(crate) joined: u64,
    pub(crate) began: Instant,
}

/// What has become of asking readers to flush.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// There is one that has not yet.
    pub(crate) any: bool,
    /// The sink of one fails, which is not waited for.
    pub(crate) fails: bool,
    /// How many have got no further for too long.
    pub(crate) demoted: u64,
    /// When that is so of the next.
    pub(crate) until: Option<Instant>,
}

/// The earlier of two deadlines; `None` never comes.
pub(crate) fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

impl Policy {
    /// How long one write or flush waits for a reader at most; `None` where that has no bound or none is
    /// needed.
    fn patience(self) -> Option<Duration> {
        match self {
            Policy::BlockFor(patience) => Some(patience),
            Policy::Block | Policy::Skip => None,
        }
    }
}

#[cfg(test)]
mod tests;
