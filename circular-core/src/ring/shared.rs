//! What the writers, readers and handles of one ring share.
//!
//! One lock guards [`State`]. Under it nothing panics, allocates, logs or runs a caller's code; the
//! storage is read without it. Each condition variable has one question, asked again after every
//! wake-up:
//!
//! | variable | who waits | for what | who notifies |
//! |---|---|---|---|
//! | `not_full` | writers, by ticket | to be first in line, and room | a reader that moved on, left, joined, was demoted, or whose sink fails; the writer before |
//! | `not_empty` | drained readers, the waker thread | a record, or a task less | a write, a flush or a panic that finds `asleep` set; the last task |
//! | `nap` | the same, for a moment, and a reader whose sink failed | a reason not to wait the moment out | a flush, a full ring, a panic; the last task |
//! | `flushed` | flushes | every lossless reader to be done | a reader that is done, leaves, is demoted, or whose sink fails |
//! | `ended` | joins | no reader, no sink, no trigger | each of these that leaves |
//! | `tasks` | the waker thread, and whoever starts it | a task that waits; the start | a task; whoever starts it |
//! | `dump_requested` | dump triggers | a dump to make; nobody left to ask for one | who asks first; who lets go of the last trigger |
//!
//! Close notifies `not_full`, `not_empty`, `nap` and `dump_requested`; the others wait for readers and triggers, who are
//! among those.

#[cfg(target_os = "linux")]
use crate::crash::text::Text;
#[cfg(target_os = "linux")]
use crate::crash::watched::{self, Watched};
use crate::error::{BuildError, MappingError};
use crate::format::header;
use crate::format::layout::PAGE;
use crate::ring::counts::Counts;
use crate::ring::in_file::{self, FileOptions, InFile};
use crate::ring::readers::{ReaderEntry, Readers};
use crate::ring::wait_queue::WaitQueue;
use crate::sys::fork::Generation;
use crate::sys::sync;
use crate::sys::sync::{AtomicU64, Condvar, Mutex, MutexGuard};
use crate::tape::recording::Recording;
use crate::tape::{Head, Tape};
use crate::time::clock;
#[cfg(target_os = "linux")]
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::Duration;

/// How long the end of the program waits for the lock, to say in the file that it has come.
const EXIT_PATIENCE: Duration = Duration::from_millis(100);
/// Writers that wait are spread over this many variables, so that the next in line can be woken
/// without waking all.
const ROOMS: usize = if sync::IS_MODEL { 2 } else { 64 };

pub(crate) struct Shared {
    /// What is told in its file, if it has one; or its text is written to when the program crashes. The first that are
    /// dropped: handlers know of what follows until then.
    pub(crate) file: Option<InFile>,
    #[cfg(target_os = "linux")]
    pub(crate) text: OnceLock<Watched>,
    /// Which ring this is: random, so that a cursor of another run is recognised.
    pub(crate) id: u64,
    pub(crate) generation: Generation,
    pub(crate) tape: Tape,
    /// The most payload and target that one record can have; what is longer goes in parts.
    pub(crate) largest_content: usize,
    pub(crate) state: Mutex<State>,
    pub(crate) not_full: [Condvar; ROOMS],
    pub(crate) not_empty: Condvar,
    pub(crate) nap: Condvar,
    pub(crate) flushed: Condvar,
    pub(crate) ended: Condvar,
    pub(crate) tasks: Condvar,
    pub(crate) dump_requested: Condvar,
    /// Writes that came after close, or in a forked child.
    pub(crate) refused: AtomicU64,
    /// Why it has no file, if it should.
    pub(crate) mapping_error: Option<MappingError>,
    /// Its readers have had their time to finish: the exit gives them no more.
    pub(crate) is_through: AtomicBool,
}

/// What the lock guards.
///
/// In this order: what every write looks at lies with the lock in one cache line, as readers on other cores
/// have it again and again. The next line holds what a write only reads, and what changes rarely.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct State {
    pub(crate) head: Head,
    pub(crate) closed: bool,
    /// Somebody sleeps on `not_empty`, and the next write shall notify.
    /// It is rung, too, when memory was lost, by a handler that does not have the lock: see [`crate::tape::lost`].
    pub(crate) asleep: AtomicBool,
    /// Its limit comes first.
    pub(crate) readers: Readers,
    pub(crate) wait_queue: WaitQueue,
    /// Somebody may wait on `nap`.
    pub(crate) napping: bool,
    pub(crate) waker_thread: WakerThread,
    /// How many sinks are fed, or being dropped.
    pub(crate) sinks: usize,
    /// How many lossless readers' sinks have failed, and have no other in their place.
    pub(crate) lost_sinks: usize,
    /// How many dump triggers' threads there are.
    pub(crate) triggers: usize,
    pub(crate) counts: Counts,
}

/// What wakes the tasks of asynchronous readers.
#[derive(Debug, Default)]
pub(crate) struct WakerThread {
    /// How many readers there are; the thread ends when there are none.
    pub(crate) readers: usize,
    pub(crate) thread: ThreadState,
    /// It may be waiting on `tasks`: the waker thread sets it before it does, and who wakes it for a task takes it.
    pub(crate) is_idle: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ThreadState {
    #[default]
    None,
    /// Somebody is starting it, without the lock.
    Starting,
    Runs,
}

// The lock itself takes a word before it.
#[cfg(target_pointer_width = "64")]
const _: () = {
    use std::mem::offset_of;
    // Of the readers, the limit, which is their first.
    assert!(
        sync::IS_MODEL || offset_of!(State, readers) + size_of::<u64>() <= 64 - size_of::<u64>()
    );
    assert!(
        sync::IS_MODEL
            || offset_of!(State, wait_queue) + 2 * size_of::<u64>() <= 2 * 64 - size_of::<u64>()
    );
};

impl Shared {
    /// On the heap.
    pub(crate) fn new(capacity: usize) -> Result<Self, BuildError> {
        let bytes = whole_pages(capacity)?;
        let tape = Tape::on_heap(bytes).map_err(|error| match error {
            // The error names what the caller passed.
            BuildError::TooLarge { .. } => BuildError::TooLarge { capacity },
            BuildError::OutOfMemory { .. } => BuildError::OutOfMemory { capacity },
            other => other,
        })?;
        Ok(Self::with_tape(tape))
    }

    /// In a file.
    pub(crate) fn in_file(options: &FileOptions, capacity: usize) -> Result<Self, BuildError> {
        let bytes = whole_pages(capacity)?;
        let id = identity();
        let (tape, file) = in_file::make(options, bytes, id)?;
        // One that is nearly as long as the ring would take all that it overwrites with it, if the program is killed
        // amid it.
        let quarter = tape.capacity() / 4 - header::BYTES as u64;
        let quarter = usize::try_from(quarter).unwrap_or(usize::MAX);
        let shared = Self::with_tape(tape);
        Ok(Self {
            id,
            largest_content: shared.largest_content.min(quarter),
            file: Some(file),
            ..shared
        })
    }

    pub(crate) fn with_tape(tape: Tape) -> Self {
        let largest = (tape.capacity() - header::BYTES as u64).min(u64::from(u32::MAX));
        let state = State {
            head: Head::default(),
            closed: false,
            readers: Readers::new(tape.capacity()),
            wait_queue: WaitQueue::default(),
            asleep: AtomicBool::new(false),
            napping: false,
            waker_thread: WakerThread::default(),
            sinks: 0,
            lost_sinks: 0,
            triggers: 0,
            counts: Counts::default(),
        };
        Self {
            id: identity(),
            generation: Generation::current(),
            tape,
            largest_content: usize::try_from(largest).unwrap_or(usize::MAX),
            state: Mutex::new(state),
            not_full: std::array::from_fn(|_| Condvar::new()),
            not_empty: Condvar::new(),
            nap: Condvar::new(),
            flushed: Condvar::new(),
            ended: Condvar::new(),
            tasks: Condvar::new(),
            dump_requested: Condvar::new(),
            refused: AtomicU64::new(0),
            file: None,
            #[cfg(target_os = "linux")]
            text: OnceLock::new(),
            mapping_error: None,
            is_through: AtomicBool::new(false),
        }
    }

    /// Has the ring's text written to that file when the program crashes. From now on this stays where it is.
    #[cfg(target_os = "linux")]
    pub(crate) fn watch_on_heap(&self, text: Text) {
        // Nobody else has.
        let _ = self.text.set(watched::watch_on_heap(text, &self.tape));
    }

    /// Lets a handler say that memory was lost. From now on this stays where it is.
    pub(crate) fn hang_bell(&self) {
        #[cfg(target_os = "linux")]
        if self.file.as_ref().is_some_and(InFile::is_watched) {
            if let Some(state) = self.lock() {
                self.tape.lost().set_bell(&state.asleep);
            }
        }
    }

    /// The lock, or nothing in a forked child, where nobody may be left to give it back.
    #[inline]
    pub(crate) fn lock(&self) -> Option<MutexGuard<'_, State>> {
        if self.generation.is_past() {
            None
        } else {
            Some(self.state.lock())
        }
    }

    pub(crate) fn close(&self) {
        let Some(mut state) = self.lock() else { return };
        if std::mem::replace(&mut state.closed, true) {
            return;
        }
        if let Some(file) = &self.file {
            file.set_closed();
        }
        drop(state);
        for room in &self.not_full {
            room.notify_all();
        }
        self.not_empty.notify_all();
        self.nap.notify_all();
        self.dump_requested.notify_all();
    }

    /// Tells the first in line that there may be room, or that it has somebody else to wait for.
    pub(crate) fn wake_first_in_line(&self, state: &State) {
        if let Some(ticket) = state.wait_queue.first() {
            self.room_of(ticket).notify_all();
        }
    }

    /// The variable that the holder of `ticket` waits on.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the remainder is below ROOMS"
    )]
    pub(crate) fn room_of(&self, ticket: u64) -> &Condvar {
        &self.not_full[(ticket % ROOMS as u64) as usize]
    }

    /// Ends the naps of readers: they have something to do that is not in the ring's words. Tells whether
    /// there were any. There may be many, so they are woken without the lock, and what was known under it
    /// is to be asked again.
    pub(crate) fn end_naps<'a>(&'a self, state: &mut MutexGuard<'a, State>) -> bool {
        let any = std::mem::take(&mut state.napping);
        if any {
            self.state.without(state, || self.nap.notify_all());
        }
        any
    }

    /// Whether somebody sleeps, who is not known of any more then. If memory was lost, the next write is told, too.
    pub(crate) fn take_asleep(&self, state: &State) -> bool {
        let any = state.asleep.swap(false, SeqCst);
        if self.tape.lost().pending().is_some() {
            state.asleep.store(true, SeqCst);
        }
        any
    }

    /// Puts the ring right if it has lost memory, and nobody has yet.
    pub(crate) fn mend(&self) {
        if self.generation.is_past() {
            return;
        }
        self.tape.touch_end();
        if self.tape.lost().pending().is_some() {
            if let Some(mut state) = self.lock() {
                self.tape.mend(&mut state.head);
            }
        }
    }

    /// Takes a look at what the ring holds, and another one if memory was lost meanwhile.
    pub(crate) fn look<T>(&self, look: impl Fn(&Tape) -> T) -> T {
        loop {
            // In this order: what is lost after the one has not been mended by the other.
            let losses = self.tape.losses();
            self.mend();
            let seen = look(&self.tape);
            if self.tape.losses() == losses {
                return seen;
            }
        }
    }

    /// The same for those who sleep longer. Who has put a flush off may, and must do it now.
    pub(crate) fn end_sleep<'a>(&'a self, state: &mut MutexGuard<'a, State>) -> bool {
        let any = self.take_asleep(state);
        if any {
            self.state.without(state, || self.not_empty.notify_all());
        }
        any
    }

    /// A reader that left: whoever may have waited for it is told, and the memory of many goes with them.
    pub(crate) fn after_leave(&self, state: MutexGuard<'_, State>, entry: Option<ReaderEntry>) {
        self.wake_first_in_line(&state);
        let less = state.readers.wants_less();
        drop(state);
        self.flushed.notify_all();
        self.ended.notify_all();
        drop(entry);
        let mut memory = Vec::new();
        // Whoever leaves must not fail for want of memory.
        let is_there = less.is_some_and(|entries| memory.try_reserve_exact(entries).is_ok());
        if let (true, Some(mut state)) = (is_there, self.lock()) {
            memory = state.readers.shrink(memory);
            drop(state);
        }
        drop(memory);
    }

    /// Counts a write that was refused.
    pub(crate) fn refuse(&self) {
        let before = self.refused.fetch_add(1, Relaxed);
        if let Some(file) = &self.file {
            // What a child refuses is not its parent's.
            if !self.generation.is_past() {
                file.set_refused(before + 1);
            }
        }
    }

    /// Counts something, and says so in the file, if there is one.
    pub(crate) fn count(&self, state: &mut State, change: impl FnOnce(&mut Counts)) {
        change(&mut state.counts);
        if let Some(file) = &self.file {
            file.set_counts(&state.counts);
        }
    }

    /// Says in the file, if there is one, that the program has come to its end.
    pub(crate) fn tell_exit(&self) {
        let Some(file) = &self.file else { return };
        // Another thread may have it for long, as it is interrupted by this one.
        let deadline = sync::now().checked_add(EXIT_PATIENCE);
        let locked = deadline.filter(|_| !self.generation.is_past());
        if let Some(_state) = locked.and_then(|deadline| self.state.lock_by(deadline)) {
            file.set_exited();
        }
    }
}

/// The bytes of a ring that is to have `capacity` of them at least.
fn whole_pages(capacity: usize) -> Result<usize, BuildError> {
    if capacity == 0 {
        return Err(BuildError::ZeroCapacity);
    }
    let bytes = capacity.checked_next_multiple_of(PAGE);
    bytes.ok_or(BuildError::TooLarge { capacity })
}

/// A number that no other ring has, as far as chance goes, and not zero.
fn identity() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u64(clock::now());
    hasher.write_u32(std::process::id());
    hasher.finish().max(1)
}
