//! What is said beside the data.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line to standard error. That nobody reads it is no error.
pub(crate) fn say(line: impl Display) {
    // In one call, so that lines of several processes do not mix.
    let line = format!("{line}\n");
    let _ = io::stderr().write_all(line.as_bytes());
}
