//! The same of files, and of memory that is a file's.
//!
//! Invariant: that of the file above; [`close_off`] and [`NewMemory::move_to`] say what they need.

use crate::crash::system::{self, errno};
use libc::c_int;
#[cfg(not(target_env = "gnu"))]
use libc::{fstat, stat};
#[cfg(target_env = "gnu")]
use libc::{fstat64 as fstat, stat64 as stat};
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::ptr;
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

/// Zeroed memory of this process's own, which nobody else knows of.
#[derive(Debug)]
pub(in crate::crash) struct NewMemory {
    place: *mut u8,
    len: usize,
}

impl NewMemory {
    /// `None` if there is none.
    pub(in crate::crash) fn new(len: usize) -> Option<Self> {
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new mapping, anywhere.
        let place = unsafe { libc::mmap(ptr::null_mut(), len, ACCESS, kind, -1, 0) };
        let place = place.cast();
        (place != libc::MAP_FAILED.cast()).then_some(Self { place, len })
    }

    /// Reads the first `len` bytes of a file into it, and tells how many there were.
    pub(in crate::crash) fn read(&mut self, fd: c_int, len: usize) -> usize {
        let len = len.min(self.len);
        let mut filled = 0;
        while filled < len {
            let Ok(offset) = libc::off_t::try_from(filled) else {
                break;
            };
            let place = self.place.wrapping_add(filled).cast();
            // SAFETY: so much of the mapping is left, which is only ours.
            let read = unsafe { libc::pread(fd, place, len - filled, offset) };
            match usize::try_from(read) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(_) if errno() == libc::EINTR => {}
                Err(_) => break,
            }
        }
        filled
    }

    /// Puts it in the place of a mapping that is as long, and tells whether that was possible.
    ///
    /// # Safety
    ///
    /// All of that is mapped, for words that are only accessed as atomics.
    pub(in crate::crash) unsafe fn move_to(self, begin: *mut u8) -> bool {
        let (place, len) = (self.place.cast(), self.len);
        let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
        // SAFETY: the caller promises that nothing else is there, and words are valid whatever they are.
        let moved = unsafe { libc::mremap(place, len, len, flags, begin) };
        let is_there = moved != libc::MAP_FAILED;
        if is_there {
            std::mem::forget(self);
        }
        is_there
    }
}

impl Drop for NewMemory {
    fn drop(&mut self) {
        // SAFETY: a mapping that is only ours.
        unsafe { libc::munmap(self.place.cast(), self.len) };
    }
}

const ACCESS: c_int = libc::PROT_READ | libc::PROT_WRITE;

/// Has each access to a mapping be a SIGBUS from now on: what comes in its place is far behind the end of a file. All that was
/// stored before is in what was mapped there. `fd` is that of any file that can be mapped; of a new one if there is none.
///
/// # Safety
///
/// All of that is mapped, for words that are only accessed as atomics.
pub(in crate::crash) unsafe fn close_off(begin: *mut u8, len: usize, fd: Option<c_int>) -> bool {
    const FAR: usize = 1 << 30;
    let page = page_size();
    let offset = len.checked_next_multiple_of(page).map(|end| end + FAR);
    let Some(offset) = offset.and_then(|offset| libc::off_t::try_from(offset).ok()) else {
        return false;
    };
    let file = fd.unwrap_or_else(empty_file);
    let kind = libc::MAP_SHARED | libc::MAP_FIXED;
    // SAFETY: the caller promises that nothing else is there; and nothing is read or stored.
    let closed = unsafe { libc::mmap(begin.cast(), len, ACCESS, kind, file, offset) };
    if fd.is_none() {
        // SAFETY: it was opened just now, or is none.
        unsafe { libc::close(file) };
    }
    closed != libc::MAP_FAILED
}

/// The descriptor of a file in memory, or none.
fn empty_file() -> c_int {
    let (name, flags) = (c"circular", libc::MFD_CLOEXEC);
    // SAFETY: a string that ends in a zero. By number, as not every C library has a function for it.
    let fd = unsafe { libc::syscall(libc::SYS_memfd_create, name.as_ptr(), flags) };
    c_int::try_from(fd).unwrap_or(-1)
}

/// Writes a word to a file, if it can.
pub(in crate::crash) fn write_word(fd: c_int, word: u64, offset: usize) {
    let bytes = word.to_le_bytes();
    let offset = libc::off_t::try_from(offset).unwrap_or(0);
    // SAFETY: a buffer of that length, which lives during the call.
    let written = unsafe { libc::pwrite(fd, bytes.as_ptr().cast(), bytes.len(), offset) };
    if written < 0 {
        forget_size_signal();
    }
}

/// Takes back the SIGXFSZ that comes with a write which is above the process's limit (`RLIMIT_FSIZE`). All signals are blocked in
/// a handler, and this one would end the program afterwards.
fn forget_size_signal() {
    if errno() == libc::EFBIG {
        let mask = system::bit(libc::SIGXFSZ);
        let now = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: a set of that size and a time, which live during the call; nothing is told of the signal.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigtimedwait,
                &raw const mask,
                ptr::null_mut::<libc::siginfo_t>(),
                &raw const now,
                size_of::<system::Mask>(),
            )
        };
    }
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
            Err(_) => {
                forget_size_signal();
                return false;
            }
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

/// Opens a file without a name, and tells its descriptor.
pub(in crate::crash) fn open_unnamed(dir: &CStr) -> Option<c_int> {
    let flags = libc::O_TMPFILE | libc::O_RDWR | libc::O_CLOEXEC;
    // SAFETY: a string that ends in a zero and lives during the call.
    let new = unsafe { libc::open(dir.as_ptr(), flags, 0o600) };
    (new >= 0).then_some(new)
}

/// Puts the file of the first one, which was opened here and is closed, in the place of another one, and tells its inode.
pub(in crate::crash) fn replace(new: c_int, fd: c_int) -> Option<u64> {
    // SAFETY: numbers only. The descriptor stays its owner's.
    let is_there = unsafe { libc::dup3(new, fd, libc::O_CLOEXEC) } == fd;
    // SAFETY: it was opened by the caller.
    unsafe { libc::close(new) };
    let [_, inode] = status(fd).map(|now| file_id(&now)).filter(|_| is_there)?;
    Some(inode)
}
