//! What a command is started with, which `circular run` has from whoever started that.

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use circular_core::CommandEnd;
use rustix::process::{Pid, Signal, kill_process};

use crate::recorded::{Dir, text_of};

/// `circular run` of a line of bash, by an env(1) with these options. Other shells begin with nothing blocked.
fn run_by(options: &[&str], dir: &Dir, line: &str) -> Command {
    let mut command = Command::new("env");
    command
        .arg("--default-signal")
        .args(options)
        .arg(env!("CARGO_BIN_EXE_circular"))
        .arg("run")
        .arg("-D")
        .arg(&dir.0)
        .args(["--size=1MiB", "--", "bash", "-c", line]);
    command
}

/// The same on a terminal.
fn run_on_terminal_by(options: &str, dir: &Dir, line: &str) -> Command {
    let line = format!(
        "exec env --default-signal {options} {} run --size 1MiB -D {} -- {line}",
        env!("CARGO_BIN_EXE_circular"),
        dir.0.display()
    );
    on_terminal(&line)
}

fn on_terminal(line: &str) -> Command {
    let mut command = Command::new("script");
    command
        .args(["--quiet", "--return", "--command", line, "/dev/null"])
        .env("SHELL", "/bin/sh");
    command
}

/// Runs it to its end. Its keyboard stays there as long, as script(1) would type an end.
fn ended(command: &mut Command) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _keyboard = child.stdin.take();
    child.wait_with_output().unwrap()
}

/// What is ignored, and what is blocked; but for the two signals that are the C library's own, which nobody can pass on.
fn shown(command: &mut Command) -> Vec<(String, u64)> {
    let output = ended(command);
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let mask = |line: &str| {
        let Some((name, mask)) = line.split_once(":\t") else {
            panic!("{printed:?}");
        };
        let mask = u64::from_str_radix(mask, 16).unwrap();
        (name.to_owned(), mask & !(0b11 << 31))
    };
    let masks: Vec<_> = printed.lines().map(mask).collect();
    assert_eq!(masks.len(), 2, "{printed:?}");
    masks
}

const SHOW: &str = "exec grep -E '^Sig(Ign|Blk)' /proc/self/status";

#[test]
fn what_was_ignored_or_blocked_is_so_for_the_command() {
    for options in [
        &["--ignore-signal=PIPE"][..],
        &["--ignore-signal=CHLD"],
        &["--ignore-signal=HUP,USR1,SEGV"],
        &[
            "--ignore-signal=PIPE,CHLD",
            "--block-signal=TERM,CHLD,PIPE,RTMIN",
        ],
        &["--block-signal=USR1,TSTP,CONT,WINCH"],
        &[],
    ] {
        let mut without = Command::new("env");
        without.arg("--default-signal").args(options);
        let without = shown(without.args(["bash", "-c", SHOW]));
        let dir = Dir::new();
        assert_eq!(
            shown(&mut run_by(options, &dir, SHOW)),
            without,
            "{options:?}"
        );

        let options = options.join(" ");
        let show = format!("bash -c \"{SHOW}\"");
        let line = format!("exec env --default-signal {options} {show}");
        let without = shown(&mut on_terminal(&line));
        assert_eq!(
            shown(&mut run_on_terminal_by(&options, &dir, &show)),
            without,
            "on a terminal: {options}"
        );
    }
}

#[test]
fn who_ignores_the_ends_of_children_gets_the_status_all_the_same() {
    let dir = Dir::new();
    let line = "sleep 0.1; echo last; exit 5";
    let mut by_pipe = run_by(&["--ignore-signal=CHLD"], &dir, line);
    let options = "--ignore-signal=CHLD";
    let mut on_terminal = run_on_terminal_by(options, &dir, &format!("sh -c \"{line}\""));
    for (count, command) in [&mut by_pipe, &mut on_terminal].into_iter().enumerate() {
        let output = ended(command);
        assert_eq!(output.status.code(), Some(5), "{output:?}");
        let ring = &dir.rings()[count];
        let (end, _) = ring.command_end().unwrap().unwrap();
        assert_eq!(end, CommandEnd::Exited(5));
        assert!(text_of(ring, "stdout").ends_with("last\n"));
    }
}

#[test]
fn a_signal_that_is_blocked_goes_on_to_where_it_waits() {
    let dir = Dir::new();
    // Bit 14 is SIGTERM's.
    let line =
        "echo ready; until grep -q '^S..Pnd:.*4000$' /proc/$$/status; do sleep 0.05; done; exit 7";
    let mut command = run_by(&["--block-signal=TERM"], &dir, line);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut ready).unwrap();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(7));
}
