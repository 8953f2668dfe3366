//! Who lives: told from outside, by a file that is open for reading.

use super::child::{Child, kill};
use super::{KILLED, TempDir, identity, make, map, state, state_with, wanted};
use crate::file::lock;
use crate::file::process;
use crate::file::state::RingState;
use crate::format::file_header::LOCK_NONE;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::thread;

#[test]
fn a_process_runs_until_it_is_killed() {
    let dir = TempDir::new();
    let child = Child::start("make", dir.path());
    let path = child.path();
    assert_eq!(state(&path), RingState::Running);
    child.kill();
    assert_eq!(state(&path), KILLED);
}

/// A child inherits what its parent has open. It has the memory of the ring as well, but does not write to it.
#[test]
fn a_forked_child_does_not_keep_its_parents_ring_alive() {
    for work in ["fork", "spawn"] {
        let dir = TempDir::new();
        let parent = Child::start(work, dir.path());
        let (pid, path) = parent.said.split_once(' ').unwrap();
        let (pid, path) = (String::from(pid), PathBuf::from(path));
        assert_eq!(state(&path), RingState::Running);
        parent.kill();
        let found = state(&path);
        assert!(fs::exists(format!("/proc/{pid}")).unwrap());
        kill(&pid);
        assert_eq!(found, KILLED, "{work}");
    }
}

#[test]
fn nor_do_children_that_are_made_while_the_rings_are() {
    let dir = TempDir::new();
    let parent = Child::start("fork all the time", dir.path());
    let children = parent.said.clone();
    let paths: Vec<PathBuf> = dir
        .names()
        .iter()
        .map(|name| dir.path().join(name))
        .collect();
    assert_eq!(paths.len(), 30);
    assert!(paths.iter().all(|path| state(path) == RingState::Running));
    parent.kill();
    let states: Vec<RingState> = paths.iter().map(|path| state(path)).collect();
    kill(&children);
    assert_eq!(states, vec![KILLED; 30]);
}

#[test]
fn what_a_forked_child_drops_stays_its_parents() {
    let dir = TempDir::new();
    let parent = Child::start("fork, and drop", dir.path());
    assert_eq!(state(&parent.path()), RingState::Running);
    assert_eq!(dir.names().len(), 2, "the hidden file is still there");
    let file = File::open(parent.path()).unwrap();
    assert!(lock::is_held(&file).unwrap());
    parent.kill();
}

/// A container has pids of its own, and its first process is 1 in each.
#[test]
fn a_process_in_another_container_is_judged_by_its_lock() {
    let dir = TempDir::new();
    let container =
        r#"exec unshare --user --map-root-user --pid --fork --kill-child --mount-proc "$@""#;
    let Some(child) = Child::try_start("make", dir.path(), container, 64 << 10) else {
        // No namespaces for this user.
        return;
    };
    let path = child.path();
    let identity = identity(&path);
    assert_eq!(identity.pid, 1);
    assert_ne!(identity.pid_namespace, process::pid_namespace());
    assert_eq!(state(&path), RingState::Running);
    // Who is killed first is the one outside, and the system sees to the one inside.
    child.kill();
    while state(&path) == RingState::Running {
        thread::yield_now();
    }
    assert_eq!(state(&path), KILLED);
}

#[test]
fn one_that_has_lost_its_lock_is_known_by_its_pid_and_its_start() {
    let dir = TempDir::new();
    let made = make(&wanted(dir.path())).unwrap();
    let path = &made.path;
    let mapping = map(&made);
    drop(made.lock);
    assert_eq!(state(path), RingState::Running);
    // Another has its pid by now, or nobody.
    assert_eq!(
        state_with(path, |identity| identity.pid_started += 1),
        KILLED
    );
    assert_eq!(state_with(path, |identity| identity.pid = 1 << 32), KILLED);
    // A pid of another namespace says nothing.
    let elsewhere = state_with(path, |identity| identity.pid_namespace.inode += 1);
    assert_eq!(elsewhere, KILLED);
    // The process lives, and the ring does not: it has become another program, say.
    drop(mapping);
    assert_eq!(state(path), KILLED);
    let boot = state_with(path, |identity| identity.boot_id[3] ^= 1);
    assert_eq!(boot, RingState::SystemEnded);
}

#[test]
fn a_lock_tells_more_than_everything_else() {
    let dir = TempDir::new();
    let made = make(&wanted(dir.path())).unwrap();
    let running = state_with(&made.path, |identity| {
        identity.pid_started += 1;
        identity.boot_id[3] ^= 1;
        identity.pid_namespace.inode += 1;
        identity.lock = LOCK_NONE;
    });
    assert_eq!(running, RingState::Running);
}

#[test]
fn without_locks_only_a_process_that_can_be_seen_is_judged() {
    let dir = TempDir::new();
    let made = make(&wanted(dir.path())).unwrap();
    let path = &made.path;
    drop(made.lock);
    let none = |change: fn(&mut crate::format::file_header::Identity)| {
        state_with(path, |identity| {
            identity.lock = LOCK_NONE;
            change(identity);
        })
    };
    assert_eq!(none(|_| ()), RingState::Running);
    assert_eq!(none(|identity| identity.pid_started += 1), KILLED);
    for unknown in [
        none(|identity| identity.pid_namespace.inode += 1),
        none(|identity| identity.boot_id[3] ^= 1),
    ] {
        assert!(matches!(unknown, RingState::Unknown(_)), "{unknown}");
    }
}

#[test]
fn a_copy_says_nothing_and_another_name_is_none() {
    let dir = TempDir::new();
    let made = make(&wanted(dir.path())).unwrap();
    let (copy, name) = (dir.path().join("copy"), dir.path().join("name"));
    fs::copy(&made.path, &copy).unwrap();
    fs::hard_link(&made.path, &name).unwrap();
    assert_eq!(state(&copy), RingState::Copy);
    assert_eq!(state(&name), RingState::Running);
    let device = state_with(&name, |identity| identity.file.device += 1);
    assert_eq!(device, RingState::Copy);
    // Devices may be numbered anew by another boot.
    drop(made.lock);
    let earlier = state_with(&name, |identity| {
        identity.file.device += 1;
        identity.boot_id[3] ^= 1;
    });
    assert_eq!(earlier, RingState::SystemEnded);
}

#[test]
fn who_has_said_goodbye_is_believed() {
    let dir = TempDir::new();
    let made = make(&wanted(dir.path())).unwrap();
    for (word, expected) in [(2, RingState::Closed), (3, RingState::Exited)] {
        made.file.write_all_at(&[word], 0x1040).unwrap();
        assert_eq!(state(&made.path), expected);
    }
    made.file.write_all_at(&[4], 0x1040).unwrap();
    assert!(matches!(state(&made.path), RingState::Unknown(_)));
}

#[test]
fn asking_takes_nothing() {
    let dir = TempDir::new();
    let made = make(&wanted(dir.path())).unwrap();
    let path = made.path;
    drop(made.lock);
    let reader = File::open(&path).unwrap();
    assert!(!lock::is_held(&reader).unwrap());
    assert!(!lock::is_held(&reader).unwrap());
    let writer = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    let lock = lock::Lock::take(&writer, &path).unwrap();
    assert!(lock::is_held(&reader).unwrap());
    // A second one is refused, and the first is none the worse for it.
    assert!(lock::Lock::take(&writer, &path).is_err());
    assert!(lock::is_held(&reader).unwrap());
    drop(lock);
    assert!(!lock::is_held(&reader).unwrap());
}
