//! A program with a ring in a file: this test binary again, in a part of its test `as_child`.
//!
//! It says what the test is to know in a line on its stderr, and ends when it is killed, or its stdin is closed.

use super::child;
use circular_core::{Ring, RingFile, RingState};
use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;

const DIR: &str = "CIRCULAR_TEST_DIR";

/// Nobody drops these: a program that just ends is to have a ring that is open.
static RINGS: Mutex<Vec<Ring>> = Mutex::new(Vec::new());

/// In such a program: makes its ring.
pub(crate) fn ring() -> Ring {
    let dir = env::var_os(DIR).unwrap();
    let builder = Ring::builder().capacity(64 << 10);
    let ring = builder.mapped_in(dir, "shop").build().unwrap();
    RINGS.lock().unwrap().push(ring.clone());
    ring
}

/// The same: the path of its ring.
pub(crate) fn path_of(ring: &Ring) -> String {
    ring.handle().path().unwrap().display().to_string()
}

/// The same: says a line. Or what a test has to say past its harness, which would keep it to itself.
pub(crate) fn say(line: &str) {
    let mut stderr = io::stderr();
    writeln!(stderr, "{line}").unwrap();
}

/// The same: until the test wants it to go on.
pub(crate) fn wait() {
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// It is killed when this is dropped.
pub(crate) struct Program {
    pub(crate) process: Child,
    /// The line that it has said, in words.
    pub(crate) said: Vec<String>,
}

/// How a program of this role is started.
pub(crate) fn command(role: &str, dir: &Path) -> Command {
    let mut command = child::command(role);
    command.env(DIR, dir).stdin(Stdio::piped());
    command
}

impl Program {
    pub(crate) fn start(role: &str, dir: &Path) -> Self {
        Self::ready(command(role, dir).spawn().unwrap())
    }

    /// Waits for what it says.
    pub(crate) fn ready(mut process: Child) -> Self {
        let mut line = String::new();
        let stderr = process.stderr.take().unwrap();
        BufReader::new(stderr).read_line(&mut line).unwrap();
        let said = line.split_whitespace().map(String::from).collect();
        Self { process, said }
    }

    /// Its ring: the first that it says.
    pub(crate) fn path(&self) -> PathBuf {
        let path = PathBuf::from(&self.said[0]);
        assert!(path.exists(), "it says {:?}", self.said);
        path
    }

    pub(crate) fn state(&self) -> RingState {
        state(&self.path())
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Lets it end by itself.
    #[allow(dead_code, reason = "not every test is about such an end")]
    pub(crate) fn end(&mut self) -> ExitStatus {
        drop(self.process.stdin.take());
        self.process.wait().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn state(path: &Path) -> RingState {
    RingFile::open(path).unwrap().state().unwrap()
}

/// Killed, and without a note.
#[track_caller]
pub(crate) fn assert_killed(path: &Path) {
    let state = state(path);
    assert!(
        matches!(state, RingState::Died { signal: None, .. }),
        "{state:?}"
    );
}
