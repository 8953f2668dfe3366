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
    shell_in(&[], line)
}

/// A line of a shell on a terminal, all of it behind some words, such as those of [`pid_namespace`].
pub(crate) fn shell_in(before: &[&str], line: &str) -> Child {
    let mut words = before.iter().chain(&["script"]);
    let mut command = fresh(words.next().unwrap());
    command.args(words);
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

/// What has a command run in a PID namespace of its own. `None` if that may not be done here, which is told.
pub(crate) fn pid_namespace() -> Option<[&'static str; 6]> {
    let words = [
        "unshare",
        "--user",
        "--map-root-user",
        "--pid",
        "--fork",
        "--mount-proc",
    ];
    let tried = fresh(words[0]).args(&words[1..]).arg("true").output();
    let tried = tried.unwrap();
    if tried.status.success() {
        return Some(words);
    }
    let refused = String::from_utf8_lossy(&tried.stderr);
    let line = format!("NOT TESTED: no PID namespace can be had here: {refused}");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    None
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
