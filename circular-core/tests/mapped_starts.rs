//! Programs that start at once, or over and over, under one name: which rings stay.
#![cfg(target_os = "linux")]

use circular_core::{Meta, RingFile, RingState};
use program::{Program, assert_killed, command, path_of, ring, say, wait};
use shared_dir::Dir;
use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

#[path = "common/child.rs"]
mod child;
#[path = "common/program.rs"]
mod program;
#[path = "common/shared_dir.rs"]
mod shared_dir;
#[path = "common/watchdog.rs"]
mod watchdog;

/// The full run, of 200, is `ci/kills.sh`.
const ROUNDS: usize = 20;
const AT_ONCE: usize = 8;
/// How many dead ones stay by default.
const KEEP: usize = 2;

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    let ring = ring();
    match role.as_str() {
        "fails" => writeln!(&ring, "cannot start").unwrap(),
        // As long as its records say.
        "lasts" => {
            let meta = Meta::new().time(SystemTime::now() + Duration::from_secs(3600));
            ring.record(meta, b"it was well\n").unwrap();
        }
        _ => unreachable!("{role}"),
    }
    say(&path_of(&ring));
    wait();
}

/// What is in a directory, in the order of the names.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn programs_that_start_at_once_have_a_ring_each_and_few_stay() {
    let _watchdog = watchdog::minutes(5);
    let dir = Dir::new("starts");
    for _ in 0..ROUNDS {
        let starting: Vec<_> = (0..AT_ONCE)
            .map(|_| command("fails", &dir.0).spawn().unwrap())
            .collect();
        let mut programs: Vec<Program> = starting.into_iter().map(Program::ready).collect();
        let rings: HashSet<PathBuf> = programs.iter().map(Program::path).collect();
        assert_eq!(rings.len(), AT_ONCE);
        let is_running = |program: &Program| program.state() == RingState::Running;
        assert!(programs.iter().all(is_running));
        programs.iter_mut().for_each(Program::kill);
        rings.iter().for_each(|ring| assert_killed(ring));

        let mut next = Program::start("fails", &dir.0);
        let left = files(&dir.0);
        assert_eq!(left.len(), KEEP + 1, "{left:?}");
        let (new, old): (Vec<_>, Vec<_>) = left.into_iter().partition(|ring| *ring == next.path());
        assert_eq!(new.len(), 1);
        assert!(
            old.iter().all(|ring| rings.contains(ring)),
            "the newest stay"
        );
        next.kill();
    }
}

#[test]
fn a_program_that_fails_over_and_over_keeps_what_it_said_when_it_was_well() {
    let _watchdog = watchdog::minutes(2);
    let dir = Dir::new("loop");
    let mut healthy = Program::start("lasts", &dir.0);
    healthy.kill();
    let mut last = None;
    for _ in 0..10 {
        let mut failing = Program::start("fails", &dir.0);
        failing.kill();
        last = Some(failing.path());
    }
    let new = Program::start("fails", &dir.0);
    let mut expected = vec![healthy.path(), last.unwrap(), new.path()];
    expected.sort();
    assert_eq!(files(&dir.0), expected);
    let said = RingFile::open(healthy.path()).unwrap().snapshot().unwrap();
    assert_eq!(said.bytes(), b"it was well\n");
}
