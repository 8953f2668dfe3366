//! Which signals this thread has blocked, so that the system holds them back.
//!
//! Invariant: these are system calls, and allocate and lock nothing: they may be made between fork and exec.

use std::{io, mem};

use rustix::process::Signal;

/// Does something with a signal blocked, and returns what came of it.
///
/// # Errors
///
/// The system refuses, before anything was done or behind it.
pub(crate) fn with<T>(signal: Signal, does: impl FnOnce() -> T) -> io::Result<T> {
    let before = change(libc::SIG_BLOCK, &only(signal))?;
    let done = does();
    set(&before)?;
    Ok(done)
}

/// Has only these blocked, and returns what was before.
pub(crate) fn set(set: &libc::sigset_t) -> io::Result<libc::sigset_t> {
    change(libc::SIG_SETMASK, set)
}

#[expect(unsafe_code, reason = "a set of signals is C's")]
pub(crate) fn nothing() -> libc::sigset_t {
    // SAFETY: a set is a number of bits.
    let mut set: libc::sigset_t = unsafe { mem::zeroed() };
    // SAFETY: it is a set.
    unsafe { libc::sigemptyset(&raw mut set) };
    set
}

#[expect(unsafe_code, reason = "a set of signals is C's")]
fn only(signal: Signal) -> libc::sigset_t {
    let mut set = nothing();
    // SAFETY: it is a set, and that is a signal.
    unsafe { libc::sigaddset(&raw mut set, signal.as_raw()) };
    set
}

#[expect(unsafe_code, reason = "there is no other way to block a signal")]
fn change(how: i32, set: &libc::sigset_t) -> io::Result<libc::sigset_t> {
    let mut before = nothing();
    // SAFETY: both are sets.
    let number = unsafe { libc::pthread_sigmask(how, set, &raw mut before) };
    if number == 0 {
        Ok(before)
    } else {
        Err(io::Error::from_raw_os_error(number))
    }
}
