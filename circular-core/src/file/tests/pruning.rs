//! Which files go when a new ring is made, and that no other does.

use super::child::Child;
use super::{TempDir, dead, dead_of, identity, make, map, rewrite, state, wanted};
use crate::file::names::Name;
use crate::file::state::RingState;
use crate::file::wanted::Wanted;
use crate::format::file_header::Identity;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

const LONG: u64 = 3600;
const SHORT: u64 = 1;

/// Makes a ring of "shop" that keeps so many dead ones, and is alive.
fn start(dir: &TempDir, keep: usize) -> PathBuf {
    let wanted = Wanted {
        keep,
        ..wanted(dir.path())
    };
    let made = make(&wanted).unwrap();
    assert_eq!(state(&made.path), RingState::Running);
    made.path
}

fn stay(paths: &[PathBuf]) -> Vec<bool> {
    paths.iter().map(|path| path.exists()).collect()
}

#[test]
fn the_newest_dead_rings_stay() {
    let dir = TempDir::new();
    let old: Vec<PathBuf> = (0..5).map(|_| dead(&dir, LONG)).collect();
    let new = start(&dir, 2);
    assert_eq!(stay(&old), [false, false, false, true, true]);
    assert!(new.exists());
    let new = start(&dir, 0);
    assert_eq!(stay(&old), [false; 5]);
    assert!(new.exists());
}

#[test]
fn a_crash_loop_keeps_the_run_that_lasted() {
    let dir = TempDir::new();
    let healthy = dead(&dir, LONG);
    let mut last = healthy.clone();
    for _ in 0..6 {
        start_and_die(&dir);
        assert!(healthy.exists());
        let failed = dead(&dir, SHORT);
        assert!(last == healthy || last.exists());
        last = failed;
    }
    start(&dir, 2);
    assert_eq!(stay(&[healthy, last]), [true, true]);
}

/// A run that is over as soon as it has begun, and is forgotten.
fn start_and_die(dir: &TempDir) {
    fs::remove_file(start(dir, 2)).unwrap();
}

/// The last record's time tells how long a run was, not the file's.
#[test]
fn a_run_lasted_as_long_as_there_were_records() {
    use std::os::unix::fs::FileExt;

    let dir = TempDir::new();
    let minute = 60_000_000_000;
    // The latest since an entry of the index was begun, such an entry, and the end.
    for at in [0x1010, 0x2000 + 24, 0x1048] {
        let lasted = dead(&dir, 0);
        let created = identity(&lasted).created;
        let file = OpenOptions::new().write(true).open(&lasted).unwrap();
        let (was, time) = (
            file.metadata().unwrap().modified().unwrap(),
            created + minute,
        );
        file.write_all_at(&0_u64.to_le_bytes(), 0x2000).unwrap();
        file.write_all_at(&time.to_le_bytes(), at).unwrap();
        file.set_modified(was).unwrap();
        let failed = [dead(&dir, SHORT), dead(&dir, SHORT)];
        start(&dir, 2);
        assert!(lasted.exists(), "{at:#x}");
        assert_eq!(stay(&failed), [false, true]);
        fs::remove_file(lasted).unwrap();
        fs::remove_file(&failed[1]).unwrap();
    }
}

#[test]
fn the_living_stay_however_many() {
    let dir = TempDir::new();
    let living: Vec<_> = (0..5).map(|_| make(&wanted(dir.path())).unwrap()).collect();
    // One that is closed has followers yet, and one has lost its lock, as by a loop that closes all descriptors.
    let closed = make(&wanted(dir.path())).unwrap();
    set_state(&closed.path, 2);
    let without = make(&wanted(dir.path())).unwrap();
    let _mapping = map(&without);
    drop(without.lock);
    start(&dir, 0);
    assert!(living.iter().all(|made| made.path.exists()));
    assert!(closed.path.exists());
    assert!(without.path.exists());
    let (closed, path) = (closed.lock, closed.path);
    drop(closed);
    start(&dir, 0);
    assert!(!path.exists());
}

fn set_state(path: &Path, state: u8) {
    use std::os::unix::fs::FileExt;
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&[state], 0x1040).unwrap();
}

#[test]
fn what_is_not_a_dead_ring_of_this_program_stays() {
    let (dir, elsewhere) = (TempDir::new(), TempDir::new());
    let name = |ring| dir.path().join(Name::new("shop", ring).unwrap().public());
    let of_another = dead_of(
        Wanted {
            program: String::from("till"),
            ..wanted(dir.path())
        },
        LONG,
    );
    // Its name begins as that of this program does.
    let of_a_namesake = dead_of(
        Wanted {
            program: String::from("shop.00000000000000aa.ring"),
            ..wanted(dir.path())
        },
        LONG,
    );
    let ring = dead(&elsewhere, LONG);
    let (copy, link, text, empty) = (name(1), name(2), name(3), name(4));
    fs::copy(&ring, &copy).unwrap();
    symlink(&ring, &link).unwrap();
    fs::write(&text, b"my notes").unwrap();
    fs::write(&empty, b"").unwrap();
    let (pipe, directory) = (name(5), name(6));
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    fs::create_dir(&directory).unwrap();
    // Rings with names that are not theirs.
    let (renamed, plain) = (name(7), dir.path().join("shop.ring"));
    fs::rename(dead(&dir, LONG), &renamed).unwrap();
    fs::rename(dead(&dir, LONG), &plain).unwrap();
    let damaged = dead(&dir, LONG);
    let mut page = identity(&damaged).encode();
    page[0x300] ^= 1;
    fs::write(&damaged, page).unwrap();
    // Nobody knows what becomes of one whose system is another, on a network; but no network is here.
    let names = dir.names();
    let new = start(&dir, 0);
    fs::remove_file(new).unwrap();
    assert_eq!(dir.names(), names);
    assert!(ring.exists());
    for path in [of_another, of_a_namesake] {
        assert!(path.exists());
    }
}

/// Only root can give a file away.
#[test]
fn another_users_ring_stays() {
    let dir = TempDir::new();
    let path = dead(&dir, LONG);
    if std::os::unix::fs::chown(&path, Some(12345), None).is_ok() {
        start(&dir, 0);
        assert!(path.exists());
    }
}

#[test]
fn those_of_an_earlier_boot_and_those_that_were_cut_go_as_well() {
    let dir = TempDir::new();
    let (before, cut) = (dead(&dir, LONG), dead(&dir, LONG));
    let file = OpenOptions::new().write(true).open(&before).unwrap();
    let identity = Identity {
        boot_id: [7; 16],
        ..identity(&before)
    };
    rewrite(&file, &identity);
    assert_eq!(state(&before), RingState::SystemEnded);
    let file = OpenOptions::new().write(true).open(&cut).unwrap();
    file.set_len(0x2000).unwrap();
    start(&dir, 0);
    assert_eq!(stay(&[before, cut]), [false, false]);
}

#[test]
fn what_a_killed_maker_has_left_goes_and_what_a_living_one_has_stays() {
    let dir = TempDir::new();
    let (killed, living) = (
        Child::start("prepare", dir.path()),
        Child::start("prepare", dir.path()),
    );
    assert_eq!(dir.names().len(), 2);
    killed.kill();
    assert_eq!(dir.names().len(), 2, "what is killed cleans nothing up");
    let of_another = dir.path().join(".till.00000000000000aa.ring.1.new");
    fs::write(&of_another, b"").unwrap();
    fs::remove_file(start(&dir, 2)).unwrap();
    let names = dir.names();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(of_another.exists());
    assert!(living.end());
    assert_eq!(dir.names().len(), 1);
}
