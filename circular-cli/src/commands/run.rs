//! `circular run`: a command with a ring around what it prints.

use crate::args::Run;
use crate::output::stderr::say;
use crate::run::command::FAILED;
use crate::run::{beside, on_terminal};

/// Returns the command's exit status, or 125 to 127.
pub(crate) fn run(run: &Run) -> u8 {
    let (record, words) = (&run.record, &run.command);
    let ran = if on_terminal::is_one() {
        on_terminal::run(record, words)
    } else {
        beside::run(record, words)
    };
    ran.unwrap_or_else(|error| {
        let command = words[0].to_string_lossy();
        say(format_args!(
            "circular: cannot run {command} with a ring around it: {error}\nTry: the command without `circular run`"
        ));
        FAILED
    })
}
