//! The command `circular`: the log that a program keeps in memory, looked at from outside.
//!
//! | room | what is there |
//! |---|---|
//! | `commands` | what each command does |
//! | `show` | records for people and programs |
//! | `find` | which rings there are, and which somebody means |
//! | `output` | where it goes |
//! | `args`, `failure` | what can be typed, and what comes of it |

#[cfg(not(unix))]
compile_error!(
    "circular-cli is for Linux, and for macOS and other unix to look at copies of rings; circular-core reads them everywhere"
);

mod args;
mod commands;
mod failure;
mod find;
mod output;
mod show;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use clap_complete::CompleteEnv;

use crate::args::{Cli, Command};
use crate::failure::Status;
use crate::output::interrupt;
use crate::output::stderr::say;
use crate::output::stdout::{Out, Stop};

fn main() -> ExitCode {
    // A shell asks for completions: then that is all.
    CompleteEnv::with_factory(Cli::command).complete();
    let ended = match Cli::try_parse() {
        Ok(cli) => run(&cli.command),
        Err(error) => usage(&error),
    };
    match ended {
        Ok(status) => status.into(),
        // Who reads it has what they wanted.
        Err(Stop::Gone) => Status::Fine.into(),
        Err(Stop::Failed(failure)) => {
            say(&failure);
            failure.status.into()
        }
    }
}

fn run(command: &Command) -> Result<Status, Stop> {
    interrupt::ends_it();
    match command {
        Command::Ls(ls) => commands::ls::run(ls),
        Command::Tail(tail) => commands::tail::run(tail),
        Command::Dump(dump) => commands::dump::run(dump),
        Command::Stat(stat) => commands::stat::run(stat),
        Command::Check(check) => commands::check::run(check),
        Command::Completions(completions) => commands::completions::run(completions),
        Command::Man(man) => commands::man::run(man),
    }
}

/// Help and versions are data; what was wrong is not.
fn usage(error: &clap::Error) -> Result<Status, Stop> {
    let text = error.render().to_string();
    if error.use_stderr() {
        say(text.trim_end());
        return Ok(Status::Usage);
    }
    Out::direct().write(text.as_bytes())?;
    Ok(Status::Fine)
}
