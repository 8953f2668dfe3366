//! The command line, and what is said.

mod contender;
mod cost;
mod judge;
mod kills;
mod session;
mod writer;

#[path = "../../../tests/common/progress.rs"]
mod progress;
#[path = "../../soak/random.rs"]
#[expect(dead_code, reason = "the soak needs all of it")]
mod random;

use random::Random;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, process};

/// Of a message.
const LEN: usize = 128;
/// What each thread that writes has for its events: LTTng in a buffer of its core, a ring for all of them together.
const BYTES: usize = 1 << 20;

/// Where things are.
struct Place {
    provider: PathBuf,
    /// In memory, and removed by whoever started this.
    dir: PathBuf,
}

pub(crate) fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["writer", ..] => writer::main(&arguments[1..]),
        ["text", ring] => kills::print(ring),
        [provider, dir, ref numbers @ ..] => run(provider, dir, numbers),
        _ => Err(String::from(
            "usage: beside_lttng PROVIDER DIR [ROUNDS] [KILLS] [SEED]; ci/lttng.sh has what it needs",
        )),
    };
    if let Err(wrong) = outcome {
        let _ = writeln!(io::stderr(), "beside_lttng: {wrong}");
        process::exit(1);
    }
}

fn run(provider: &str, dir: &str, numbers: &[&str]) -> Result<(), String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let number = |at: usize, default: u64| match numbers.get(at) {
        Some(text) => text.parse().map_err(|_| format!("no number: {text}")),
        None => Ok(default),
    };
    let (rounds, kills) = (number(0, 25)?.max(1), number(1, 20)?.max(1));
    let seed = number(2, now.unwrap_or_default().as_secs())?;
    let place = Place {
        provider: provider.into(),
        dir: dir.into(),
    };
    let mut random = Random::new(seed);
    say(&format!("seed {seed}\n"))?;
    cost::run(&place, rounds, &mut random)?;
    kills::run(&place, kills, &mut random)
}

fn say(text: &str) -> Result<(), String> {
    writeln!(io::stdout(), "{text}").map_err(|error| format!("cannot print: {error}"))
}
