//! The rings that were picked, shown as it was asked for: all or the last so many, and what comes.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::SystemTime;

use circular_core::{Cursor, Start};

use crate::args::{Count, Show};
use crate::failure::{Failure, Status, next_in};
use crate::find::pick::Picked;
use crate::find::rings::{self, Found};
use crate::output::stdout::Stop;
use crate::show::all;
use crate::show::choice::Choice;
use crate::show::collect;
use crate::show::cursor_file;
use crate::show::follow::{self, Follow};
use crate::show::printer::Printer;
use crate::show::source::{self, Source};
use crate::show::survey::{Backwards, Survey};
use crate::show::zone::Zone;

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    pub(crate) status: Status,
    /// At how many places there was no record where one should be.
    pub(crate) damaged: u64,
}

/// Returns where to begin, if a cursor says so.
pub(crate) fn begin(show: &Show) -> Result<Option<Start>, Failure> {
    let cursor = match (&show.after_cursor, &show.cursor_file) {
        (Some(cursor), _) => Some(*cursor),
        (None, Some(file)) => cursor_file::read(file)?,
        (None, None) => None,
    };
    Ok(cursor.map(Start::After))
}

/// Shows the rings that were picked. What was made since `asked` may be a program's next run. What `summary` returns is said at the end,
/// of those that are not followed.
pub(crate) fn show(
    picked: Vec<Picked>,
    show: &Show,
    from: Option<Start>,
    count: Count,
    asked: SystemTime,
    summary: impl FnOnce(&Shown, &mut Zone) -> Vec<String>,
) -> Result<Status, Stop> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for ring in picked.iter().flat_map(|picked| &picked.rings) {
        if seen.insert(ring.file.path().to_path_buf()) {
            found.push(ring.clone());
        }
    }
    let has_cursor = from.is_some() || show.show_cursor || show.cursor_file.is_some();
    if has_cursor && found.len() > 1 {
        let id = found[0].id();
        return Err(Stop::Failed(Failure::usage(
            "a cursor is of one ring, and these are several",
            next_in(
                &format!("circular tail --show-cursor {id}"),
                &show.place.dirs,
            ),
        )));
    }
    let mut printer = Printer::new(show, found.len() > 1)?;
    let choice = Choice::of(&show.which, printer.zone())?;
    let is_all = (count, show.reverse) == (Count::All, false);
    let (asked_from, mut from) = (from, from);
    if let ([ring], Some(Start::After(cursor)), true) = (&found[..], from, is_all) {
        let runs = runs_before(ring, cursor, &show.place.dirs)?;
        if !runs.is_empty() {
            show_runs(&runs, ring, cursor, &choice, &mut printer)?;
            from = None;
        }
    }
    let start = from.or(choice.since().map(Start::Since));
    let mut sources = Vec::new();
    for (number, ring) in found.iter().enumerate() {
        sources.push(Source::open(ring, number, start.unwrap_or_default())?);
    }
    let is_other_ring = sources.iter().any(|source| source.reader.restarted());
    if is_other_ring {
        let label = sources[0].label.clone();
        let line = circular_core::Notice::Text.restarted().trim_end();
        printer.notice(&label, line, circular_view::object::RESTARTED)?;
    }
    match (count, show.reverse) {
        (Count::All, false) => all::show(&mut sources, &choice, &mut printer)?,
        (count, reverse) => {
            let count = match count {
                Count::All => u64::MAX,
                Count::Last(count) => count,
            };
            show_last(&mut sources, start, &choice, count, reverse, &mut printer)?;
            if reverse {
                // They have gone back; whoever goes on does so behind the newest.
                for source in &mut sources {
                    source.reader = source::reader(&source.file, Start::Newest)?;
                }
            }
        }
    }
    if show.follow {
        let programs = found.iter().map(|ring| ring.info.program.clone()).collect();
        let mut dirs = show.place.dirs.clone();
        if dirs.is_empty() && are_by_path(&picked) {
            dirs = found.iter().map(|ring| ring.dir().to_path_buf()).collect();
        }
        let listing = rings::list(&dirs)?;
        let was_there = listing
            .rings
            .iter()
            .filter(|ring| ring.info.created < asked);
        let mut known: HashSet<u64> = was_there.map(|ring| ring.info.ring).collect();
        known.extend(found.iter().map(|ring| ring.info.ring));
        // Also if nothing comes: what was looked at is done with.
        printer.cursor = sources.first().map(|source| source.reader.cursor());
        leave_cursor(show, &mut printer)?;
        let follow = Follow::new(sources, programs, dirs, known);
        follow.run(&choice, &mut printer, |printer| leave_cursor(show, printer))?;
        return Ok(Status::Fine);
    }
    printer.ends(&sources)?;
    let cursor = sources.first().map(|source| source.reader.cursor());
    if let (true, Some(cursor)) = (show.show_cursor, cursor) {
        printer.show_cursor(cursor)?;
    }
    printer.cursor = cursor;
    let shown = Shown {
        status: match count {
            Count::Last(0) => Status::Fine,
            _ => status(&sources, asked_from, &choice, &printer),
        },
        damaged: sources.iter().map(|source| source.reader.damaged()).sum(),
    };
    let mut words = Vec::new();
    if !show.look.quiet {
        words.extend(nothing(shown.status).map(String::from));
        words.extend(summary(&shown, printer.zone()));
    }
    printer.end(&words)?;
    leave_cursor(show, &mut printer)?;
    Ok(shown.status)
}

/// What there is to say if nothing was shown.
fn nothing(status: Status) -> Option<&'static str> {
    match status {
        Status::NoMatch => Some("nothing matched"),
        Status::NoMatchOverwritten => Some(
            "nothing matched of what is left; a part of what was asked for is overwritten already",
        ),
        _ => None,
    }
}

/// The runs of a program before that of `ring`, from the one that a cursor is of, the oldest first; none if it is of this ring, or of
/// one that is not there any more.
fn runs_before(ring: &Found, cursor: Cursor, dirs: &[PathBuf]) -> Result<Vec<Found>, Failure> {
    let is_of = |ring: &Found| cursor.to_string().starts_with(&ring.id());
    if is_of(ring) {
        return Ok(Vec::new());
    }
    let listing = rings::list(dirs)?;
    let is_before = |other: &Found| {
        let (one, other) = (&ring.info, &other.info);
        other.program == one.program && !other.is_copy && other.created < one.created
    };
    let runs = listing.rings.into_iter().filter(is_before);
    Ok(runs.skip_while(|ring| !is_of(ring)).collect())
}

/// Shows the runs before that of `ring`, from a cursor on, each with how it ended.
fn show_runs(
    runs: &[Found],
    ring: &Found,
    cursor: Cursor,
    choice: &Choice,
    printer: &mut Printer,
) -> Result<(), Stop> {
    let next = runs.iter().skip(1).chain([ring]);
    for ((number, run), next) in runs.iter().enumerate().zip(next) {
        let start = if number == 0 {
            Start::After(cursor)
        } else {
            Start::Oldest
        };
        let mut source = Source::open(run, 0, start)?;
        all::show(std::slice::from_mut(&mut source), choice, printer)?;
        follow::tell_end(&source, printer)?;
        let next = Source::open(next, 0, Start::Newest)?;
        follow::tell_restart(&next.label, "restarted", printer)?;
    }
    Ok(())
}

/// From so many on, they are looked for before any is kept.
const MANY: u64 = 1 << 16;

/// Those of several rings together.
fn show_last(
    sources: &mut [Source],
    start: Option<Start>,
    choice: &Choice,
    count: u64,
    reverse: bool,
    printer: &mut Printer,
) -> Result<(), Stop> {
    let begin = start.unwrap_or_default();
    if reverse {
        return show_backwards(sources, begin, choice, count, printer);
    }
    if count >= MANY {
        let mut there = 0;
        for source in &mut *sources {
            let survey = Survey::of(source, begin, choice)?;
            if let Some((cursor, skip, found)) = survey.last(count) {
                source.reader = source::reader(&source.file, Start::After(cursor))?;
                source.skip = skip;
                there += found;
            }
        }
        return all::show_behind(sources, there.saturating_sub(count), choice, printer);
    }
    let mut all = Vec::new();
    for (index, source) in sources.iter_mut().enumerate() {
        let kept = collect::last(source, start, choice, count)?;
        all.extend(kept.into_iter().map(|kept| (index, kept)));
    }
    if sources.len() > 1 {
        all.sort_by_key(|(_, kept)| source::time(kept));
    }
    let surplus = all
        .len()
        .saturating_sub(usize::try_from(count).unwrap_or(usize::MAX));
    for (index, kept) in &all[surplus..] {
        printer.kept(&sources[*index].label, kept)?;
    }
    for source in sources {
        printer.untold(source)?;
    }
    printer.flush()
}

/// The newest first, of several rings together.
fn show_backwards(
    sources: &mut [Source],
    start: Start,
    choice: &Choice,
    count: u64,
    printer: &mut Printer,
) -> Result<(), Stop> {
    let mut lanes = Vec::new();
    for source in &mut *sources {
        lanes.push(Backwards::new(Survey::of(source, start, choice)?));
    }
    for _ in 0..count {
        let mut newest = None;
        for (index, (lane, source)) in lanes.iter_mut().zip(&mut *sources).enumerate() {
            let time = lane.peek(source, choice)?.map(source::time);
            if time.is_some_and(|time| newest.is_none_or(|(_, newest)| time >= newest)) {
                newest = time.map(|time| (index, time));
            }
        }
        let Some((index, _)) = newest else { break };
        if let Some(kept) = lanes[index].next() {
            printer.kept(&sources[index].label, &kept)?;
        }
    }
    for source in sources {
        printer.untold(source)?;
    }
    printer.flush()
}

fn leave_cursor(show: &Show, printer: &mut Printer) -> Result<(), Stop> {
    if let (Some(file), Some(cursor)) = (&show.cursor_file, printer.cursor) {
        cursor_file::write(file, cursor)?;
    }
    Ok(())
}

/// Whether something was shown; and if not, whether that may be because it is overwritten already.
fn status(sources: &[Source], from: Option<Start>, choice: &Choice, printer: &Printer) -> Status {
    if printer.count > 0 {
        return Status::Fine;
    }
    let has_lost = sources.iter().any(|source| {
        if from.is_some() {
            // What was overwritten before the cursor is none of its range.
            return !source.reader.missed().is_empty() || source.reader.restarted();
        }
        let Ok(stats) = source.file.stats() else {
            return false;
        };
        let oldest = stats
            .oldest_age
            .and_then(|age| SystemTime::now().checked_sub(age));
        let is_in_range = match (choice.since(), oldest) {
            (Some(since), Some(oldest)) => since < oldest,
            _ => true,
        };
        stats.overwritten > 0 && is_in_range
    });
    if has_lost {
        Status::NoMatchOverwritten
    } else {
        Status::NoMatch
    }
}

fn are_by_path(picked: &[Picked]) -> bool {
    picked.iter().all(|picked| picked.is_by_path)
}
