//! The readers that a ring has, and how far their positions let writers go.
//!
//! Invariant: `limit` is the lowest position of the readers that hold writers back, plus the
//! capacity; with no such reader it is the greatest number. It is recomputed whenever a reader that
//! held it back moves on, leaves or is demoted. Everything here is under the ring's lock and
//! allocates nothing, except that [`Readers::reserve`] is handed memory.

use crate::tape::Spot;
use crate::{Missed, Policy};
use std::mem;
use std::task::Waker;
use std::time::{Duration, Instant};

/// No flush waits for this reader.
const NO_FLUSH: u64 = u64::MAX;

/// What the ring knows of one reader.
#[derive(Debug)]
pub(crate) struct Slot {
    /// How many readers joined before it.
    pub(crate) number: u64,
    pub(crate) policy: Policy,
    pub(crate) demoted: bool,
    /// What it has copied: room for writers again.
    pub(crate) spot: Spot,
    /// The first record that a write which could not wait has left to it, if it is lossless.
    pub(crate) spared: Option<Spot>,
    /// Up to where its sink has written and flushed.
    pub(crate) done: u64,
    /// The lowest position that a waiting flush asks for, else [`NO_FLUSH`].
    flush_at: u64,
    pub(crate) missed: Missed,
    /// The task that waits for more, if it is an asynchronous reader's.
    pub(crate) waker: Option<Waker>,
}

impl Slot {
    /// Whether its position holds writers back.
    pub(crate) fn is_lossless(&self) -> bool {
        !self.demoted && self.policy != Policy::Skip
    }

    /// Where a lossless reader goes on that was overtaken after `spot`.
    pub(crate) fn spared_after(&self, spot: Spot) -> Option<Spot> {
        let spared = self.spared.filter(|_| self.is_lossless());
        spared.filter(|spared| spared.position > spot.position)
    }

    /// Whether a waiting flush asks for `position` or less.
    pub(crate) fn wants_flush(&self, position: u64) -> bool {
        self.flush_at <= position
    }
}

/// Names a slot until its reader leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token(usize);

// In this order: see `State`.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Readers {
    /// Where a record may end at most.
    limit: u64,
    slots: Vec<Option<Slot>>,
    present: usize,
    joined: u64,
    capacity: u64,
}

// `State` counts on it.
const _: () = assert!(mem::offset_of!(Readers, limit) == 0);

impl Readers {
    pub(crate) fn new(capacity: u64) -> Self {
        Self {
            slots: Vec::new(),
            present: 0,
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
        self.present
    }

    /// How many there have ever been.
    pub(crate) fn joined(&self) -> u64 {
        self.joined
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.slots.iter_mut().flatten()
    }

    /// How much memory the next [`Self::join`] needs, if it has none left.
    pub(crate) fn wants_memory(&self) -> Option<usize> {
        let full = self.present == self.slots.len() && self.slots.len() == self.slots.capacity();
        full.then(|| (self.slots.len() * 2).max(4))
    }

    /// Takes `memory`, empty and as large as [`Self::wants_memory`] said, and gives the old back for
    /// the caller to drop when it has let go of the lock.
    pub(crate) fn reserve(&mut self, mut memory: Vec<Option<Slot>>) -> Vec<Option<Slot>> {
        if memory.capacity() > self.slots.capacity() {
            memory.append(&mut self.slots);
            mem::swap(&mut memory, &mut self.slots);
        }
        memory
    }

    pub(crate) fn join(&mut self, policy: Policy, spot: Spot) -> Token {
        let slot = Slot {
            number: self.joined,
            policy,
            demoted: false,
            spot,
            spared: None,
            done: spot.position,
            flush_at: NO_FLUSH,
            missed: Missed::default(),
            waker: None,
        };
        self.joined += 1;
        self.present += 1;
        if slot.is_lossless() {
            self.limit = self.limit.min(self.limit_of(spot.position));
        }
        let index = match self.slots.iter().position(Option::is_none) {
            Some(index) => {
                self.slots[index] = Some(slot);
                index
            }
            None => {
                debug_assert!(self.slots.len() < self.slots.capacity());
                self.slots.push(Some(slot));
                self.slots.len() - 1
            }
        };
        Token(index)
    }

    /// Takes a reader out, and gives its slot back for the caller to drop when it has let go of the
    /// lock: a waker's destructor is foreign code.
    pub(crate) fn leave(&mut self, token: Token) -> Option<Slot> {
        let slot = self.slots.get_mut(token.0)?.take()?;
        self.present -= 1;
        self.recompute_after(slot.is_lossless(), slot.spot.position);
        Some(slot)
    }

    pub(crate) fn get(&mut self, token: Token) -> Option<&mut Slot> {
        self.slots.get_mut(token.0)?.as_mut()
    }

    /// Publishes how far a reader has copied, and up to where its sink is done; tells whether a
    /// flush has waited for the latter.
    pub(crate) fn advance(&mut self, token: Token, spot: Spot, done: u64, missed: Missed) -> bool {
        let Some(slot) = self.get(token) else {
            return false;
        };
        let before = mem::replace(&mut slot.spot, spot).position;
        slot.missed = missed;
        let lossless = slot.is_lossless();
        let flushed = self.flushed(token, done);
        self.recompute_after(lossless, before);
        flushed
    }

    /// Publishes up to where a reader's sink has written and flushed, and tells whether a flush has
    /// waited for that.
    pub(crate) fn flushed(&mut self, token: Token, done: u64) -> bool {
        let Some(slot) = self.get(token) else {
            return false;
        };
        slot.done = done;
        if slot.wants_flush(done) {
            slot.flush_at = NO_FLUSH;
            return true;
        }
        false
    }

    /// Asks every lossless reader of the first `joined` ones to flush what lies before `position`,
    /// and tells whether there is any that has not yet.
    pub(crate) fn ask_to_flush(&mut self, position: u64, joined: u64) -> bool {
        let mut any = false;
        for slot in self.iter_mut() {
            if slot.number < joined && slot.is_lossless() && slot.done < position {
                slot.flush_at = slot.flush_at.min(position);
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
        for slot in self.iter_mut() {
            let holds_back = slot.is_lossless() && slot.spot.position + capacity < end;
            let Some(deadline) = slot
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
                slot.demoted = true;
                demoted += 1;
            } else {
                next = Some(next.map_or(deadline, |next| next.min(deadline)));
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
            .filter(|slot| slot.is_lossless())
            .map(|slot| slot.spot.position)
            .min();
        self.limit = lowest.map_or(u64::MAX, |lowest| self.limit_of(lowest));
    }

    /// Where a record may end at most, for the sake of a reader at `position`.
    fn limit_of(&self, position: u64) -> u64 {
        position.saturating_add(self.capacity)
    }
}

impl Policy {
    /// How long one write waits for a reader at most; `None` where that has no bound or none is
    /// needed.
    fn patience(self) -> Option<Duration> {
        match self {
            Policy::BlockFor(patience) => Some(patience),
            Policy::Block | Policy::Skip => None,
        }
    }
}
