//! A program that logs, and is killed.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use circular_core::{Level, Ring};

use crate::rings::{Rings, write_shop};

const DIR: &str = "CIRCULAR_TEST_DIR";
const NAME: &str = "CIRCULAR_TEST_NAME";

/// One that has written the shop's lines, and waits.
pub(crate) struct Program(Child, BufReader<ChildStdout>);

impl Program {
    pub(crate) fn start(rings: &Rings, name: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([
            "--exact",
            "program::is_started_by_other_tests",
            "--nocapture",
        ]);
        Self::spawn(command.env(NAME, name), &rings.0)
    }

    fn spawn(command: &mut Command, dir: &Path) -> Self {
        command
            .env(DIR, dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while line != "has written\n" {
            line.clear();
            assert_ne!(out.read_line(&mut line).unwrap(), 0, "it has ended");
        }
        Self(child, out)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) -> u32 {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
        self.0.id()
    }

    /// Writes one more line, and ends, closing its ring.
    pub(crate) fn end(mut self) -> u32 {
        drop(self.0.stdin.take());
        self.1.read_to_end(&mut Vec::new()).unwrap();
        assert!(self.0.wait().unwrap().success());
        self.0.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn is_started_by_other_tests() {
    let (Ok(dir), Ok(name)) = (std::env::var(DIR), std::env::var(NAME)) else {
        return;
    };
    let builder = Ring::builder().capacity(64 << 10).keep(8);
    let ring = builder.mapped_in(dir, &name).build().unwrap();
    write_shop(&ring);
    std::io::stdout().write_all(b"\nhas written\n").unwrap();
    // Until it is killed, or its input ends.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    crate::rings::write(&ring, Level::Info, "shop", 300, "closed");
}
