use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use circular_core::{CommandEnd, RingState};
use rustix::process::{Pid, Signal, kill_process};

use crate::recorded::{Dir, fresh, lines, text_of};

#[test]
fn what_comes_goes_on_and_is_kept() {
    let dir = Dir::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_circular"));
    command
        .args(["tee", "--name", "shop", "--size", "1MiB", "-D"])
        .arg(&dir.0);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"one\n[W] two\nthree").unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), &*output.stdout),
        (Some(0), &b"one\n[W] two\nthree"[..])
    );
    let ring = dir.ring();
    assert_eq!(ring.info().program, "shop");
    let found: Vec<_> = lines(&ring)
        .into_iter()
        .map(|(target, level, text)| (target, level.is_some(), text))
        .collect();
    let line = |has_level, text: &str| (String::from("stdout"), has_level, String::from(text));
    assert_eq!(
        found,
        [
            line(false, "one\n"),
            line(true, "[W] two\n"),
            line(false, "three")
        ]
    );
}

fn tee(dir: &Dir) -> Command {
    let mut command = fresh(env!("CARGO_BIN_EXE_circular"));
    command.arg("tee").arg("-D").arg(&dir.0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

#[test]
fn an_interrupt_is_for_whoever_writes_whose_last_words_are_kept() {
    let dir = Dir::new();
    let mut child = tee(&dir).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"one\n").unwrap();
    let mut one = [0; 4];
    child.stdout.as_mut().unwrap().read_exact(&mut one).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    input.write_all(b"bye\n").unwrap();
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let ring = dir.ring();
    assert_eq!(ring.info().program, "tee");
    assert_eq!(text_of(&ring, "stdout"), "one\nbye\n");
}

#[test]
fn a_reader_that_goes_away_ends_it_and_a_full_disk_does_not() {
    let dir = Dir::new();
    let mut child = tee(&dir).spawn().unwrap();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    // Until it has ended, which who writes is told by a broken pipe.
    while input.write_all(b"one\n").is_ok() {}
    assert!(child.wait().unwrap().success());

    let dir = Dir::new();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = tee(&dir);
    let mut child = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"one\n").unwrap();
    input.write_all(b"two\n").unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(err.matches("stdout cannot be written").count(), 1, "{err}");
    assert_eq!(output.status.code(), Some(1), "as tee(1)");
    assert_eq!(text_of(&dir.ring(), "stdout"), "one\ntwo\n");
}

#[test]
fn what_cannot_be_read_is_no_end() {
    let dir = Dir::new();
    let input = File::open(&dir.0).unwrap();
    let output = tee(&dir).stdin(input).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("Is a directory"), "{err}");
    assert!(err.lines().last().unwrap().starts_with("Try: "), "{err}");
}

#[test]
fn a_signal_ends_it_in_order_with_all_that_came() {
    for (signal, number, name) in [
        (Signal::TERM, 15, "SIGTERM"),
        (Signal::HUP, 1, "SIGHUP"),
        (Signal::QUIT, 3, "SIGQUIT"),
        (Signal::USR1, 10, "SIGUSR1"),
    ] {
        let dir = Dir::new();
        let mut child = tee(&dir).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"one\n").unwrap();
        let mut one = [0; 4];
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut one).unwrap();
        // Who writes goes on to hold the pipe open.
        input.write_all(b"unfinished").unwrap();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "unfinished", "{name}");
        assert_eq!(child.wait().unwrap().signal(), Some(number), "{name}");
        let ring = dir.ring();
        assert_eq!(text_of(&ring, "stdout"), "one\nunfinished", "{name}");
        assert_eq!(ring.state().unwrap(), RingState::Closed, "{name}");
        let (end, _) = ring.command_end().unwrap().unwrap();
        assert_eq!(end, CommandEnd::Killed(number), "{name}");
        let listed = dir.circular(&["ls"]).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.contains(&format!("died   by {name}")), "{listed}");
        drop(input);
    }
}

#[test]
fn a_signal_ends_it_where_nobody_reads_and_what_it_has_is_kept() {
    let dir = Dir::new();
    let mut child = tee(&dir).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let line = b"a line that nobody reads\n";
    // More than the pipe behind it holds, and so it waits amid its write; the pipe in front of it has the rest.
    let text = line.repeat(100_000 / line.len());
    input.write_all(&text).unwrap();
    let out = child.stdout.as_ref().unwrap();
    let waits = |input: &std::process::ChildStdin| {
        rustix::io::ioctl_fionread(out).unwrap() == 65_536
            && rustix::io::ioctl_fionread(input).unwrap() == 0
    };
    while !waits(&input) {
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    let ring = dir.ring();
    assert!(text_of(&ring, "stdout").as_bytes() == text);
    assert_eq!(ring.state().unwrap(), RingState::Closed);
}

#[test]
fn a_signal_that_is_ignored_does_not_end_it() {
    let dir = Dir::new();
    let mut command = Command::new("env");
    command
        .args(["--default-signal", "--ignore-signal=HUP"])
        .arg(env!("CARGO_BIN_EXE_circular"))
        .args(["tee", "-D"])
        .arg(&dir.0);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"one\n").unwrap();
    let mut one = [0; 4];
    child.stdout.as_mut().unwrap().read_exact(&mut one).unwrap();
    kill_process(Pid::from_child(&child), Signal::HUP).unwrap();
    input.write_all(b"two\n").unwrap();
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(text_of(&dir.ring(), "stdout"), "one\ntwo\n");
}
