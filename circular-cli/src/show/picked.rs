//! The rings that were picked, shown as it was asked for: all or the last so many, and what comes.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use circular_core::Start;

use crate::args::{Count, Show};
use crate::failure::{Failure, Status, next_in, typed};
use crate::find::pick::Picked;
use crate::find::rings::{self, Found};
use crate::output::stdout::Stop;
use crate::show::all;
use crate::show::backwards;
use crate::show::choice::Choice;
use crate::show::collect;
use crate::show::cursor_file;
use crate::show::follow::Follow;
use crate::show::printer::Printer;
use crate::show::runs::Runs;
use crate::show::source::{self, Source};
use crate::show::survey::Survey;
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
        let flag = match (&show.cursor_file, &show.after_cursor) {
            (Some(file), _) => format!("--cursor-file {}", typed(file)),
            (None, Some(cursor)) => format!("--after-cursor {cursor}"),
            (None, None) => String::from("--show-cursor"),
        };
        // The cursor's own, if there is one.
        let is_cursors = |ring: &&Found| matches!(from, Some(Start::After(cursor)) if cursor.to_string().starts_with(&ring.id()));
        let id = found.iter().find(is_cursors).unwrap_or(&found[0]).id();
        return Err(Stop::Failed(Failure::usage(
            "a cursor is of one ring, and these are several",
            next_in(&format!("circular tail {flag} {id}"), &show.place.dirs),
        )));
    }
    let mut printer = Printer::new(show, found.len() > 1)?;
    let choice = Choice::of(&show.which, printer.zone())?;
    let mut dirs = show.place.dirs.clone();
    if dirs.is_empty() && are_by_path(&picked) {
        dirs = found.iter().map(|ring| ring.dir().to_path_buf()).collect();
    }
    let runs = match (&found[..], from) {
        ([ring], Some(Start::After(cursor))) => Runs::since(cursor, ring, &dirs)?,
        _ => None,
    };
    // Those of ended runs, which are shown before, and whether there was more that is gone.
    let (mut sources, mut ended, mut is_gone) = (Vec::new(), Vec::new(), false);
    if let Some(mut runs) = runs {
        runs.show(count, show.reverse, &choice, &mut printer)?;
        is_gone = runs.lack_some();
        ended = runs.into_sources();
        sources.extend(ended.pop());
    } else {
        let start = from.or(choice.since().map(Start::Since));
        for (number, ring) in found.iter().enumerate() {
            sources.push(Source::open(ring, number, start.unwrap_or_default())?);
        }
        if sources.iter().any(|source| source.reader.restarted()) {
            is_gone = true;
            let label = sources[0].label.clone();
            let line = circular_core::Notice::Text.restarted().trim_end();
            printer.notice(&label, line, circular_view::object::RESTARTED)?;
        }
        show_from(&mut sources, start, &choice, count, show, &mut printer)?;
    }
    if show.follow {
        let programs = found.iter().map(|ring| ring.info.program.clone()).collect();
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
            _ => status(ended.iter().chain(&sources), is_gone, &choice, &printer),
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

/// What the rings hold from `start` on, all or the last so many.
fn show_from(
    sources: &mut [Source],
    start: Option<Start>,
    choice: &Choice,
    count: Count,
    show: &Show,
    printer: &mut Printer,
) -> Result<(), Stop> {
    let count = match count {
        Count::All if !show.reverse => return all::show(sources, choice, printer),
        Count::All => u64::MAX,
        Count::Last(count) => count,
    };
    if !show.reverse {
        return show_last(sources, start, choice, count, printer);
    }
    backwards::show(sources, start.unwrap_or_default(), choice, count, printer)?;
    // They have gone back; whoever goes on does so behind the newest.
    for source in sources {
        source.reader = source::reader(&source.file, Start::Newest)?;
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
    printer: &mut Printer,
) -> Result<(), Stop> {
    let begin = start.unwrap_or_default();
    if count >= MANY {
        let mut there = 0;
        for source in &mut *sources {
            let survey = Survey::of(source, begin, choice)?;
            if let Some((cursor, skip, found)) = survey.last(count) {
                source.untold = survey.missed_before(cursor);
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

fn leave_cursor(show: &Show, printer: &mut Printer) -> Result<(), Stop> {
    if let (Some(file), Some(cursor)) = (&show.cursor_file, printer.cursor) {
        cursor_file::write(file, cursor)?;
    }
    Ok(())
}

/// Whether something was shown; and if not, whether that may be because it is overwritten already.
fn status<'a>(
    mut sources: impl Iterator<Item = &'a Source>,
    is_gone: bool,
    choice: &Choice,
    printer: &Printer,
) -> Status {
    if printer.count > 0 {
        return Status::Fine;
    }
    let has_lost = sources.any(|source| {
        let Ok(stats) = source.file.stats() else {
            return false;
        };
        // What was overwritten before a cursor is none of its range.
        stats.overwritten > source.begin && is_in_range(source, stats.oldest_age, choice)
    });
    if is_gone || has_lost {
        Status::NoMatchOverwritten
    } else {
        Status::NoMatch
    }
}

/// The clock of records may be so much behind the one that says when a ring was made, and much less as a rule.
const COARSE: Duration = Duration::from_secs(1);

/// Whether something of before the oldest record may be of the times that were asked for.
fn is_in_range(source: &Source, oldest_age: Option<Duration>, choice: &Choice) -> bool {
    let oldest = oldest_age.and_then(|age| SystemTime::now().checked_sub(age));
    let begins_before = match (choice.since(), oldest) {
        (Some(since), Some(oldest)) => since < oldest,
        _ => true,
    };
    let created = source.file.info().created;
    // Of records whose times are not when they were written, nobody knows when the first was.
    let has_own_times = oldest.is_some_and(|oldest| oldest + COARSE < created);
    let until = choice.until();
    let ends_behind = has_own_times || until.is_none_or(|until| until >= created);
    begins_before && ends_behind
}

fn are_by_path(picked: &[Picked]) -> bool {
    picked.iter().all(|picked| picked.is_by_path)
}
