//! `circular dump`: all that is held, and on standard error how the program ended and what is missing.

use std::path::PathBuf;
use std::time::SystemTime;

use crate::args::{Count, Dump};
use crate::failure::{Status, next_in, typed};
use crate::find::contents::Contents;
use crate::find::ending;
use crate::find::pick;
use crate::find::rings::{self, Found};
use crate::output::stdout::Stop;
use crate::show::moment::ago;
use crate::show::picked::{self, Shown};
use crate::show::unrecorded;
use crate::show::zone::Zone;

pub(crate) fn run(dump: &Dump) -> Result<Status, Stop> {
    let show = &dump.show;
    let asked = SystemTime::now();
    let found = pick::pick_one(&dump.ring, &show.place.dirs, show.previous, "circular dump")?;
    let file = found.rings[0].file.clone();
    let from = picked::begin(show)?;
    let count = show.which.lines.unwrap_or(Count::All);
    // As it is then: it may have ended while it was shown.
    let summary = |shown: &Shown, zone: &mut Zone| {
        report(&Found::of(file), shown.damaged > 0, &show.place.dirs, zone)
    };
    picked::show(vec![found], show, from, count, asked, summary)
}

/// Says how the program ended, since when the ring is complete, and how much went before.
fn report(ring: &Found, is_damaged: bool, dirs: &[PathBuf], zone: &mut Zone) -> Vec<String> {
    let held = Contents::of(ring);
    let times = held.as_ref().ok().and_then(|held| held.times);
    let ended = match ending::when(ring, times.map(|(_, newest)| newest)) {
        None => ending::phrase(ring),
        Some(when) => {
            let (at, ago) = (zone.text(when), ago(when, SystemTime::now()));
            let what = if ending::is_noted(ring) {
                ""
            } else {
                "its last record is of "
            };
            format!("{}; {what}{at}, {ago}", ending::phrase(ring))
        }
    };
    let mut words = vec![ended, completeness(ring, held, is_damaged, zone)];
    let listing = rings::list(dirs);
    for other in listing
        .iter()
        .flat_map(|listing| ring.others_of_run(listing))
    {
        let what = if ring.info.rest_of.is_some() {
            "what the command itself has printed"
        } else {
            "what it left behind, and what that printed"
        };
        let next = next_in(&format!("circular dump {}", other.id()), dirs);
        words.push(format!("{what}, is in another ring: {next}"));
    }
    let (program, pid) = (&ring.info.program, ring.pid());
    let tell = |what: String| format!("{program}, pid {pid}: {what}");
    words.into_iter().map(tell).collect()
}

/// How much is there of what it has written.
fn completeness(
    ring: &Found,
    held: std::io::Result<Contents>,
    is_damaged: bool,
    zone: &mut Zone,
) -> String {
    let held = match held {
        Ok(held) => held,
        Err(error) => return error.to_string(),
    };
    if held.stats.written == 0 {
        return String::from("it never wrote a record");
    }
    let count = records(held.records);
    if ring.info.is_cut {
        return format!(
            "the end of its file is missing: of the {count} that it had, those are gone that lay there"
        );
    }
    let before = match held.stats.overwritten {
        0 => String::from("nothing was overwritten"),
        1 => String::from("1 record before that is overwritten"),
        count => format!("{count} records before that are overwritten"),
    };
    if is_damaged {
        let path = typed(ring.file.path());
        return format!(
            "damaged, not all of it can be read: see `circular check {path}`; {before}"
        );
    }
    let since = held.times.map_or(String::new(), |(oldest, _)| {
        format!(" since {}", zone.text(oldest))
    });
    match unrecorded::bytes(ring) {
        Ok(0) => format!("complete{since}, {count}; {before}"),
        Ok(bytes) => format!(
            "not complete{since}, {count}: at least {bytes} bytes came faster than they could be recorded, and are missing; {before}"
        ),
        Err(failure) => failure.why().to_owned(),
    }
}

fn records(count: u64) -> String {
    if count == 1 {
        String::from("1 record")
    } else {
        format!("{count} records")
    }
}
