//! Where this process is among those of its terminal: sessions, groups, and which of them is in the foreground.
//!
//! Invariant: no number is taken for a process's. Seen from a PID namespace, such as a container's, whatever is outside has the number
//! 0 (pid_namespaces(7)): the session and the group of what was started there from outside, and a parent. rustix takes that for what
//! cannot be, so these few calls are made of the C library.

use std::fs;
use std::os::fd::{AsFd, AsRawFd};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, getppid};

use crate::run::blocked;

/// The number of a session or a group that is in none of our namespaces. There may be several.
const OUTSIDE: i32 = 0;

/// Returns the number of a process's session, of this one's if there is no process; `None` if the system does not tell.
#[expect(unsafe_code, reason = "rustix has no 0")]
pub(crate) fn session_of(pid: Option<Pid>) -> Option<i32> {
    // SAFETY: it takes a number, and returns one.
    known(unsafe { libc::getsid(Pid::as_raw(pid)) })
}

#[expect(unsafe_code, reason = "rustix has no 0")]
fn group_of(pid: Option<Pid>) -> Option<i32> {
    // SAFETY: it takes a number, and returns one.
    known(unsafe { libc::getpgid(Pid::as_raw(pid)) })
}

/// Returns the number of the group in a terminal's foreground; `None` if it is not this session's, as the system does not tell of others.
#[expect(unsafe_code, reason = "rustix has no 0")]
fn foreground_of(terminal: impl AsFd) -> Option<i32> {
    // SAFETY: it takes a descriptor, which is open, and returns a number.
    known(unsafe { libc::tcgetpgrp(terminal.as_fd().as_raw_fd()) })
}

fn known(number: i32) -> Option<i32> {
    (number >= 0).then_some(number)
}

/// Whether it is the terminal of this session.
pub(crate) fn is_of_session(terminal: impl AsFd) -> bool {
    foreground_of(terminal).is_some()
}

/// Whether this process is in the foreground of its terminal, so that it may read what is typed.
pub(crate) fn is_in_foreground(terminal: impl AsFd) -> bool {
    match foreground_of(&terminal) {
        // This group's is no other's then, or both are outside.
        Some(OUTSIDE) => group_of(None) == Some(OUTSIDE) && may_read(terminal),
        group => group.is_some() && group == group_of(None),
    }
}

/// Whether the system would let this process read from a terminal of its session. It asks for nothing; in the background
/// reading stops a process, or where it blocks the signal for that, is an error (tty_ioctl(4), read(2)).
fn may_read(terminal: impl AsFd) -> bool {
    let read = || rustix::io::read(&terminal, &mut [0_u8; 0]);
    !matches!(blocked::with(Signal::TTIN, read), Ok(Err(Errno::IO)))
}

/// Whether somebody sees it if this group is stopped, and can continue it: a parent of one of its processes that is in another group of
/// this session. Where there is none the system stops nobody for a terminal's key.
pub(crate) fn is_watched() -> bool {
    let (group, session) = (group_of(None), session_of(None));
    let mut parent = getppid();
    while let Some(pid) = parent {
        if session_of(Some(pid)) != session {
            return false;
        }
        if group_of(Some(pid)) != group {
            return true;
        }
        parent = parent_of(pid);
    }
    // Who is above is outside, and so may be a shell. If there is none, the system stops nobody, and a second is lost.
    session == Some(OUTSIDE)
}

/// From proc(5): the second word behind the name, which is in brackets and may have any characters.
fn parent_of(pid: Pid) -> Option<Pid> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let text = String::from_utf8_lossy(&text);
    let (_, behind) = text.rsplit_once(')')?;
    Pid::from_raw(behind.split_whitespace().nth(1)?.parse().ok()?)
}
