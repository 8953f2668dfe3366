//! Writing to a file where the process may have a limit for a file's size: the system sends a signal for that
//! which ends the process, amid a dump and before anything was said. Here it is the error that it is as well.

use std::fs::File;
use std::io::{self, Write};

#[cfg(target_os = "linux")]
pub(super) fn write(file: &mut File, bytes: &[u8]) -> io::Result<usize> {
    let _blocked = Blocked::new();
    file.write(bytes)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn write(file: &mut File, bytes: &[u8]) -> io::Result<usize> {
    file.write(bytes)
}

/// Keeps the signal from this thread until it is dropped, and then takes back what has come meanwhile. It is
/// sent to the thread that wrote, so nobody else gets it.
#[cfg(target_os = "linux")]
struct Blocked {
    signals: libc::sigset_t,
    before: libc::sigset_t,
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library has no signals")]
impl Blocked {
    fn new() -> Self {
        // SAFETY: a set of signals is plain numbers, for which zeroes are valid.
        let mut signals = unsafe { std::mem::zeroed() };
        // SAFETY: the same.
        let mut before = unsafe { std::mem::zeroed() };
        // SAFETY: a valid set.
        unsafe { libc::sigemptyset(&raw mut signals) };
        // SAFETY: a valid set, and a signal that there is.
        unsafe { libc::sigaddset(&raw mut signals, libc::SIGXFSZ) };
        // SAFETY: two valid sets; it concerns this thread alone.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const signals, &raw mut before) };
        Self { signals, before }
    }
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library has no signals")]
impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: a valid set and a signal that there is.
        if unsafe { libc::sigismember(&raw const self.before, libc::SIGXFSZ) } == 1 {
            // It was blocked before, and who did that may be waiting for it.
            return;
        }
        let at_once = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: a valid set and time, and nobody wants to know more of it. If there is none, there is none.
        unsafe {
            libc::sigtimedwait(
                &raw const self.signals,
                std::ptr::null_mut(),
                &raw const at_once,
            )
        };
        // SAFETY: the set that was there before.
        unsafe {
            libc::pthread_sigmask(
                libc::SIG_SETMASK,
                &raw const self.before,
                std::ptr::null_mut(),
            )
        };
    }
}
