//! `circular check`: whether a file is a whole ring, with reasons.
//!
//! It reads all of it, as a reader does that trusts nothing. That no payload was changed cannot be told: no checksum covers it.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use circular_core::Start;

use crate::args::Check;
use crate::failure::{Failure, Status};
use crate::find::ending;
use crate::find::named::{self, Refusal};
use crate::find::rings::Found;
use crate::output::shown;
use crate::output::stderr::say;
use crate::output::stdout::{Out, Stop};
use crate::show::source::{Pulled, Source};

pub(crate) fn run(check: &Check) -> Result<Status, Stop> {
    let mut status = Status::Fine;
    let mut out = Out::direct();
    for path in &check.files {
        let shown = shown::path(path);
        if let Some(failure) = missing(path) {
            say(&failure);
            // One that is damaged is worse than one that is not there.
            if status == Status::Fine {
                status = failure.status;
            }
            continue;
        }
        let ring = match named::open(path) {
            Ok(ring) => Ok(ring),
            Err(refusal) if refusal.kind == ErrorKind::InvalidData => Err(vec![refusal.why]),
            Err(refusal) => {
                say(unread(path, refusal));
                status = Status::Failed;
                continue;
            }
        };
        let line = match ring.and_then(|ring| verdict(path, &ring)) {
            Ok(whole) => format!("{shown}: whole: {whole}\n"),
            Err(reasons) => {
                status = Status::Failed;
                format!("{shown}: damaged: {}\n", reasons.join("; "))
            }
        };
        if !check.quiet {
            out.write(line.as_bytes())?;
        }
    }
    Ok(status)
}

/// What is not there is neither whole nor damaged.
fn missing(path: &Path) -> Option<Failure> {
    let error = std::fs::symlink_metadata(path).err()?;
    let shown = shown::path(path);
    Some(Failure::usage(
        format!("there is no file {shown} to check: {error}"),
        "circular ls",
    ))
}

/// What cannot be read is neither, either.
fn unread(path: &Path, refusal: Refusal) -> Failure {
    let (shown, why) = (shown::path(path), refusal.why);
    Failure::failed(
        format!("{shown} cannot be read, so nobody can say whether it is whole: {why}"),
        refusal.next.unwrap_or_else(|| String::from("circular ls")),
    )
}

/// What is in a whole one, or what is wrong with one that is not.
fn verdict(path: &Path, ring: &Found) -> Result<String, Vec<String>> {
    let mut reasons = Vec::new();
    if ring.info.is_cut {
        reasons.push(String::from("the end of the file is missing"));
    }
    let (records, damaged, missed) = match read(ring) {
        Ok(read) => read,
        Err(why) => {
            reasons.push(why);
            return Err(reasons);
        }
    };
    if damaged > 0 {
        let places = if damaged == 1 { "place" } else { "places" };
        reasons.push(format!(
            "at {damaged} {places} there is no record where one should be, and {missed} records are missed there"
        ));
    }
    if let Err(error) = ring.file.stats() {
        reasons.push(error.to_string());
    }
    if !reasons.is_empty() {
        reasons.push(format!("{records} records can be read"));
        return Err(reasons);
    }
    if ring.is_running() {
        say(format_args!(
            "{}: its program runs, and may have written meanwhile",
            path.display()
        ));
    }
    let (program, id) = (&ring.info.program, ring.id());
    Ok(format!(
        "{records} records of {program}, ring {id}, {}",
        ending::phrase(ring)
    ))
}

/// How many records, at how many places there was none, and how many were missed.
fn read(ring: &Found) -> Result<(u64, u64, u64), String> {
    let open = |start| Source::open(ring, 0, start).map_err(|failure| failure.to_string());
    let end = open(Start::Newest)?.reader.cursor().seq();
    let mut source = open(Start::Oldest)?;
    let mut records = 0;
    while source.reader.cursor().seq() < end {
        match source
            .pull(Duration::ZERO)
            .map_err(|failure| failure.to_string())?
        {
            Pulled::Batch(batch) => records += batch.len() as u64,
            Pulled::Nothing | Pulled::Ended => break,
        }
    }
    Ok((
        records,
        source.reader.damaged(),
        source.reader.missed().records,
    ))
}
