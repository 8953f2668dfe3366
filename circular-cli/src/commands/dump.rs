//! `circular dump`: all that is held, and on standard error how the program ended and what is missing.

use std::time::SystemTime;

use crate::args::{Count, Dump};
use crate::commands::tail;
use crate::failure::Status;
use crate::find::ending;
use crate::find::held::Held;
use crate::find::pick::{self, Picked};
use crate::find::rings::Found;
use crate::output::stderr::say;
use crate::output::stdout::Stop;
use crate::show::moment::ago;
use crate::show::zone::Zone;

pub(crate) fn run(dump: &Dump) -> Result<Status, Stop> {
    let show = &dump.show;
    let ring = pick::pick_one(&dump.ring, &show.place.dirs, show.previous, "circular dump")?;
    let from = tail::begin(show)?;
    let count = show.which.lines.unwrap_or(Count::All);
    let mut zone = Zone::of(&show.look)?;
    let picked = Picked {
        rings: vec![ring.clone()],
        is_by_path: false,
    };
    let status = tail::show_all(vec![picked], show, from, count)?;
    if !show.look.quiet {
        report(&ring, &mut zone);
    }
    Ok(status)
}

/// Says how the program ended, since when the ring is complete, and how much went before.
fn report(ring: &Found, zone: &mut Zone) {
    let (program, pid) = (&ring.info.program, ring.pid());
    let tell = |what: &str| say(format_args!("{program}, pid {pid}: {what}"));
    let held = Held::of(ring);
    let times = held.as_ref().ok().and_then(|held| held.times);
    match ending::when(ring, times.map(|(_, newest)| newest)) {
        None => tell(&ending::phrase(ring)),
        Some(when) => {
            let (at, ago) = (zone.text(when), ago(when, SystemTime::now()));
            let what = if ending::is_noted(ring) {
                ""
            } else {
                "its last record is of "
            };
            tell(&format!("{}; {what}{at}, {ago}", ending::phrase(ring)));
        }
    }
    match held {
        Err(error) => tell(&error.to_string()),
        Ok(held) if held.stats.written == 0 => tell("it never wrote a record"),
        Ok(held) if ring.info.is_cut => {
            let count = records(held.records);
            tell(&format!(
                "the end of its file is missing: of the {count} that it had, those are gone that lay there"
            ));
        }
        Ok(held) => {
            let since = times.map_or(String::new(), |(oldest, _)| {
                format!(" since {}", zone.text(oldest))
            });
            let before = match held.stats.overwritten {
                0 => String::from("nothing was overwritten"),
                1 => String::from("1 record before that is overwritten"),
                count => format!("{count} records before that are overwritten"),
            };
            tell(&format!(
                "complete{since}, {}; {before}",
                records(held.records)
            ));
        }
    }
}

fn records(count: u64) -> String {
    if count == 1 {
        String::from("1 record")
    } else {
        format!("{count} records")
    }
}
