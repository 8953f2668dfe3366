//! circular beside everything else that one could put log records into, in one process.
//!
//! What is compared stands in groups. A round times everything of a group once, in random order, each after a
//! short pause and on a contender made for it, so that nobody pays for another's backlog, or for the
//! state in which another left the machine. What is told are medians and quartiles over the rounds, of times
//! and of ratios of two times of the same round. Figures differ from machine to machine, and on a busy one
//! from minute to minute: nothing fails because of a time.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a program, and its output is what it is for"
)]

mod args;
mod contenders;
mod counting;
mod effort;
mod machine;
mod os;
mod report;
mod rounds;
mod rows;
mod stats;
mod work;

#[path = "../../circular-core/tests/common/progress.rs"]
mod progress;

use args::Args;
use effort::Effort;
use progress::Progress;
use report::Report;
use std::process::ExitCode;
use std::{env, fs, io};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

fn main() -> ExitCode {
    let args = match Args::parse(env::args().skip(1)) {
        Ok(args) => args,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    if args.help {
        println!("{}", args::HELP);
        return ExitCode::SUCCESS;
    }
    let effort = if args.quick {
        Effort::quick()
    } else {
        Effort::full()
    };
    log::set_max_level(log::LevelFilter::Trace);

    let mut random = fastrand::Rng::new();
    let mut progress = Progress::on_stderr();
    let mut asked = work::groups(&effort);
    if let Some(only) = &args.only {
        asked.retain(|group| group.name.contains(only));
    }
    let count = asked.len();
    let mut groups = Vec::new();
    for (before, group) in asked.into_iter().enumerate() {
        let (name, rounds) = (group.name.clone(), group.rounds);
        groups.push(rounds::run(group, &mut random, |round| {
            let number = before + 1;
            progress.show(|| format!("{number} of {count}: {name}, round {round} of {rounds}"));
        }));
    }
    progress.clear();
    if groups.is_empty() {
        eprintln!("no group has that in its name; there are:");
        for group in work::groups(&effort) {
            eprintln!("  {}", group.name);
        }
        return ExitCode::from(2);
    }

    let rows = rows::judge(&groups);
    let report = Report {
        machine: machine::Machine::this(),
        quick: args.quick,
        groups,
        rows,
    };
    if let Err(error) = publish(&report, &args) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let broken = rows::broken(&report.rows);
    for row in &broken {
        eprintln!("{}: must be none, and is not", row.name);
    }
    if broken.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn publish(report: &Report, args: &Args) -> io::Result<()> {
    let style = if args.markdown {
        report::Style::Markdown
    } else {
        report::Style::Text
    };
    print!("{}", report::text(report, style));
    if let Some(path) = &args.json {
        fs::write(path, report::json(report)).map_err(|error| named(path, &error))?;
    }
    if let Some(path) = &args.svg {
        fs::write(path, report::svg(report)).map_err(|error| named(path, &error))?;
    }
    Ok(())
}

fn named(path: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{path}: {error}"))
}
