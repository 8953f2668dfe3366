//! The command `circular`: the log that a program keeps in memory, looked at from outside.
//!
//! | room | what is there |
//! |---|---|
//! | `commands` | what each command does |
//! | `show` | records for people and programs |
//! | `serve` | records on a page |
//! | `run` | a ring around what a program prints |
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
#[cfg(target_os = "linux")]
mod handed;
mod output;
#[cfg(target_os = "linux")]
mod run;
#[cfg(feature = "serve")]
mod serve;
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
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return usage(&error),
    };
    match &command {
        // These have their own signals, and a status that is another's.
        #[cfg(target_os = "linux")]
        Command::Run(run) => commands::run::run(run).into(),
        #[cfg(target_os = "linux")]
        Command::Tee(tee) => end(commands::tee::run(tee)),
        #[cfg(target_os = "linux")]
        Command::After(after) => match run::after::run(after) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        #[cfg(target_os = "linux")]
        Command::Session(session) => match run::session::run(session) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        command => {
            interrupt::ends_it();
            end(look(command))
        }
    }
}

fn look(command: &Command) -> Result<Status, Stop> {
    match command {
        Command::Ls(ls) => commands::ls::run(ls),
        Command::Tail(tail) => commands::tail::run(tail),
        Command::Dump(dump) => commands::dump::run(dump),
        Command::Stat(stat) => commands::stat::run(stat),
        Command::Check(check) => commands::check::run(check),
        #[cfg(feature = "serve")]
        Command::Serve(serve) => commands::serve::run(serve),
        #[cfg(not(feature = "serve"))]
        Command::Serve(_) => commands::without_serve::run(),
        Command::Completions(completions) => commands::completions::run(completions),
        Command::Man(man) => commands::man::run(man),
        #[cfg(target_os = "linux")]
        _ => Ok(Status::Usage),
    }
}

fn end(ended: Result<Status, Stop>) -> ExitCode {
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

/// Help and versions are data; what was wrong is not.
fn usage(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if !error.use_stderr() {
        return end(Out::direct().write(text.as_bytes()).map(|()| Status::Fine));
    }
    say(text.trim_end());
    // As env(1) and timeout(1) have it: 2 may be the command's.
    let is_run = std::env::args_os().nth(1).is_some_and(|word| word == "run");
    if is_run {
        125.into()
    } else {
        Status::Usage.into()
    }
}
