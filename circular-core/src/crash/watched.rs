//! The rings that a handler tells of a crash, in a list that is read without a lock.
//!
//! Invariant: as long as a handler is counted in an entry ([`Ring`]), that ring's memory is there. So whoever gives a ring up
//! marks its entry first, and then waits until nobody is in there. Both sides store first and look at the other's word then,
//! in one order (SeqCst): the handler sees the mark, or it is seen. Handlers that come later do not enter, so there is an end to
//! the waiting, however many there are.
//!
//! Entries are never freed, as a handler may be anywhere in the list; those that were given up are used again, so there
//! are as many as there were rings at one time.

use crate::crash::author::Author;
use crate::crash::system::file::{self as file_calls, FileId, NewMemory};
use crate::crash::system::{self, Live};
use crate::crash::text::Text;
use crate::format::layout::Layout;
use crate::format::word::WORD;
use crate::memory::block::Words;
use crate::sys::fork::Generation;
use crate::tape::Tape;
use crate::tape::lost::Lost;
use std::fs::File;
use std::io;
use std::iter;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize};
use std::thread;
use std::time::Duration;

/// How long it waits between two looks whether a handler has gone. They take microseconds.
const LOOK: Duration = Duration::from_micros(100);

/// States of an entry: nobody's; being filled in, or given up; a ring's.
const FREE: u32 = 0;
const CLAIMED: u32 = 1;
const WATCHED: u32 = 2;

/// One ring.
#[derive(Debug, Default)]
pub(super) struct Entry {
    state: AtomicU32,
    /// The process that has made the ring, in both ways in which a child may be told from it: one of `vfork` has our
    /// memory, and another number; one of `fork` begins another generation.
    pid: AtomicU32,
    generation: AtomicU32,
    /// All of the ring's memory, and how much it is, to whole pages of the machine.
    begin: AtomicPtr<u8>,
    len: AtomicUsize,
    /// Where in it LIVE and DATA are.
    pub(super) live_at: AtomicUsize,
    data_at: AtomicUsize,
    /// Its file, and which that is.
    pub(super) fd: AtomicI32,
    device: AtomicU64,
    inode: AtomicU64,
    /// What is told of lost memory.
    lost: AtomicPtr<Lost>,
    /// Of a ring on the heap: what its text is written to.
    text: AtomicPtr<Text>,
    /// It is memory of the process's own by now.
    pub(super) is_private: AtomicBool,
    /// A handler sees to that, or to the note.
    is_taken: AtomicBool,
    /// How many handlers look at it, with the generation of their process in the upper half: what it was in the parent at
    /// the fork is nothing to a child.
    inside: AtomicU64,
    pub(super) noted: Noted,
    next: AtomicPtr<Entry>,
}

/// Whose note there is.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// The program dies of it.
    pub(super) is_final: AtomicBool,
    pub(super) thread: AtomicU32,
    /// Where the handler was that wrote it.
    pub(super) frame: AtomicU64,
}

static FIRST: AtomicPtr<Entry> = AtomicPtr::new(ptr::null_mut());

/// A ring is told of crashes as long as this is there.
#[must_use = "dropping it gives the ring up"]
pub(crate) struct Watched {
    entry: &'static Entry,
    generation: Generation,
    /// What the entry has the addresses of.
    owned: Owned,
}

/// Kept for an entry.
enum Owned {
    InFile { _memory: Words, _lost: Arc<Lost> },
    OnHeap { text: Box<Text> },
}

/// Has a ring told of crashes, which lies in `memory` like that, and that in a file.
pub(crate) fn watch(
    memory: Words,
    layout: &Layout,
    file: &File,
    lost: &Arc<Lost>,
) -> io::Result<Watched> {
    let metadata = file.metadata()?;
    let entry = free_entry();
    let len = (memory.len() * WORD).next_multiple_of(file_calls::page_size());
    let begin = memory.as_ptr().cast_mut().cast();
    entry.begin.store(begin, Relaxed);
    entry.len.store(len, Relaxed);
    entry.live_at.store(layout.live, Relaxed);
    entry.data_at.store(layout.data, Relaxed);
    entry.fd.store(file.as_raw_fd(), Relaxed);
    entry.device.store(metadata.dev(), Relaxed);
    entry.inode.store(metadata.ino(), Relaxed);
    entry.lost.store(Arc::as_ptr(lost).cast_mut(), Relaxed);
    entry.text.store(ptr::null_mut(), Relaxed);
    entry.is_private.store(false, Relaxed);
    Ok(Watched::begin(
        entry,
        Owned::InFile {
            _memory: memory,
            _lost: Arc::clone(lost),
        },
    ))
}

/// Has the text of a ring on the heap written when there is a crash. The ring stays where it is, and gives this up first.
pub(crate) fn watch_on_heap(text: Text, tape: &Tape) -> Watched {
    let text = Box::new(text);
    text.set_tape(tape);
    let entry = free_entry();
    entry.begin.store(ptr::null_mut(), Relaxed);
    entry.len.store(0, Relaxed);
    entry.live_at.store(0, Relaxed);
    entry.lost.store(ptr::null_mut(), Relaxed);
    let place = ptr::from_ref::<Text>(&text).cast_mut();
    entry.text.store(place, Relaxed);
    Watched::begin(entry, Owned::OnHeap { text })
}

impl Watched {
    /// Lets handlers see the entry, which is filled in.
    fn begin(entry: &'static Entry, owned: Owned) -> Self {
        let generation = Generation::current();
        entry.pid.store(system::own_pid(), Relaxed);
        entry.generation.store(generation.number(), Relaxed);
        entry.noted.is_final.store(false, Relaxed);
        entry.noted.thread.store(0, Relaxed);
        entry.state.store(WATCHED, SeqCst);
        Self {
            entry,
            generation,
            owned,
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Of the parent: it stays there, and nobody looks at it here.
        if self.generation.is_past() {
            return;
        }
        self.entry.state.store(CLAIMED, SeqCst);
        while inside(self.entry.inside.load(SeqCst), self.generation.number()) > 0 {
            thread::sleep(LOOK);
        }
        if let Owned::OnHeap { text } = &self.owned {
            let local = 0;
            text.give_up(Author::here(&local));
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
    let entry: &Entry = Box::leak(Box::default());
    entry.state.store(CLAIMED, Relaxed);
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

/// The rings of this process. For handlers.
pub(super) fn rings() -> impl Iterator<Item = Ring> {
    // That there is one already was seen to when the first ring was made.
    let generation = Generation::current().number();
    let pid = system::own_pid();
    entries().filter_map(move |entry| Ring::enter(entry, generation, pid))
}

/// A ring that is not given up as long as this is there.
#[derive(Debug)]
pub(super) struct Ring {
    pub(super) entry: &'static Entry,
}

impl Ring {
    /// `None` if it is not a ring of that process.
    fn enter(entry: &'static Entry, generation: u32, pid: u32) -> Option<Self> {
        let is_ours = || {
            entry.state.load(SeqCst) == WATCHED
                && entry.generation.load(Relaxed) == generation
                && entry.pid.load(Relaxed) == pid
        };
        // Who gives it up is not to wait for those who come later.
        if !is_ours() {
            return None;
        }
        let count = |word| {
            let others = inside(word, generation);
            Some(u64::from(generation) << 32 | (others + 1))
        };
        // It never fails.
        let _ = entry.inside.fetch_update(SeqCst, SeqCst, count);
        let ring = Self { entry };
        is_ours().then_some(ring)
    }

    /// Waits until no other handler sees to the ring's memory or its note. They have nothing to wait for.
    pub(super) fn take(&self) -> Taken<'_> {
        while self.entry.is_taken.swap(true, Acquire) {
            thread::yield_now();
        }
        Taken(&self.entry.is_taken)
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.entry.inside.fetch_sub(1, SeqCst);
    }
}

/// No other handler sees to it as long as this is there.
#[derive(Debug)]
#[must_use = "it ends when this is dropped"]
pub(super) struct Taken<'a>(&'a AtomicBool);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.store(false, Release);
    }
}

#[expect(unsafe_code, reason = "an entry has addresses")]
impl Ring {
    pub(super) fn live(&self) -> Option<&Live> {
        let begin = self.entry.begin.load(Relaxed);
        let live = begin.wrapping_add(self.entry.live_at.load(Relaxed));
        // SAFETY: LIVE has so many words, which are only accessed as atomics. The ring was not given up when we were
        // counted, and who gives it up waits for us before the memory goes.
        unsafe { system::shared(live.cast_const().cast()) }
    }

    /// What the text of a ring on the heap is written to, and that ring's tape.
    pub(super) fn text(&self) -> Option<(&Text, &Tape)> {
        // SAFETY: it is the ring's, and there as `live` is.
        let text = unsafe { system::shared(self.entry.text.load(Relaxed)) }?;
        // SAFETY: the same.
        let tape = unsafe { system::shared(text.tape()) }?;
        Some((text, tape))
    }

    /// Whether an address is in the ring's memory.
    pub(super) fn has(&self, address: usize) -> bool {
        let offset = address.wrapping_sub(self.entry.begin.load(Relaxed).addr());
        offset < self.entry.len.load(Relaxed)
    }

    /// Puts memory of this process's own in the place of all of the ring's, with what its file has up to that byte in it, if
    /// there is such a file; and says that the rest is lost. Whoever accesses the ring meanwhile comes to a handler, and waits
    /// there: so nobody stores what is not copied, and nobody sees the new memory before it is said.
    pub(super) fn replace(&self, file_len: Option<usize>) -> bool {
        let entry = self.entry;
        let (begin, len) = (entry.begin.load(Relaxed), entry.len.load(Relaxed));
        let fd = entry.fd.load(Relaxed);
        let Some(mut memory) = NewMemory::new(len) else {
            return false;
        };
        // SAFETY: it is the mapping of this ring, which is there as `live` is.
        if !unsafe { file_calls::close_off(begin, len, file_len.map(|_| fd)) } {
            return false;
        }
        let there = file_len.map_or(0, |file_len| memory.read(fd, file_len));
        if let Some(lost) = self.lost() {
            lost.begin(there.saturating_sub(entry.data_at.load(Relaxed)) as u64);
            // SAFETY: a word of the ring's, which is only shared, and there as the rest of it.
            let bell = unsafe { system::shared(lost.bell()) };
            if let Some(bell) = bell {
                bell.store(true, SeqCst);
            }
        }
        // SAFETY: as above.
        unsafe { memory.move_to(begin) }
    }

    /// How often it has lost memory.
    pub(super) fn losses(&self) -> u64 {
        self.lost().map_or(0, Lost::count)
    }

    fn lost(&self) -> Option<&Lost> {
        // SAFETY: it is the ring's, and there as `live` is.
        unsafe { system::shared(self.entry.lost.load(Relaxed)) }
    }

    /// Which file it is in.
    pub(super) fn file_id(&self) -> FileId {
        let (device, inode) = (&self.entry.device, &self.entry.inode);
        [device.load(Relaxed), inode.load(Relaxed)]
    }
}
