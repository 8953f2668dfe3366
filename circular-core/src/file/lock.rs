//! The lock by which others see that a ring's writer lives.
//!
//! It is a write lock of an open file description, on a *second* `open` of the file: a mapping keeps the description that
//! it was made from, with its lock, for as long as it is there. The system gives the lock up with the last descriptor,
//! however the process ends.
//!
//! Invariant: no forked child has a descriptor of it, or the child would keep a dead parent's ring alive. So each is in
//! [`SLOTS`] before it has the lock, and the child closes what is there. A fork between the `open` and the slot would be
//! missed; forks are counted, and then the file is opened again. A child that was made past the C library's `fork` keeps
//! the descriptor, and the lock, until it ends or becomes another program.

use crate::file::system;
use crate::sys::fork::Generation;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{IntoRawFd, RawFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::thread;
use std::time::{Duration, Instant};

/// How many locks a process can have. There is no list that grows, so that the child needs to follow no pointers.
const MOST: usize = 1024;

/// Descriptors with a lock, or about to get one: see [`Slot`]. Zero is a free one.
static SLOTS: [AtomicU64; MOST] = [const { AtomicU64::new(FREE) }; MOST];
const FREE: u64 = 0;

/// Forks that were begun, and those of them that are over.
static BEGUN: AtomicU64 = AtomicU64::new(0);
static OVER: AtomicU64 = AtomicU64::new(0);

/// How long it waits for a moment without a fork, in a program that forks all the time. A fork takes as long as there is
/// memory to be shared.
const PATIENCE: Duration = Duration::from_secs(5);
const NAP: Duration = Duration::from_micros(100);

/// Held as long as this is there, and the process is.
#[derive(Debug)]
#[must_use = "dropping it gives the lock back"]
pub(crate) struct Lock {
    slot: &'static AtomicU64,
    /// What is in the slot as long as it is this lock's.
    value: Slot,
    generation: Generation,
}

/// A descriptor, plus one, with a number in the upper half that no other has, so that nobody takes another's for its own.
#[derive(Clone, Copy, Debug)]
struct Slot(u64);

impl Lock {
    /// Takes the lock of `file`, which has this name.
    ///
    /// # Errors
    ///
    /// The name is another file's, or somebody has the lock already, or the file system has no such locks (see
    /// [`is_unsupported`]).
    pub(crate) fn take(file: &File, path: &Path) -> io::Result<Self> {
        watch_forks()?;
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            let begun = BEGUN.load(SeqCst);
            if begun != OVER.load(SeqCst) {
                thread::sleep(NAP);
                continue;
            }
            let second = open_again(file, path)?;
            let lock = Self::register(second)?;
            if BEGUN.load(SeqCst) == begun {
                system::lock_description(lock.value.fd())?;
                return Ok(lock);
            }
            // A child may have been made that has the descriptor. It keeps one that has no lock.
        }
        let message = "the program forks all the time, and the lock would be its children's; make the ring before it does";
        Err(io::Error::new(io::ErrorKind::ResourceBusy, message))
    }

    fn register(file: File) -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);

        let number = NUMBER.fetch_add(1, SeqCst);
        let value = Slot::new(file.into_raw_fd(), number);
        let free = |slot: &&AtomicU64| {
            let taken = slot.compare_exchange(FREE, value.0, SeqCst, SeqCst);
            taken.is_ok()
        };
        let Some(slot) = SLOTS.iter().find(free) else {
            system::close(value.fd());
            let message = format!(
                "this process has {MOST} rings in files already; drop some, or have the others on the heap"
            );
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, message));
        };
        Ok(Self {
            slot,
            value,
            generation: Generation::current(),
        })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mine = self
            .slot
            .compare_exchange(self.value.0, FREE, SeqCst, SeqCst);
        if mine.is_err() {
            // A child has closed its copy at the fork.
            return;
        }
        let fd = self.value.fd();
        if !self.generation.is_past() {
            // By name, as a fork in this moment has the descriptor as well. Closing does the same otherwise.
            let _ = system::unlock_description(fd);
        }
        system::close(fd);
    }
}

impl Slot {
    fn new(fd: RawFd, number: u32) -> Self {
        // A descriptor is not negative.
        let fd = u32::try_from(fd).unwrap_or(u32::MAX - 1);
        Self(u64::from(number) << 32 | u64::from(fd + 1))
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower half is cut out")]
    fn fd(self) -> RawFd {
        RawFd::try_from((self.0 as u32).wrapping_sub(1)).unwrap_or(-1)
    }
}

/// Whether somebody has the lock of a file, which may be open for reading only.
pub(crate) fn is_held(file: &File) -> io::Result<bool> {
    system::is_write_locked(file)
}

/// Whether the system, or the file system, has no such locks.
pub(super) fn is_unsupported(error: &io::Error) -> bool {
    let number = error.raw_os_error();
    number.is_some_and(|number| {
        // Linux before 3.15; network file systems whose server has none.
        let unsupported = [libc::EINVAL, libc::ENOLCK, libc::ENOSYS, libc::EOPNOTSUPP];
        unsupported.contains(&number)
    })
}

fn open_again(file: &File, path: &Path) -> io::Result<File> {
    let second = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    let (ours, found) = (file.metadata()?, second.metadata()?);
    if (ours.dev(), ours.ino()) != (found.dev(), found.ino()) {
        let message = "somebody has put another file in its place; choose a directory that only this user may write to";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
    }
    Ok(second)
}

/// Begins to look after forks. Two threads may both do so, which does no harm.
fn watch_forks() -> io::Result<()> {
    static IS_WATCHED: AtomicBool = AtomicBool::new(false);

    extern "C" fn before() {
        BEGUN.fetch_add(1, SeqCst);
    }

    extern "C" fn in_parent() {
        OVER.fetch_add(1, SeqCst);
    }

    /// Nothing but atomics and `close`, as another thread may have been anywhere.
    extern "C" fn in_child() {
        for slot in &SLOTS {
            let value = Slot(slot.swap(FREE, SeqCst));
            if value.0 != FREE {
                system::close(value.fd());
            }
        }
        OVER.store(BEGUN.load(SeqCst), SeqCst);
    }

    if !IS_WATCHED.load(SeqCst) {
        system::around_forks(before, in_parent, in_child)?;
        IS_WATCHED.store(true, SeqCst);
    }
    Ok(())
}
