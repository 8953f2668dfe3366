use std::io::Write;
use std::process::{Command, Stdio};

use crate::recorded::{Dir, lines};

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
