//! What has become of the writer of a ring that is in a file.
//!
//! Invariant: a writer is never said to be dead by its pid alone, which may be another's by now or belong to another
//! container, and never because it has not written for a while.
//!
//! In this order: a file that is not the one that was made is a copy, of which nothing can be said; a ring that says
//! that it is closed, or that its program has come to its end, is, unless a note says that it died there; one whose lock is held lives; one from before the
//! system was started ended with it; one whose process is still the one that it was lives (it may have closed all its
//! descriptors), unless it has not mapped the file, as after an `exec`; and all others were killed, by what the note says.
//! Of one that lives, it is told if part of the file is gone. Once its program has met that, the file is as old as that moment:
//! how it ended is not known then.

use crate::format::bytes::text;
use crate::format::file_header::{Identity, NOTES_CRASHES};
use crate::format::live::{self, Live};
use crate::text::signal;
use crate::time::clock;
use std::fmt;
use std::fs::File;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What has become of the program that writes a ring's file, or wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RingState {
    /// It runs.
    Running,
    /// It runs, but part of its file is gone: somebody has cut it, or its disk was full. With
    /// [`crash_note`](crate::RingBuilder::crash_note) the program goes on, and has what it writes since in memory of its own;
    /// without, it dies when it comes there. How one that went on has ended is [`Unknown`](Self::Unknown), as it can no
    /// longer say so in the file.
    Detached,
    /// It has closed the ring: all that was written is there. The program may still run.
    Closed,
    /// It has returned from `main`, or called `exit`, without closing the ring.
    Exited,
    /// The same, after a crash of which it did not die as far as is known: a handler of the program's has called `exit`, or was
    /// left by `siglongjmp`, and the program soon came to its end.
    #[non_exhaustive]
    ExitedAfterCrash {
        /// Of which signal that was.
        signal: i32,
        /// As in [`Died`](Self::Died).
        thread: Option<u64>,
        /// As in [`Died`](Self::Died).
        thread_name: Option<String>,
        /// As in [`Died`](Self::Died).
        address: Option<u64>,
        /// As in [`Died`](Self::Died).
        at: Option<SystemTime>,
    },
    /// It was killed, or has crashed after it returned from `main`, or called `exit`.
    #[non_exhaustive]
    Died {
        /// By which signal, if that was noted. SIGKILL, the system when it is out of memory, and a SIGTERM that nobody
        /// handles leave no note; and a crash does if the program asked for it by
        /// [`crash_note`](crate::RingBuilder::crash_note).
        signal: Option<i32>,
        /// The system's number of the thread to which it came.
        thread: Option<u64>,
        /// That thread's name, up to 15 bytes of it.
        thread_name: Option<String>,
        /// The address that could not be accessed, or at which the instruction is, if that is what the signal was about.
        address: Option<u64>,
        /// When.
        at: Option<SystemTime>,
        /// Whether crashes would have been noted: so without a note it was none, or as good as.
        notes_crashes: bool,
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
            Self::Detached => f.write_str(
                "running, but part of its file is gone: with crash_note it goes on in its own memory, without it dies when it comes there",
            ),
            Self::Closed => f.write_str("closed"),
            Self::Exited => f.write_str("exited without closing the ring"),
            Self::ExitedAfterCrash {
                signal,
                thread,
                thread_name,
                address,
                ..
            } => {
                write!(f, "{}, after ", Self::Exited)?;
                tell_crash(f, *signal, *address, *thread, thread_name.as_deref())
            }
            Self::Died {
                signal: Some(signal),
                thread,
                thread_name,
                address,
                ..
            } => {
                f.write_str("died of ")?;
                tell_crash(f, *signal, *address, *thread, thread_name.as_deref())
            }
            Self::Died {
                notes_crashes: true,
                ..
            } => f.write_str("died without a note (killed, or out of memory)"),
            Self::Died { .. } => {
                f.write_str("died without a note (killed, out of memory, or by a crash)")
            }
            Self::SystemEnded => f.write_str("ended with the system (a restart, or a power cut)"),
            Self::Copy => f.write_str("a copy or an image, which does not tell whether the writer runs"),
            Self::Unknown(why) => write!(f, "unknown: {why}"),
        }
    }
}

fn tell_crash(
    f: &mut fmt::Formatter<'_>,
    signal: i32,
    address: Option<u64>,
    thread: Option<u64>,
    thread_name: Option<&str>,
) -> fmt::Result {
    match signal::name(signal) {
        Some(name) => f.write_str(name)?,
        None => write!(f, "signal {signal}")?,
    }
    if let Some(address) = address {
        write!(f, " at {address:#x}")?;
    }
    if let Some(thread) = thread {
        write!(f, " in thread {thread}")?;
    }
    match thread_name {
        Some(name) => write!(f, " ({name})"),
        None => Ok(()),
    }
}

/// What has become of the writer of `file`, which says this of itself.
pub(crate) fn judge(file: &File, identity: &Identity, live: &Live) -> RingState {
    if is_copy(file, identity) {
        return RingState::Copy;
    }
    // It may be as long as before by now.
    let is_cut = live.is_blank()
        || file
            .metadata()
            .is_ok_and(|metadata| identity.is_cut(metadata.len()));
    let has_lost = live.counters.lost_memory > 0;
    let unfinished = || match unfinished(file, identity, live) {
        RingState::Running if is_cut || has_lost => RingState::Detached,
        RingState::Died { .. } if has_lost => RingState::Unknown(String::from(
            "part of its file was gone, so it could not say there how it ended",
        )),
        state => state,
    };
    match live.state {
        live::CLOSED => RingState::Closed,
        live::EXITED => exited(identity, live, unfinished),
        live::OPEN => unfinished(),
        _ if is_cut => match unfinished() {
            RingState::Died { .. } => RingState::Unknown(String::from(
                "its file was cut, and what says how it ended is gone",
            )),
            state => state,
        },
        other => RingState::Unknown(format!("its state is {other}, which there is none of")),
    }
}

/// What the note says of a writer that has come to its end, and may have crashed before, or in what is done at the end. `unfinished`
/// tells what would be said if it had not come so far.
fn exited(identity: &Identity, live: &Live, unfinished: impl FnOnce() -> RingState) -> RingState {
    let note = &live.note;
    let died = died(identity, live);
    let RingState::Died {
        signal: Some(signal),
        thread,
        thread_name,
        address,
        at,
        ..
    } = died.clone()
    else {
        return RingState::Exited;
    };
    let is_sure = note.committed & live::NOTE_IS_FINAL != 0;
    // Who crashes that late has no second end to come to.
    let is_at_exit = || note.time >= live.when && matches!(unfinished(), RingState::Died { .. });
    if is_sure || is_at_exit() {
        died
    } else {
        RingState::ExitedAfterCrash {
            signal,
            thread,
            thread_name,
            address,
            at,
        }
    }
}

/// What the note says of a writer that was killed.
fn died(identity: &Identity, live: &Live) -> RingState {
    let note = &live.note;
    let signal = note.signal().filter(|_| !has_gone_on(identity, live));
    let noted = |number: u64| (signal.is_some() && number != 0).then_some(number);
    let at = noted(note.time).map(Duration::from_nanos);
    RingState::Died {
        signal,
        thread: noted(note.thread),
        thread_name: signal.and_then(|_| name(&note.name)),
        address: signal.and_then(|_| note.address()),
        at: at.and_then(|since| UNIX_EPOCH.checked_add(since)),
        notes_crashes: identity.compat & NOTES_CRASHES != 0,
    }
}

/// Whether so much, or for so long, was written after the note that the program cannot have died of it: a handler was left in a
/// way that nobody saw, `siglongjmp` say. Other threads may write while one dies, and a handler of the program's takes its
/// time for a report, so a little later is no sign. Times are their writers', and a clock may be set: where they say
/// nothing, a whole lap of the ring does, which in a busy program is soon there.
fn has_gone_on(identity: &Identity, live: &Live) -> bool {
    let note = &live.note;
    if note.committed & live::NOTE_IS_FINAL != 0 {
        return false;
    }
    // A time to come is what somebody has given.
    let is_later = live.latest > note.time.saturating_add(live::SURVIVED_FOR)
        && live.latest <= clock::exact().since_1970();
    if note.committed == 0 {
        // Nothing had been written, or the note does not say.
        return is_later;
    }
    let so_far = note.committed & !live::NOTE_IS_EARLIER;
    let since = live.committed.saturating_sub(so_far);
    let are_times_in_order = note.committed == so_far;
    let is_soon_after = are_times_in_order && live.latest.abs_diff(note.time) <= live::SURVIVED_FOR;
    since > identity.capacity && !is_soon_after || since > 0 && are_times_in_order && is_later
}

/// A thread's name, without what a terminal would obey: it may be anything.
fn name(bytes: &[u8; 16]) -> Option<String> {
    let name = text(bytes);
    let shown = |c: char| {
        if c.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    (!name.is_empty()).then(|| name.chars().map(shown).collect())
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
fn unfinished(file: &File, identity: &Identity, live: &Live) -> RingState {
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
        died(identity, live)
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
fn unfinished(_: &File, identity: &Identity, live: &Live) -> RingState {
    died(identity, live)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::layout::Layout;
    use crate::format::live::Note;

    fn died_with(compat: u64, note: Note, latest: u64) -> RingState {
        let layout = Layout::file(4096, 128).unwrap();
        let identity = Identity {
            compat,
            ..Identity::blank(&layout, 0)
        };
        let live = Live {
            note,
            latest,
            ..Live::default()
        };
        died(&identity, &live)
    }

    fn noted(word: u64, thread: u64, time: u64) -> RingState {
        let mut name = [0; 16];
        name[..6].copy_from_slice(b"wor\nke");
        let note = Note {
            word,
            thread,
            time,
            name,
            address: 0x1000,
            ..Note::default()
        };
        died_with(NOTES_CRASHES, note, 0)
    }

    #[test]
    fn a_note_tells_signal_thread_address_and_time() {
        let state = noted(11 | 1 << 32, 4711, 1_500_000_000);
        let expected = RingState::Died {
            signal: Some(11),
            thread: Some(4711),
            thread_name: Some(String::from("wor\u{fffd}ke")),
            address: Some(0x1000),
            at: Some(UNIX_EPOCH + Duration::from_nanos(1_500_000_000)),
            notes_crashes: true,
        };
        assert_eq!(state, expected);
        let told = "died of SIGSEGV at 0x1000 in thread 4711 (wor\u{fffd}ke)";
        assert_eq!(state.to_string(), told);
        // The kernel did not say where; and somebody has sent it.
        for code in [0x80, 0, u64::from(u32::MAX)] {
            let word = 11 | code << 32;
            let told = "died of SIGSEGV in thread 7 (wor\u{fffd}ke)";
            assert_eq!(noted(word, 7, 0).to_string(), told);
        }
        let nameless = Note {
            word: 40,
            ..Note::default()
        };
        assert_eq!(died_with(0, nameless, 0).to_string(), "died of signal 40");
    }

    fn none(notes_crashes: bool) -> RingState {
        RingState::Died {
            signal: None,
            thread: None,
            thread_name: None,
            address: None,
            at: None,
            notes_crashes,
        }
    }

    /// Of version 1.
    #[test]
    fn a_note_of_an_earlier_version_is_read() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/noted.ring");
        let file = std::fs::read(path).unwrap();
        let identity = Identity::decode(file[..4096].try_into().unwrap()).unwrap();
        let live = Live::decode(file[0x1000..][..live::BYTES].try_into().unwrap());
        assert_eq!(live.note.survived, 2);
        let told = "died of SIGSEGV at 0x10 in thread 4712 (worker)";
        assert_eq!(died(&identity, &live).to_string(), told);
    }

    #[test]
    fn half_a_note_is_none() {
        // Nothing was begun; the thread is there already, and the signal not yet.
        assert_eq!(noted(0, 0, 0), none(true));
        assert_eq!(noted(1, 4711, 7), none(true));
        let told = none(true).to_string();
        assert_eq!(told, "died without a note (killed, or out of memory)");
        let told = none(false).to_string();
        assert_eq!(
            told,
            "died without a note (killed, out of memory, or by a crash)"
        );
    }

    #[test]
    fn a_program_that_went_on_did_not_die_of_what_was_noted() {
        let note = Note {
            word: 11,
            time: 5_000_000_000,
            ..Note::default()
        };
        let is_noted = |latest| died_with(NOTES_CRASHES, note, latest) != none(true);
        assert!(is_noted(0) && is_noted(5_000_000_000) && is_noted(15_000_000_000));
        assert!(!is_noted(15_000_000_001));
    }
    #[test]
    fn times_that_say_nothing_hide_no_note() {
        let gone_on = |committed: u64, so_far: u64, latest: u64| {
            let layout = Layout::file(4096, 128).unwrap();
            let note = Note {
                word: 11,
                time: 5_000_000_000,
                committed: so_far,
                ..Note::default()
            };
            let live = Live {
                note,
                latest,
                committed,
                ..Live::default()
            };
            has_gone_on(&Identity::blank(&layout, 0), &live)
        };
        let later = 50_000_000_000;
        // It was there before, by a clock that was set back.
        assert!(!gone_on(800, 800, later) && !gone_on(880, 800 | 1, later));
        // Somebody has given a time to come.
        assert!(!gone_on(880, 800, u64::MAX));
        assert!(gone_on(808, 800, later));
        // A lap tells where they do not: somebody has given one to come, or they were not in order.
        assert!(!gone_on(800 + 4096, 800, u64::MAX) && gone_on(808 + 4096, 800, u64::MAX));
        assert!(gone_on(808 + 4096, 800 | 1, 5_000_000_000));
        // Who is busy writes many while another thread's handler makes its report.
        assert!(!gone_on(800 + (4096 << 10), 800, 5_000_000_000));
        assert!(!gone_on(800 + (4096 << 10), 800, 4_999_000_000));
        assert!(!gone_on(800 + (4096 << 10), 800, 15_000_000_000));
        // And until the last moment.
        assert!(!gone_on(808 + 4096, 800 | 2, later) && !gone_on(808 + 4096, 800 | 3, u64::MAX));
        assert!(!gone_on(808, 2, later));
    }
}
