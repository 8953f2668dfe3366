//! `circular completions`: what a shell needs to complete these commands.
//!
//! What comes out asks this program itself each time, so that it knows the rings that are there.

use clap_complete::env::Shells;

use crate::args::Completions;
use crate::failure::{Failure, Status};
use crate::output::stdout::{Out, Stop};

/// The variable by which a shell asks.
const VARIABLE: &str = "COMPLETE";
const NAME: &str = "circular";

pub(crate) fn run(completions: &Completions) -> Result<Status, Stop> {
    let mut script = Vec::new();
    let written = match Shells::builtins().completer(&completions.shell) {
        Some(shell) => shell.write_registration(VARIABLE, NAME, NAME, NAME, &mut script),
        None => Err(std::io::ErrorKind::Unsupported.into()),
    };
    written.map_err(|error| {
        Failure::failed(
            format!(
                "there are no completions for {}: {error}",
                completions.shell
            ),
            "circular completions bash",
        )
    })?;
    Out::direct().write(&script)?;
    Ok(Status::Fine)
}
