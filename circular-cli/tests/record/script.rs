//! A terminal, which is script(1)'s: what is typed there, and what it shows.

use std::io::{Read, Write};
use std::process::{Child, Stdio};

use crate::recorded::{Dir, fresh};

/// A line of bash on a terminal of 40 rows and 100 columns. Its keyboard is the child's standard input.
pub(crate) fn on_terminal(line: &str) -> Child {
    let line = format!("stty rows 40 cols 100; exec bash --norc -c '{line}'");
    shell(&line)
}

pub(crate) fn shell(line: &str) -> Child {
    let mut command = fresh("script");
    command.args(["--quiet", "--return", "--command", line, "/dev/null"]);
    command
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm")
        .env("PS1", "$ ");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script, of bsdutils, is needed")
}

/// `circular run` as it is typed.
pub(crate) fn typed(dir: &Dir, command: &str) -> String {
    let binary = env!("CARGO_BIN_EXE_circular");
    format!(
        "{binary} run --size 1MiB -D {} -- {command}",
        dir.0.display()
    )
}

/// What comes up to a text.
#[track_caller]
pub(crate) fn until(child: &mut Child, text: &str) -> String {
    let (out, mut seen) = (child.stdout.as_mut().unwrap(), Vec::new());
    while !seen.ends_with(text.as_bytes()) {
        let mut byte = [0];
        if out.read(&mut byte).unwrap() == 0 {
            panic!("no {text:?} in {:?}", String::from_utf8_lossy(&seen));
        }
        seen.push(byte[0]);
    }
    String::from_utf8_lossy(&seen).into_owned()
}

pub(crate) fn press(child: &mut Child, keys: &str) {
    child
        .stdin
        .as_mut()
        .unwrap()
        .write_all(keys.as_bytes())
        .unwrap();
}

/// All that is left, and the exit status.
pub(crate) fn rest(mut child: Child) -> (String, Option<i32>) {
    let mut out = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
    let status = child.wait().unwrap();
    (String::from_utf8_lossy(&out).into_owned(), status.code())
}
