//! The command line: which of the parts are run, how often, and what is said of it.

mod acks;
mod acts;
mod assemble;
mod cgroup;
mod child;
mod copies;
mod death;
mod deaths;
mod figures;
mod followers;
mod idle;
mod judge;
mod place;
mod plan;
mod roles;
mod starts;

#[path = "../../../tests/common/progress.rs"]
mod progress;
#[path = "../../soak/random.rs"]
#[expect(dead_code, reason = "the soak has threads to split it for")]
mod random;

use place::Place;
use random::Random;
use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, process};

/// How many copies, and how many rounds of starts, there are for a thousand kills.
const COPIES: u64 = 1000;
const ROUNDS: u64 = 200;

pub(crate) fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let Some((first, rest)) = arguments.split_first() {
        if first == roles::CHILD {
            return roles::play(rest);
        }
    }
    let mut arguments = arguments.into_iter().peekable();
    let part = arguments.next_if(|argument| argument.parse::<u64>().is_err());
    let part = part.unwrap_or_else(|| String::from("all"));
    let mut number = || {
        let argument = arguments.next();
        argument.map(|text| text.parse().unwrap_or_else(|_| usage()))
    };
    let runs = number();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seed = number().unwrap_or(now.unwrap_or_default().as_secs());
    if number().is_some() {
        usage();
    }
    say(&format!("kills: {part}, seed {seed}"));
    if let Err(wrong) = run(&part, runs, seed) {
        say(&format!("kills: FAILED with seed {seed}: {wrong}"));
        process::exit(1);
    }
}

fn run(part: &str, runs: Option<u64>, seed: u64) -> Result<(), String> {
    let place = Place::new()?;
    let mut random = Random::new(seed);
    match part {
        "deaths" => deaths::run(&place, runs.unwrap_or(1000), &mut random),
        "copies" => copies::run(&place, runs.unwrap_or(COPIES), &mut random),
        "followers" => followers::run(&place, seconds(runs.unwrap_or(5)), &mut random),
        "starts" => starts::run(&place, runs.unwrap_or(ROUNDS), &mut random),
        "all" => {
            let runs = runs.unwrap_or(1000);
            deaths::run(&place, runs, &mut random)?;
            copies::run(&place, (2 * runs).min(COPIES), &mut random)?;
            followers::run(&place, seconds(2 + runs / 250), &mut random)?;
            starts::run(&place, runs.div_ceil(5).min(ROUNDS), &mut random)
        }
        _ => usage(),
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn usage() -> ! {
    say("usage: kills [all|deaths|copies|followers|starts] [RUNS] [SEED]");
    process::exit(2);
}

/// Says a line of figures.
fn say(line: &str) {
    // Where nobody listens there is nobody to tell.
    let _ = writeln!(io::stdout(), "{line}");
}
