//! Signals that come to `circular run` go on to the command.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use circular_core::CommandEnd;
use rustix::process::{Pid, Signal, kill_process};

use crate::recorded::Dir;

/// Starts a line of a shell that prints `ready` when it is.
fn started(command: &mut Command) -> (Child, impl Iterator<Item = String> + use<>) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "ready");
    (child, lines)
}

#[test]
fn it_goes_on_to_the_command_and_the_status_tells() {
    for (signal, number) in [
        (Signal::TERM, 15),
        (Signal::INT, 2),
        (Signal::QUIT, 3),
        (Signal::HUP, 1),
        (Signal::USR1, 10),
        (Signal::ALARM, 14),
    ] {
        let dir = Dir::new();
        let (mut child, _lines) = started(&mut dir.run_line("echo ready; exec sleep 60"));
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(
            child.wait().unwrap().code(),
            Some(128 + number),
            "{signal:?}"
        );
        let end = dir.ring().command_end().unwrap().unwrap().0;
        assert_eq!(end, CommandEnd::Killed(number), "{signal:?}");
    }
}

#[test]
fn a_command_that_handles_it_ends_as_it_likes() {
    let dir = Dir::new();
    let line = "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.1; done";
    let (mut child, mut lines) = started(&mut dir.run_line(line));
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(lines.next().unwrap(), "bye");
    assert_eq!(child.wait().unwrap().code(), Some(7));
}

#[test]
fn the_ring_survives_a_recorder_that_is_killed() {
    let dir = Dir::new();
    let (mut child, _lines) = started(&mut dir.run_line("echo ready; exec sleep 60"));
    let ring = dir.ring();
    let pid = i32::try_from(ring.info().command_pid.unwrap()).unwrap();
    // It goes on first, and is recorded then.
    let mut reader = ring.reader().open();
    assert_eq!(reader.recv().unwrap().bytes(), b"ready\n");
    child.kill().unwrap();
    child.wait().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    assert_eq!(ring.snapshot().unwrap().bytes(), b"ready\n");
    assert!(ring.state().unwrap().to_string().starts_with("died"));
    assert_eq!(ring.command_end().unwrap(), None, "nobody knows");
}
