//! Makes the golden files of `tests/golden`: `golden DIR`. Each ring has beside it, as text, what a reader must find in it,
//! which comes from the list of writes and from `docs/FORMAT.md`, and not from a reader.
//!
//! Files of a version are made once and stay, so that later readers are tested with what earlier writers wrote. Run it for
//! a new set of features, with a directory of its own.

#[cfg(target_os = "linux")]
#[path = "../every_instruction/model.rs"]
#[allow(dead_code, reason = "`every_instruction` needs all of it")]
mod model;
#[cfg(target_os = "linux")]
mod neutral;
#[cfg(target_os = "linux")]
mod rings;

use std::io::Write;
use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let Some(dir) = std::env::args_os().nth(1) else {
        say("usage: golden DIR");
        return ExitCode::from(2);
    };
    match rings::make(dir.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("golden: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    say("golden: rings in files are made on Linux only");
    ExitCode::SUCCESS
}

fn say(line: &str) {
    // Where nobody listens there is nobody to tell.
    let _ = writeln!(std::io::stdout(), "{line}");
}
