//! The same of files, and of memory that is a file's.
//!
//! Invariant: that of the file above; [`replace_memory`] says what it needs.

use super::errno;
use libc::c_int;
#[cfg(not(target_env = "gnu"))]
use libc::{fstat, stat};
#[cfg(target_env = "gnu")]
use libc::{fstat64 as fstat, stat64 as stat};
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

/// Bytes in a page of this machine, from the first call on, which is in no handler.
pub(in crate::crash) fn page_size() -> usize {
    static BYTES: AtomicUsize = AtomicUsize::new(0);

    match BYTES.load(Relaxed) {
        0 => {
            // SAFETY: it touches no memory.
            let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
            let bytes = usize::try_from(bytes).unwrap_or(0).max(4096);
            BYTES.store(bytes, Relaxed);
            bytes
        }
        bytes => bytes,
    }
}

/// What a file is told apart by: device and inode.
pub(in crate::crash) type FileId = [u64; 2];

#[cfg(not(target_env = "gnu"))]
use libc::{fstat, stat};
/// How long a file is. `None` if the descriptor is not that file's: somebody may have closed all that he did not know.
#[inline(never)]
pub(in crate::crash) fn file_len(fd: c_int, file: FileId) -> Option<usize> {
    let now = status(fd)?;
    let len = usize::try_from(now.st_size).ok();
    len.filter(|_| file_id(&now) == file)
}

fn status(fd: c_int) -> Option<stat> {
    let mut now = MaybeUninit::<stat>::zeroed();
    // SAFETY: it fills in a place of that type, which lives during the call.
    let result = unsafe { fstat(fd, now.as_mut_ptr()) };
    // SAFETY: the system has filled it in, and zeroes are valid.
    let now = unsafe { now.assume_init() };
    (result == 0).then_some(now)
}

#[allow(
    clippy::useless_conversion,
    reason = "they have other types on other machines"
)]
fn file_id(status: &stat) -> FileId {
    [u64::from(status.st_dev), u64::from(status.st_ino)]
}

/// Puts zeroed memory of this process's own in the place of a mapping's, from one offset to another, both at pages.
///
/// # Safety
///
/// All of that is mapped, for words that are only accessed as atomics.
pub(in crate::crash) unsafe fn replace_memory(begin: *mut u8, from: usize, to: usize) -> bool {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED;
    let place = begin.wrapping_add(from).cast();
    // SAFETY: the caller promises that nothing else is there, and words are valid whatever they are.
    let memory = unsafe { libc::mmap(place, to - from, access, kind, -1, 0) };
    memory != libc::MAP_FAILED
}

/// Writes a word to a file, if it can.
pub(in crate::crash) fn write_word(fd: c_int, word: u64, offset: usize) {
    let bytes = word.to_le_bytes();
    let offset = libc::off_t::try_from(offset).unwrap_or(0);
    // SAFETY: a buffer of that length, which lives during the call.
    unsafe { libc::pwrite(fd, bytes.as_ptr().cast(), bytes.len(), offset) };
}

/// Writes all of it to a file, and tells whether that was possible.
pub(in crate::crash) fn write_all(fd: c_int, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        // SAFETY: a buffer of that length.
        let written = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
        match usize::try_from(written) {
            Ok(0) => return false,
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(_) if errno() == libc::EINTR => {}
            Err(_) => return false,
        }
    }
    true
}

/// Gives a file without a name that one, if it is free.
pub(in crate::crash) fn give_name(unnamed: &CStr, name: &CStr) {
    let here = libc::AT_FDCWD;
    let (from, flags) = (unnamed.as_ptr(), libc::AT_SYMLINK_FOLLOW);
    // SAFETY: two strings that end in a zero and live during the call.
    unsafe { libc::linkat(here, from, here, name.as_ptr(), flags) };
}

pub(in crate::crash) fn remove(name: &CStr) {
    // SAFETY: a string that ends in a zero and lives during the call.
    unsafe { libc::unlink(name.as_ptr()) };
}

/// Puts another file without a name in the place of that one, and tells its inode.
pub(in crate::crash) fn reopen_unnamed(dir: &CStr, fd: c_int) -> Option<u64> {
    let flags = libc::O_TMPFILE | libc::O_RDWR | libc::O_CLOEXEC;
    // SAFETY: a string that ends in a zero and lives during the call.
    let new = unsafe { libc::open(dir.as_ptr(), flags, 0o600) };
    if new < 0 {
        return None;
    }
    // SAFETY: numbers only. The descriptor stays its owner's.
    let is_there = unsafe { libc::dup3(new, fd, libc::O_CLOEXEC) } == fd;
    // SAFETY: it was opened just now.
    unsafe { libc::close(new) };
    let [_, inode] = status(fd).map(|now| file_id(&now)).filter(|_| is_there)?;
    Some(inode)
}
