//! Running this test binary again, as the program that a test is about.
//!
//! The binary has a test called `as_child`, which does nothing unless it has a role. Its output goes
//! to where the program's own goes, and the harness writes to stdout only.

use std::env;
use std::process::{Command, Stdio};

const ROLE: &str = "CIRCULAR_TEST_ROLE";

/// The part to play, in a child.
pub(crate) fn role() -> Option<String> {
    env::var(ROLE).ok()
}

/// This binary in the part of `role`, with a pipe for its stderr.
pub(crate) fn command(role: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "as_child", "--nocapture"])
        .env(ROLE, role)
        .env_remove("RUST_BACKTRACE")
        .env_remove("RUST_LIB_BACKTRACE")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}
