//! What Linux is asked for that the standard library has no call for.
//!
//! Invariant: each function is safe to call with any arguments; this is the only file of the room with `unsafe` in it.
#![expect(
    unsafe_code,
    reason = "the standard library has no locks of open files, limits, file systems or forks"
)]

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What a lock is asked for with. Where offsets may have 32 bits, this is the larger one, whose zeroes are the other's.
#[cfg(target_env = "gnu")]
type Range = libc::flock64;
#[cfg(not(target_env = "gnu"))]
type Range = libc::flock;

/// What statfs(2) tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statistics {
    pub(super) kind: u32,
    pub(super) block: u64,
    pub(super) blocks: u64,
    /// Free for those who are not root.
    pub(super) available: u64,
}

/// Zero, or else the error that the system has left.
fn checked(result: libc::c_int) -> io::Result<()> {
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Has memory or disk for a part of the file, which then reads as zeroes: fallocate(2).
pub(super) fn allocate(file: &File, offset: u64, len: u64) -> io::Result<()> {
    let offset = libc::off_t::try_from(offset).map_err(|_| too_large())?;
    let len = libc::off_t::try_from(len).map_err(|_| too_large())?;
    // SAFETY: it concerns the file alone, and takes numbers only.
    checked(unsafe { libc::fallocate(file.as_raw_fd(), 0, offset, len) })
}

fn too_large() -> io::Error {
    io::Error::from_raw_os_error(libc::EFBIG)
}

/// A lock on the whole file, by its open description: fcntl(2), "Open file description locks". Fails at once if another
/// description has one.
pub(super) fn lock_description(fd: RawFd) -> io::Result<()> {
    set_lock(fd, libc::F_WRLCK)
}

/// Gives it back, even if a child has the same description.
pub(super) fn unlock_description(fd: RawFd) -> io::Result<()> {
    set_lock(fd, libc::F_UNLCK)
}

fn set_lock(fd: RawFd, kind: libc::c_int) -> io::Result<()> {
    let range = whole_file(kind);
    // SAFETY: the command takes a pointer to a lock, which lives during the call.
    checked(unsafe { libc::fcntl(fd, libc::F_OFD_SETLK, &raw const range) })
}

/// Whether another description has a write lock on a part of the file. It takes none, so a file that is open for reading
/// only will do.
pub(super) fn is_write_locked(file: &File) -> io::Result<bool> {
    // A read lock gets along with all but that.
    let mut range = whole_file(libc::F_RDLCK);
    // SAFETY: the command takes a pointer to a lock to write to, which lives during the call.
    checked(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &raw mut range) })?;
    Ok(libc::c_int::from(range.l_type) != libc::F_UNLCK)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the kinds are small numbers"
)]
fn whole_file(kind: libc::c_int) -> Range {
    // SAFETY: a lock is plain numbers, for which zeroes are valid: from the beginning, and to the end.
    let mut range: Range = unsafe { MaybeUninit::zeroed().assume_init() };
    range.l_type = kind as libc::c_short;
    range.l_whence = libc::SEEK_SET as libc::c_short;
    range
}

/// A lock among those who ask for one, without waiting: flock(2).
pub(super) fn try_flock(file: &File) -> io::Result<()> {
    // SAFETY: it takes numbers only.
    checked(unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) })
}

/// Gives it back, even if a child has the same description.
pub(super) fn unflock(file: &File) {
    // SAFETY: it takes numbers only.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_UN) };
}

/// Gives a file another name if that is free: renameat2(2).
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    let from = CString::new(from.as_os_str().as_bytes())?;
    let to = CString::new(to.as_os_str().as_bytes())?;
    // SAFETY: two strings that end in a zero and live during the call; the rest is numbers. By number, as not every C
    // library has a function for it.
    let result = unsafe {
        libc::syscall(
            libc::SYS_renameat2,
            libc::AT_FDCWD,
            from.as_ptr(),
            libc::AT_FDCWD,
            to.as_ptr(),
            libc::RENAME_NOREPLACE,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

pub(super) fn statistics(file: &File) -> io::Result<Statistics> {
    let mut statistics = MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: a place of that type, which lives during the call.
    checked(unsafe { libc::fstatfs(file.as_raw_fd(), statistics.as_mut_ptr()) })?;
    // SAFETY: the system has filled it in, and zeroes would be valid.
    let statistics = unsafe { statistics.assume_init() };
    // The types of these are different from one architecture to the next.
    Ok(Statistics {
        kind: low_bits(statistics.f_type),
        // What blocks are counted in; `f_bsize` is what is best read at once, which can be more (FUSE, virtiofs).
        block: match number(statistics.f_frsize) {
            0 => number(statistics.f_bsize),
            size => size,
        },
        blocks: number(statistics.f_blocks),
        available: number(statistics.f_bavail),
    })
}

fn number(number: impl TryInto<u64>) -> u64 {
    number.try_into().unwrap_or(0)
}

#[expect(clippy::cast_possible_truncation, reason = "that is what it is for")]
fn low_bits(number: impl TryInto<i64>) -> u32 {
    number.try_into().unwrap_or(0) as u32
}

/// The largest file that this process may make; `None` if there is no limit.
pub(super) fn file_size_limit() -> Option<u64> {
    let mut limit = unlimited();
    // SAFETY: a place for a limit, which lives during the call.
    unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit) };
    bounded(limit)
}

/// The most memory that this process may map; `None` if there is no limit.
pub(super) fn address_space_limit() -> Option<u64> {
    let mut limit = unlimited();
    // SAFETY: a place for a limit, which lives during the call.
    unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) };
    bounded(limit)
}

fn unlimited() -> libc::rlimit {
    libc::rlimit {
        rlim_cur: libc::RLIM_INFINITY,
        rlim_max: libc::RLIM_INFINITY,
    }
}

fn bounded(limit: libc::rlimit) -> Option<u64> {
    (limit.rlim_cur != libc::RLIM_INFINITY).then(|| number(limit.rlim_cur))
}

/// As whom this process makes files.
pub(super) fn user() -> u32 {
    // SAFETY: it cannot fail, and touches no memory.
    unsafe { libc::geteuid() }
}

/// The same of its group.
pub(super) fn group() -> u32 {
    // SAFETY: it cannot fail, and touches no memory.
    unsafe { libc::getegid() }
}

/// Bytes in a page of this machine.
pub(super) fn page_size() -> u32 {
    // SAFETY: it touches no memory.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u32::try_from(bytes).unwrap_or(0)
}

/// Nanoseconds since the system was started, the time that it slept included.
pub(super) fn since_boot() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: a place for a time, which lives during the call.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time) };
    let seconds = number(time.tv_sec).saturating_mul(1_000_000_000);
    seconds.saturating_add(number(time.tv_nsec))
}

/// Has functions called around each `fork`: before it, then after it in the parent, and in the child.
pub(super) fn around_forks(
    before: extern "C" fn(),
    in_parent: extern "C" fn(),
    in_child: extern "C" fn(),
) -> io::Result<()> {
    // SAFETY: the functions live as long as the program, and are called one after the other, so what they do is bounded
    // only by what may be done between fork and exec: whoever passes them sees to that. It does not set `errno`.
    let error = unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
    match error {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Closes a descriptor that nobody else owns. May be called between fork and exec.
pub(super) fn close(fd: RawFd) {
    // SAFETY: it takes a number only; whose descriptor it is, the caller knows.
    unsafe { libc::close(fd) };
}
