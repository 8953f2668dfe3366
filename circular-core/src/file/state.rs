//! What has become of the writer of a ring that is in a file.
//!
//! Invariant: a writer is never said to be dead by its pid alone, which may be another's by now or belong to another
//! container, and never because it has not written for a while.
//!
//! In this order: a file that is not the one that was made is a copy, of which nothing can be said; a ring that says
//! that it is closed, or that its program has come to its end, is; one whose lock is held lives; one from before the
//! system was started ended with it; one whose process is still the one that it was lives (it may have closed all its
//! descriptors), unless it has not mapped the file, as after an `exec`; and all others were killed, by what the note says.

use crate::format::file_header::Identity;
use crate::format::live::{self, Live, Note};
use std::fmt;
use std::fs::File;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What has become of the program that writes a ring's file, or wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RingState {
    /// It runs.
    Running,
    /// It has closed the ring: all that was written is there. The program may still run.
    Closed,
    /// It has returned from `main`, or called `exit`, without closing the ring.
    Exited,
    /// It was killed.
    #[non_exhaustive]
    Died {
        /// By which signal, if that was noted. SIGKILL, the system when it is out of memory, and a SIGTERM that nobody
        /// handles leave no note; and no version of this library notes a crash so far.
        signal: Option<i32>,
        /// The system's number of the thread to which it came.
        thread: Option<u64>,
        /// When.
        at: Option<SystemTime>,
    },
    /// The system was started anew since, or had its power cut. On a disk, the file's pages may be of different ages then.
    SystemEnded,
    /// The file is a copy: whether the writer runs is only told by the file that it writes.
    Copy,
    /// It cannot be told: why.
    Unknown(String),
}

impl fmt::Display for RingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running => f.write_str("running"),
            Self::Closed => f.write_str("closed"),
            Self::Exited => f.write_str("exited without closing the ring"),
            Self::Died {
                signal: Some(signal),
                thread,
                ..
            } => {
                match signal_name(*signal) {
                    Some(name) => write!(f, "died of {name}")?,
                    None => write!(f, "died of signal {signal}")?,
                }
                match thread {
                    Some(thread) => write!(f, " in thread {thread}"),
                    None => Ok(()),
                }
            }
            Self::Died { signal: None, .. } => {
                f.write_str("died without a note (killed, out of memory, or by a crash)")
            }
            Self::SystemEnded => f.write_str("ended with the system (a restart, or a power cut)"),
            Self::Copy => f.write_str("a copy, which does not tell whether the writer runs"),
            Self::Unknown(why) => write!(f, "unknown: {why}"),
        }
    }
}

/// Those that programs die of, by their numbers on Linux, whatever system this is.
fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        11 => "SIGSEGV",
        31 => "SIGSYS",
        _ => return None,
    })
}

/// What has become of the writer of `file`, which says this of itself.
pub(crate) fn judge(file: &File, identity: &Identity, live: &Live) -> RingState {
    if is_copy(file, identity) {
        return RingState::Copy;
    }
    match live.state {
        live::CLOSED => RingState::Closed,
        live::EXITED => RingState::Exited,
        live::OPEN => unfinished(file, identity, &live.note),
        other => RingState::Unknown(format!("its state is {other}, which there is none of")),
    }
}

/// What the note says of a writer that was killed.
fn died(note: &Note) -> RingState {
    let signal = note.signal();
    let noted = |number: u64| (signal.is_some() && number != 0).then_some(number);
    let at = noted(note.time).map(Duration::from_nanos);
    RingState::Died {
        signal,
        thread: noted(note.thread),
        at: at.and_then(|since| UNIX_EPOCH.checked_add(since)),
    }
}

/// Whether the file is another than the one that was made. Devices may be numbered anew when the system is started.
#[cfg(target_os = "linux")]
pub(crate) fn is_copy(file: &File, identity: &Identity) -> bool {
    use crate::file::process;
    use std::os::unix::fs::MetadataExt;

    let Ok(metadata) = file.metadata() else {
        return true;
    };
    let is_other_device = metadata.dev() != identity.file.device;
    metadata.ino() != identity.file.inode
        || is_other_device && identity.boot_id == process::boot_id()
}

/// Rings are made on Linux alone.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_copy(_: &File, _: &Identity) -> bool {
    true
}

#[cfg(target_os = "linux")]
fn unfinished(file: &File, identity: &Identity, note: &Note) -> RingState {
    use crate::file::{lock, process};
    use crate::format::file_header::{FileId, LOCK_OFD};

    let unknown = |why: &str| RingState::Unknown(String::from(why));
    // Whether the lock tells anything; that it is held always does.
    let mut is_told = identity.lock == LOCK_OFD;
    match lock::is_held(file) {
        Ok(true) => return RingState::Running,
        Ok(false) => {}
        Err(_) => is_told = false,
    }
    let boot = process::boot_id();
    if [boot, identity.boot_id].contains(&[0; 16]) {
        if !is_told {
            return unknown(
                "its file system has no locks, and the system does not tell when it was started",
            );
        }
    } else if boot != identity.boot_id {
        if !is_told {
            // As of a directory on the network.
            return unknown("its file system has no locks, and another system may write to it");
        }
        return RingState::SystemEnded;
    }
    let namespace = process::pid_namespace();
    if namespace == identity.pid_namespace && namespace != FileId::default() {
        match process::is_alive(identity.pid, identity.pid_started) {
            // It may have become another program, which has its pid, and no lock any more.
            Ok(true) if is_told && is_gone(identity) => {}
            Ok(true) => return RingState::Running,
            Ok(false) => is_told = true,
            Err(_) => {}
        }
    }
    if is_told {
        died(note)
    } else {
        unknown("its file system has no locks, and its process is in another container")
    }
}

/// Whether the process has not mapped the file, as far as it can be asked.
#[cfg(target_os = "linux")]
fn is_gone(identity: &Identity) -> bool {
    let mapped = crate::file::process::has_mapped(identity.pid, identity.file.inode);
    mapped.is_ok_and(|mapped| !mapped)
}

/// Not asked: all that is there are copies.
#[cfg(not(target_os = "linux"))]
fn unfinished(_: &File, _: &Identity, note: &Note) -> RingState {
    died(note)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(word: u64, thread: u64, time: u64) -> RingState {
        died(&Note {
            word,
            thread,
            time,
            ..Note::default()
        })
    }

    #[test]
    fn a_note_tells_signal_thread_and_time() {
        let at = Some(UNIX_EPOCH + Duration::from_nanos(1_500_000_000));
        let state = noted(11 | 1 << 32, 4711, 1_500_000_000);
        let expected = RingState::Died {
            signal: Some(11),
            thread: Some(4711),
            at,
        };
        assert_eq!(state, expected);
        assert_eq!(state.to_string(), "died of SIGSEGV in thread 4711");
        assert_eq!(noted(40, 0, 0).to_string(), "died of signal 40");
    }

    #[test]
    fn half_a_note_is_none() {
        let none = RingState::Died {
            signal: None,
            thread: None,
            at: None,
        };
        // Nothing was begun; the thread is there already, and the signal not yet.
        assert_eq!(noted(0, 0, 0), none);
        assert_eq!(noted(1, 4711, 7), none);
        let told = none.to_string();
        assert_eq!(
            told,
            "died without a note (killed, out of memory, or by a crash)"
        );
    }
}
