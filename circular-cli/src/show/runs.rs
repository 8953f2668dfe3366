//! The runs of a program from the one that a cursor is of: whoever goes on has what came since.
//!
//! Invariant: no run that is held and is newer than the cursor is passed over, and where one is gone, that is told. The rings of ended
//! runs are pruned, also that of the cursor: all that are held are newer than that.

use std::path::PathBuf;

use circular_core::{Cursor, Start};

use crate::args::Count;
use crate::failure::Failure;
use crate::find::rings::{self, Found};
use crate::output::stdout::Stop;
use crate::show::all;
use crate::show::backwards;
use crate::show::choice::Choice;
use crate::show::follow;
use crate::show::printer::Printer;
use crate::show::source::{self, Source};
use crate::show::survey::Survey;

/// Several runs of a program.
#[derive(Debug)]
pub(crate) struct Runs {
    /// The oldest first. The last is the one that was picked.
    runs: Vec<Run>,
}

#[derive(Debug)]
struct Run {
    source: Source,
    /// From where on it is shown.
    start: Start,
    /// What is missing in front of it, for people and for programs.
    gap: Option<(&'static str, &'static str)>,
    /// It is what a command has left behind.
    is_rest: bool,
}

/// The ring of the cursor is gone.
const CURSORS: (&str, &str) = (
    "--- restarted: the run that the cursor is of is gone already, with what came behind it there; reading from the oldest that is held ---",
    r#"{"restarted":true,"missed_run":true}"#,
);

impl Runs {
    /// Returns the runs from the one that `cursor` is of up to that of `ring`; `None` if that is one and the same, or none before it is
    /// held, or the cursor is another program's.
    ///
    /// # Errors
    ///
    /// A directory that was asked for cannot be read.
    pub(crate) fn since(
        cursor: Cursor,
        ring: &Found,
        dirs: &[PathBuf],
    ) -> Result<Option<Self>, Failure> {
        let is_cursors = |ring: &Found| cursor.to_string().starts_with(&ring.id());
        if is_cursors(ring) {
            return Ok(None);
        }
        let listing = rings::list(dirs)?;
        let is_before = |other: &&Found| {
            let (one, other_info) = (&ring.info, &other.info);
            // One that runs beside this one is no run before it.
            let has_ended =
                !other.is_running() || is_cursors(other) || other_info.rest_of.is_some();
            (&other_info.program, other_info.uid) == (&one.program, one.uid)
                && !other_info.is_copy
                && other_info.created < one.created
                && has_ended
        };
        let before: Vec<&Found> = listing.rings.iter().filter(is_before).collect();
        let begin = before.iter().position(|ring| is_cursors(ring));
        let is_held = |ring: &Found| is_cursors(ring) && !ring.info.is_copy;
        if before.is_empty() || (begin.is_none() && listing.rings.iter().any(is_held)) {
            return Ok(None);
        }
        let mut runs = Vec::new();
        for ring in before[begin.unwrap_or(0)..].iter().copied().chain([ring]) {
            let is_first = runs.is_empty();
            let start = match begin {
                Some(_) if is_first => Start::After(cursor),
                _ => from_its_beginning(ring),
            };
            let is_known = |id| listing.rings.iter().any(|other| other.info.ring == id);
            let gap = if is_first {
                begin.is_none().then_some(CURSORS)
            } else {
                let previous = ring.info.previous;
                previous
                    .is_some_and(|id| !is_known(id))
                    .then_some(follow::MISSED_RUN)
            };
            runs.push(Run {
                source: Source::open(ring, 0, start)?,
                start,
                gap,
                is_rest: ring.info.rest_of.is_some(),
            });
        }
        Ok(Some(Self { runs }))
    }

    /// Shows them, each with how it ended. The reader of the last goes on behind all of it.
    ///
    /// # Errors
    ///
    /// A ring cannot be read any more, or nothing be written.
    pub(crate) fn show(
        &mut self,
        count: Count,
        is_reverse: bool,
        choice: &Choice,
        printer: &mut Printer,
    ) -> Result<(), Stop> {
        match (count, is_reverse) {
            (Count::All, false) => self.show_from(0, true, choice, printer),
            (Count::Last(count), false) => self.show_last(count, choice, printer),
            (Count::All, true) => self.show_backwards(u64::MAX, choice, printer),
            (Count::Last(count), true) => self.show_backwards(count, choice, printer),
        }
    }

    /// Returns what was read, the oldest run first.
    pub(crate) fn into_sources(self) -> Vec<Source> {
        self.runs.into_iter().map(|run| run.source).collect()
    }

    /// Whether one or more are gone.
    pub(crate) fn lack_some(&self) -> bool {
        self.runs.iter().any(|run| run.gap.is_some())
    }

    /// All from the run at `first` on, each from where its reader is.
    fn show_from(
        &mut self,
        first: usize,
        is_all: bool,
        choice: &Choice,
        printer: &mut Printer,
    ) -> Result<(), Stop> {
        if let (Some(run), true) = (self.runs.get(first), is_all) {
            run.tell_gap(printer)?;
        }
        for index in first..self.runs.len() {
            let run = &mut self.runs[index];
            all::show_behind(std::slice::from_mut(&mut run.source), 0, choice, printer)?;
            if let Some(next) = self.runs.get(index + 1) {
                follow::tell_end(&self.runs[index].source, printer)?;
                next.tell_gap(printer)?;
                next.tell_beginning(printer)?;
            }
        }
        Ok(())
    }

    fn show_last(
        &mut self,
        count: u64,
        choice: &Choice,
        printer: &mut Printer,
    ) -> Result<(), Stop> {
        let (mut left, mut first) = (count, self.runs.len());
        while let (true, Some(index)) = (left > 0, first.checked_sub(1)) {
            first = index;
            let Run { source, start, .. } = &mut self.runs[index];
            let survey = Survey::of(source, *start, choice)?;
            if let Some((cursor, skip, found)) = survey.last(left) {
                source.untold = survey.missed_before(cursor);
                source.reader = source::reader(&source.file, Start::After(cursor))?;
                source.skip = skip;
                left -= found;
            }
        }
        if count == 0 {
            return self.pass();
        }
        self.show_from(first, left > 0, choice, printer)
    }

    fn show_backwards(
        &mut self,
        count: u64,
        choice: &Choice,
        printer: &mut Printer,
    ) -> Result<(), Stop> {
        let end = printer.count.saturating_add(count);
        for index in (0..self.runs.len()).rev() {
            let left = end.saturating_sub(printer.count);
            let run = &mut self.runs[index];
            let sources = std::slice::from_mut(&mut run.source);
            backwards::show(sources, run.start, choice, left, printer)?;
            if printer.count >= end {
                break;
            }
            let run = &self.runs[index];
            if index > 0 {
                run.tell_beginning(printer)?;
            }
            run.tell_gap(printer)?;
            if index > 0 {
                follow::tell_end(&self.runs[index - 1].source, printer)?;
            }
        }
        self.pass()
    }

    /// Whoever goes on does so behind the newest.
    fn pass(&mut self) -> Result<(), Stop> {
        if let Some(Run { source, .. }) = self.runs.last_mut() {
            source.reader = source::reader(&source.file, Start::Newest)?;
        }
        Ok(())
    }
}

impl Run {
    fn tell_gap(&self, printer: &mut Printer) -> Result<(), Stop> {
        let Some((line, object)) = self.gap else {
            return Ok(());
        };
        printer.notice(&self.source.label, line, object)
    }

    fn tell_beginning(&self, printer: &mut Printer) -> Result<(), Stop> {
        let label = &self.source.label;
        if self.is_rest {
            follow::tell_rest(label, printer)
        } else {
            follow::tell_restart(label, "restarted", printer)
        }
    }
}

/// Before its first record, so that what is overwritten of it is told as missed.
fn from_its_beginning(ring: &Found) -> Start {
    let first = format!("{}.0.0", ring.id());
    first.parse().map_or(Start::Oldest, Start::After)
}
