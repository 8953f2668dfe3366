use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

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
