//! What is said beside the data.

use std::fmt::Display;
use std::io::{self, Write};

use circular_core::{Colors, push_for_terminal};

/// Writes a line to standard error. That nobody reads it is no error.
pub(crate) fn say(line: impl Display) {
    // In one call, so that lines of several processes do not mix. Names of files are in it, which may be somebody else's.
    let mut shown = Vec::new();
    push_for_terminal(&mut shown, format!("{line}\n").as_bytes(), Colors::Show);
    let _ = io::stderr().write_all(&shown);
}
