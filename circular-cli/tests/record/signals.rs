//! Signals that come to `circular run` go on to the command.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use circular_core::{CommandEnd, RingState};
use rustix::process::{Pid, Signal, kill_process};

use crate::recorded::{Dir, text_of};

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
        (Signal::ABORT, 6),
        (Signal::PIPE, 13),
        (Signal::STKFLT, 16),
        (Signal::XCPU, 24),
        (Signal::XFSZ, 25),
    ] {
        let dir = Dir::new();
        let (mut child, _lines) = started(&mut dir.run_line("echo ready; exec sleep 60"));
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(
            child.wait().unwrap().code(),
            Some(128 + number),
            "{signal:?}"
        );
        let ring = dir.ring();
        let end = ring.command_end().unwrap().unwrap().0;
        assert_eq!(end, CommandEnd::Killed(number), "{signal:?}");
        // It was passed on, and is no crash of who did that.
        assert_eq!(ring.state().unwrap(), RingState::Closed, "{signal:?}");
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
fn real_time_signals_go_on_too() {
    let dir = Dir::new();
    let line = "trap 'echo bye; exit 7' RTMIN+3; echo ready; while :; do sleep 0.1; done";
    let (mut child, mut lines) = started(&mut dir.run(&["bash", "-c", line]));
    let sent = Command::new("kill")
        .args(["-s", "RTMIN+3", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    assert_eq!(lines.next().unwrap(), "bye");
    assert_eq!(child.wait().unwrap().code(), Some(7));
}

#[test]
fn when_the_command_has_ended_they_are_for_whoever_waits() {
    let dir = Dir::new();
    // Nobody reads it, so it cannot end.
    let mut command = dir.run_line("seq 1 100000 & wait");
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let ring = loop {
        if let Some(ring) = dir.rings().pop() {
            break ring;
        }
        std::thread::yield_now();
    };
    // Until the pipe is full.
    let out = child.stdout.as_ref().unwrap();
    while rustix::io::ioctl_fionread(out).unwrap() < 60_000 {
        std::thread::yield_now();
    }
    let pid = i32::try_from(ring.info().command_pid.unwrap()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    while ring.command_end().unwrap().is_none() {
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(15), "{status}");
    // What it has passed on is kept, and what it could not.
    assert_eq!(ring.state().unwrap(), RingState::Closed);
    let (mut out, mut passed_on) = (child.stdout.take().unwrap(), String::new());
    out.read_to_string(&mut passed_on).unwrap();
    assert!(text_of(&ring, "stdout").starts_with(&passed_on));
}

#[test]
fn what_goes_on_with_the_streams_ends_in_order_with_what_it_has() {
    let dir = Dir::new();
    let fifo = dir.0.join("fifo");
    let line = format!(
        "mkfifo {0}; (read word <{0}; printf 'late\\nunfinished'; exec sleep 60) & echo $!",
        fifo.display()
    );
    let mut child = dir.run_line(&line).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let left: i32 = lines.next().unwrap().unwrap().parse().unwrap();
    assert!(child.wait().unwrap().success());
    std::fs::write(&fifo, "go on\n").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "late");
    let ring = loop {
        let rest = dir
            .rings()
            .into_iter()
            .find(|ring| ring.info().rest_of.is_some());
        if let Some(ring) = rest {
            break ring;
        }
        std::thread::yield_now();
    };
    let recorder = i32::try_from(ring.info().pid).unwrap();
    kill_process(Pid::from_raw(recorder).unwrap(), Signal::TERM).unwrap();
    // All that it holds open is closed.
    assert_eq!(lines.next().unwrap().unwrap(), "unfinished");
    assert!(lines.next().is_none());
    // Until its process has gone.
    while ring.state().unwrap() == RingState::Running {
        std::thread::yield_now();
    }
    assert_eq!(ring.state().unwrap(), RingState::Closed);
    let text = text_of(&ring, "stdout");
    assert_eq!(text, "late\nunfinished");
    kill_process(Pid::from_raw(left).unwrap(), Signal::KILL).unwrap();
}

#[test]
fn a_recorder_whose_ring_is_cut_goes_on_to_pass_on() {
    let dir = Dir::new();
    let line = "echo ready; read line; seq 1 2000; exit 7";
    let (mut child, lines) = started(dir.run_line(line).stdin(Stdio::piped()));
    let ring = dir.ring();
    let file = std::fs::File::options()
        .write(true)
        .open(ring.path())
        .unwrap();
    file.set_len(0).unwrap();
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"go on\n").unwrap();
    assert_eq!(lines.count(), 2000);
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
    // The command lives on.
    let print = |args: &[&str]| {
        let output = dir.circular(args).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let table = print(&["ls"]);
    let row = table.lines().nth(1).unwrap();
    assert!(
        row.contains(&format!(" {pid}  unknown  its recorder was killed, ")),
        "{table}"
    );
    let of_it: serde_json::Value = serde_json::from_str(&print(&["ls", "-o", "json"])).unwrap();
    assert_eq!(of_it["state"], "unknown");
    assert!(
        of_it["signal"].is_null() && of_it["status"].is_null(),
        "{of_it}"
    );
    let how = of_it["how"].as_str().unwrap();
    assert!(how.starts_with("its recorder died "), "{how}");
    assert!(
        how.ends_with("; how the command ended is not known"),
        "{how}"
    );
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    assert_eq!(ring.snapshot().unwrap().bytes(), b"ready\n");
    assert!(ring.state().unwrap().to_string().starts_with("died"));
    assert_eq!(ring.command_end().unwrap(), None, "nobody knows");
}
