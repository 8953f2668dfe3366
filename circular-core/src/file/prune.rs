//! Which rings of this program are in a directory, and which of them go.
//!
//! Invariant: what is removed is a regular file of this user that has the name of a ring of this program, is one, by
//! what it says of itself, and whose writer is known to be dead; or one with a hidden name that nobody has locked. All
//! of it under the directory's lock, under which new ones are made and locked as well, unless somebody keeps that lock.
//!
//! Which dead ones stay: the newest, but runs that failed at their start displace only each other. So a program that does
//! so over and over does not wipe out the image of the run that began it.

use crate::file::file_system::FileSystem;
use crate::file::lock;
use crate::file::names::Name;
use crate::file::process;
use crate::file::state::{RingState, is_copy, judge};
use crate::file::system;
use crate::format::bytes::u64_at;
use crate::format::file_header::Identity;
use crate::format::layout::{BEFORE, FILE_ENTRY, NOWHERE, OFFSET, PAGE};
use crate::format::live::{self, Live};
use crate::format::word::WORD;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A run that ended sooner has failed at its start.
const SHORT: Duration = Duration::from_secs(10);

/// When a ring was made, to tell which one is newer. Of this boot, the clock is of no consequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Age {
    is_of_this_boot: bool,
    nanos: u64,
}

/// A dead ring.
#[derive(Clone, Copy, Debug)]
struct Run {
    age: Age,
    is_short: bool,
}

/// A ring of this program, whose writer may live.
#[derive(Debug)]
struct Found {
    path: PathBuf,
    file: File,
    identity: Identity,
    live: Live,
}

/// Removes dead rings of this program, all but `keep`, and what makers that were killed have left. It does not matter
/// whether that works: a file that cannot be removed is nothing that stops a start.
pub(super) fn prune(dir: &Path, program: &str, keep: usize) {
    remove_leftovers(dir, program);
    let mut dead: Vec<(Run, Found)> = Vec::new();
    for found in rings(dir, program) {
        if found.is_dead() {
            dead.push((found.run(), found));
        }
    }
    let runs: Vec<Run> = dead.iter().map(|(run, _)| *run).collect();
    let stays = staying(&runs, keep);
    for ((_, found), stays) in dead.iter().zip(stays) {
        if !stays {
            remove(&found.path, &found.file);
        }
    }
}

/// How much of the file system dead rings of this program take.
pub(super) fn taken_by_dead(dir: &Path, program: &str) -> u64 {
    let dead = rings(dir, program).filter(Found::is_dead);
    let taken = dead.filter_map(|found| found.file.metadata().ok());
    // Blocks of 512 bytes, whatever the file system has: stat(2).
    taken.map(|metadata| metadata.blocks() * 512).sum()
}

/// The ring of this program that was made last, dead or alive.
pub(super) fn newest(dir: &Path, program: &str) -> Option<u64> {
    let rings = rings(dir, program).filter(|found| !found.is_copy());
    let newest = rings.max_by_key(|found| (found.age(), found.identity.ring));
    newest.map(|found| found.identity.ring)
}

/// For each of these dead rings whether it stays: as if each had been kept or removed when it had died.
fn staying(runs: &[Run], keep: usize) -> Vec<bool> {
    let mut oldest_first: Vec<usize> = (0..runs.len()).collect();
    oldest_first.sort_unstable_by_key(|at| runs[*at].age);
    let mut kept: Vec<usize> = Vec::new();
    for at in oldest_first {
        kept.push(at);
        if kept.len() > keep {
            let displaced = if runs[at].is_short {
                kept.iter().position(|at| runs[*at].is_short)
            } else {
                Some(0)
            };
            kept.remove(displaced.unwrap_or(0));
        }
    }
    (0..runs.len()).map(|at| kept.contains(&at)).collect()
}

/// The rings of this program and this user; what cannot be read is none.
fn rings<'a>(dir: &Path, program: &'a str) -> impl Iterator<Item = Found> + use<'a> {
    names(dir).filter_map(move |(path, name)| {
        let name = Name::parse(&name).filter(|name| name.program == program)?;
        let found = Found::open(path)?;
        let is_it = found.identity.ring == name.ring && found.identity.program == program;
        is_it.then_some(found)
    })
}

/// What is in a directory, as far as its name is text.
fn names(dir: &Path) -> impl Iterator<Item = (PathBuf, String)> + use<> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        Some((entry.path(), name))
    })
}

/// Opens a regular file of this user's, without waiting for whoever writes to a pipe of that name.
fn open(path: &Path) -> Option<File> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags).open(path).ok()?;
    let metadata = file.metadata().ok()?;
    (metadata.is_file() && metadata.uid() == system::user()).then_some(file)
}

/// Removes a file, unless its name is another's by now.
fn remove(path: &Path, file: &File) {
    let (Ok(named), Ok(ours)) = (fs::symlink_metadata(path), file.metadata()) else {
        return;
    };
    if (named.dev(), named.ino()) == (ours.dev(), ours.ino()) {
        let _ = fs::remove_file(path);
    }
}

/// Removes the files of makers that were killed. A living one has the lock.
fn remove_leftovers(dir: &Path, program: &str) {
    for (path, name) in names(dir) {
        if Name::parse_hidden(&name).is_none_or(|name| name.program != program) {
            continue;
        }
        if let Some(file) = open(&path) {
            if matches!(lock::is_held(&file), Ok(false)) {
                remove(&path, &file);
            }
        }
    }
}

impl Found {
    fn open(path: PathBuf) -> Option<Self> {
        let file = open(&path)?;
        let mut page = [0; PAGE];
        file.read_exact_at(&mut page, 0).ok()?;
        let identity = Identity::decode(&page).ok()?;
        let mut bytes = [0; live::BYTES];
        let at = identity.sections.live.offset;
        file.read_exact_at(&mut bytes, at).ok()?;
        Some(Self {
            path,
            file,
            identity,
            live: Live::decode(&bytes),
        })
    }

    fn is_copy(&self) -> bool {
        is_copy(&self.file, &self.identity)
    }

    fn is_dead(&self) -> bool {
        // One that was closed may have followers yet, as long as its program goes on.
        if matches!(lock::is_held(&self.file), Ok(true)) {
            return false;
        }
        match judge(&self.file, &self.identity, &self.live) {
            RingState::Closed
            | RingState::Exited
            | RingState::ExitedAfterCrash { .. }
            | RingState::Died { .. } => true,
            // On the network it may be the system of somebody else that was not started with ours.
            RingState::SystemEnded => {
                FileSystem::of(&self.file).is_ok_and(|file_system| !file_system.is_remote())
            }
            _ => false,
        }
    }

    fn age(&self) -> Age {
        let is_of_this_boot = self.identity.boot_id == process::boot_id();
        Age {
            is_of_this_boot,
            nanos: if is_of_this_boot {
                self.identity.created_boottime
            } else {
                self.identity.created
            },
        }
    }

    fn run(&self) -> Run {
        let lasted = self.last_sign().saturating_sub(self.identity.created);
        Run {
            age: self.age(),
            is_short: Duration::from_nanos(lasted) < SHORT,
        }
    }

    /// The last time that is known to have come in the writer's life, in nanoseconds since 1970. That of the last
    /// record, as a rule: a store to a mapped file need not change the time that the file has.
    fn last_sign(&self) -> u64 {
        let Live {
            latest, when, note, ..
        } = self.live;
        let written = self.file.metadata().map_or(0, |metadata| {
            let seconds = u64::try_from(metadata.mtime()).unwrap_or(0);
            seconds.saturating_mul(1_000_000_000)
        });
        let signs = [latest, when, note.time, written, self.last_entry()];
        signs.into_iter().max().unwrap_or(0)
    }

    /// The latest time in the index.
    fn last_entry(&self) -> u64 {
        let blocks = usize::try_from(self.identity.blocks).unwrap_or(0);
        let mut index = vec![0; blocks * FILE_ENTRY * WORD];
        let at = self.identity.sections.index.offset;
        match self.file.read_exact_at(&mut index, at) {
            Ok(()) => {
                let entries = index.chunks_exact(FILE_ENTRY * WORD);
                let used = entries.filter(|entry| u64_at(entry, OFFSET * WORD) != NOWHERE);
                used.map(|entry| u64_at(entry, BEFORE * WORD))
                    .max()
                    .unwrap_or(0)
            }
            Err(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Dead rings from the oldest on, `s` for a short run and `l` for one that lasted; and which of them stay.
    #[track_caller]
    fn stay(keep: usize, runs: &str, expected: &str) {
        let runs: Vec<Run> = (0..)
            .zip(runs.chars())
            .map(|(nanos, kind)| Run {
                age: Age {
                    is_of_this_boot: true,
                    nanos,
                },
                is_short: kind == 's',
            })
            .collect();
        let stays = staying(&runs, keep);
        let shown: String = stays
            .iter()
            .map(|stays| if *stays { '+' } else { '-' })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn the_newest_stay() {
        stay(2, "", "");
        stay(2, "ll", "++");
        stay(2, "llll", "--++");
        stay(2, "ssss", "--++");
        stay(0, "ls", "--");
        stay(9, "lsls", "++++");
    }

    #[test]
    fn a_run_that_failed_at_its_start_displaces_only_such() {
        stay(2, "lsssss", "+----+");
        stay(2, "llssss", "++----");
        stay(1, "llssss", "-+----");
        stay(3, "llssss", "++---+");
        stay(3, "slss", "-+++");
        stay(1, "ssl", "--+");
        stay(2, "lssl", "--++");
        stay(2, "sslssl", "----++");
    }

    #[test]
    fn what_was_made_in_this_boot_is_newer_whatever_the_clock_said() {
        let age = |is_of_this_boot, nanos| Age {
            is_of_this_boot,
            nanos,
        };
        assert!(age(true, 1) > age(false, u64::MAX));
        assert!(age(true, 2) > age(true, 1));
        assert!(age(false, 2) > age(false, 1));
    }
}
