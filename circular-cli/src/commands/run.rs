//! `circular run`: a command with a ring around what it prints.

use crate::args::Run;
use crate::output::stderr::say;
use crate::run::command::FAILED;
use crate::run::{beside, inherited, on_terminal};

/// Returns the command's exit status, or 125 to 127.
pub(crate) fn run(run: &Run) -> u8 {
    let (record, words) = (&run.record, &run.command);
    let ran = inherited::set_aside().and_then(|()| {
        // Where no terminal can be made, it runs without one.
        let stage = on_terminal::is_one()
            .then(|| on_terminal::set(words).ok())
            .flatten();
        match stage {
            Some(stage) => on_terminal::run(stage, record, words),
            None => beside::run(record, words),
        }
    });
    ran.unwrap_or_else(|error| {
        let command = words[0].to_string_lossy();
        say(format_args!(
            "circular: cannot run {command} with a ring around it: {error}\nTry: the command without `circular run`"
        ));
        FAILED
    })
}
