//! The rings that a handler tells of a crash, in a list that is read without a lock.
//!
//! Invariant: as long as a handler is counted in ([`Inside`]), the memory of each ring that it finds is there. So whoever
//! gives a ring up marks it first, and then waits until nobody is in there. Both sides store first and look at the other's
//! word then, in one order (SeqCst): the handler sees the mark, or it is seen.
//!
//! Entries are never freed, as a handler may be anywhere in the list; those that were given up are used again, so there
//! are as many as there were rings at one time.

use crate::crash::system::{self, Live};
use crate::memory::block::Words;
use crate::sys::fork::Generation;
use std::iter;
use std::ptr::{self, NonNull};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64};
use std::thread;
use std::time::Duration;

/// How long it waits between two looks whether a handler has gone. They take microseconds.
const LOOK: Duration = Duration::from_micros(100);

/// States of an entry: nobody's; being filled in, or given up; a ring's.
const FREE: u32 = 0;
const CLAIMED: u32 = 1;
const WATCHED: u32 = 2;

/// One ring.
#[derive(Debug)]
pub(super) struct Entry {
    state: AtomicU32,
    /// The process that has made the ring, in both ways in which a child may be told from it: one of `vfork` has our
    /// memory, and another number; one of `fork` begins another generation.
    pid: AtomicU32,
    generation: AtomicU32,
    /// The words of LIVE.
    live: AtomicPtr<AtomicU64>,
    pub(super) noted: Noted,
    next: AtomicPtr<Entry>,
}

/// Whose note there is.
#[derive(Debug)]
pub(super) struct Noted {
    /// A thread writes one.
    pub(super) is_taken: AtomicBool,
    pub(super) thread: AtomicU32,
    /// Where the handler was that wrote it.
    pub(super) frame: AtomicU64,
}

static FIRST: AtomicPtr<Entry> = AtomicPtr::new(ptr::null_mut());

/// How many handlers look at entries, with the generation of their process in the upper half: what it was in the parent
/// at the fork is nothing to a child.
static INSIDE: AtomicU64 = AtomicU64::new(0);

/// A ring is told of crashes as long as this is there.
#[must_use = "dropping it gives the ring up"]
pub(crate) struct Watched {
    entry: &'static Entry,
    generation: Generation,
    /// Keeps the memory.
    _live: Words,
}

/// Has a ring told of crashes, whose words of LIVE these are.
pub(crate) fn watch(live: Words) -> Watched {
    let generation = Generation::current();
    let entry = free_entry();
    entry.pid.store(system::own_pid(), Relaxed);
    entry.generation.store(generation.number(), Relaxed);
    entry.live.store(live.as_ptr().cast_mut().cast(), Relaxed);
    entry.noted.is_taken.store(false, Relaxed);
    entry.noted.thread.store(0, Relaxed);
    entry.state.store(WATCHED, SeqCst);
    Watched {
        entry,
        generation,
        _live: live,
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Of the parent: it stays there, and nobody looks at it here.
        if self.generation.is_past() {
            return;
        }
        self.entry.state.store(CLAIMED, SeqCst);
        while inside(INSIDE.load(SeqCst), self.generation.number()) > 0 {
            thread::sleep(LOOK);
        }
        self.entry.state.store(FREE, Release);
    }
}

/// An entry that is only the caller's.
fn free_entry() -> &'static Entry {
    let claim = |entry: &&Entry| {
        let claimed = entry.state.compare_exchange(FREE, CLAIMED, AcqRel, Relaxed);
        claimed.is_ok()
    };
    if let Some(entry) = entries().find(claim) {
        return entry;
    }
    let entry: &Entry = Box::leak(Box::new(Entry {
        state: AtomicU32::new(CLAIMED),
        pid: AtomicU32::new(0),
        generation: AtomicU32::new(0),
        live: AtomicPtr::new(ptr::null_mut()),
        noted: Noted {
            is_taken: AtomicBool::new(false),
            thread: AtomicU32::new(0),
            frame: AtomicU64::new(0),
        },
        next: AtomicPtr::new(ptr::null_mut()),
    }));
    let mut first = FIRST.load(Acquire);
    loop {
        entry.next.store(first, Relaxed);
        let new = ptr::from_ref(entry).cast_mut();
        match FIRST.compare_exchange_weak(first, new, AcqRel, Acquire) {
            Ok(_) => return entry,
            Err(now) => first = now,
        }
    }
}

fn entries() -> impl Iterator<Item = &'static Entry> {
    iter::successors(get(&FIRST), |entry| get(&entry.next))
}

#[expect(unsafe_code, reason = "an entry is shared by its address")]
fn get(place: &AtomicPtr<Entry>) -> Option<&'static Entry> {
    // SAFETY: it is null, or was leaked by `free_entry` and published complete.
    unsafe { place.load(Acquire).as_ref() }
}

/// How many handlers the word says are in there, of a process of this generation.
fn inside(word: u64, generation: u32) -> u64 {
    if word >> 32 == u64::from(generation) {
        word & u64::from(u32::MAX)
    } else {
        0
    }
}

/// A handler looks at entries as long as it has this.
#[derive(Debug)]
pub(super) struct Inside {
    generation: u32,
    pid: u32,
}

impl Inside {
    pub(super) fn enter() -> Self {
        // That there is one already was seen to when the first ring was made.
        let generation = Generation::current().number();
        let count = |word| {
            let others = inside(word, generation);
            Some(u64::from(generation) << 32 | (others + 1))
        };
        // It never fails.
        let _ = INSIDE.fetch_update(SeqCst, SeqCst, count);
        Self {
            generation,
            pid: system::own_pid(),
        }
    }

    /// The rings of this process, with their words of LIVE.
    pub(super) fn rings(&self) -> impl Iterator<Item = (&Entry, &Live)> {
        entries().filter_map(|entry| self.ring(entry))
    }

    #[expect(unsafe_code, reason = "an entry has addresses")]
    fn ring(&self, entry: &'static Entry) -> Option<(&Entry, &Live)> {
        let is_ours = entry.state.load(SeqCst) == WATCHED
            && entry.generation.load(Relaxed) == self.generation
            && entry.pid.load(Relaxed) == self.pid;
        let words = NonNull::new(entry.live.load(Relaxed)).filter(|_| is_ours)?;
        // SAFETY: the words of LIVE, of a ring that was not given up when we were counted. Who gives it up waits for us.
        Some((entry, unsafe { system::live(words) }))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, SeqCst);
    }
}
