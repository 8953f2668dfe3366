//! What comes: records, ends of programs, and programs that are started again.
//!
//! Invariant: it never ends by itself, and what came is written at once.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use circular_core::{Missed, Start, push_json_for_terminal};

use crate::failure::Failure;
use crate::find::news::{LOOK_EVERY, News};
use crate::find::rings::Found;
use crate::output::stdout::Stop;
use crate::show::choice::Choice;
use crate::show::printer::Printer;
use crate::show::source::{self, Label, Pulled, Source};

/// How long a look at one of several rings waits, from the shortest to the longest, while nothing comes.
const NAPS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// What is followed: rings, and the programs that they are of.
#[derive(Debug)]
pub(crate) struct Follow {
    sources: Vec<Source>,
    programs: HashSet<String>,
    news: News,
    /// How many rings there have been.
    opened: usize,
}

impl Follow {
    pub(crate) fn new(
        sources: Vec<Source>,
        programs: HashSet<String>,
        dirs: Vec<PathBuf>,
        known: HashSet<u64>,
    ) -> Self {
        Self {
            opened: sources.len(),
            sources,
            programs,
            news: News::new(dirs, known),
        }
    }

    /// Shows what comes, for ever. `shown` is called when something was.
    ///
    /// # Errors
    ///
    /// A ring cannot be read any more, or nothing be written.
    pub(crate) fn run(
        mut self,
        choice: &Choice,
        printer: &mut Printer,
        mut shown: impl FnMut(&mut Printer) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let mut nap = NAPS.0;
        loop {
            let came = match &mut self.sources[..] {
                [] => {
                    std::thread::sleep(LOOK_EVERY);
                    false
                }
                [_] => self.pull(0, LOOK_EVERY, choice, printer)?,
                _ => {
                    let came = self.round(choice, printer)?;
                    nap = if came { NAPS.0 } else { (nap * 2).min(NAPS.1) };
                    if !came {
                        std::thread::sleep(nap);
                    }
                    came
                }
            };
            let has_new = self.look_for_new(choice, printer)?;
            if came || has_new {
                shown(printer)?;
            }
        }
    }

    /// Shows what one ring has; returns whether it had something.
    fn pull(
        &mut self,
        index: usize,
        wait: Duration,
        choice: &Choice,
        printer: &mut Printer,
    ) -> Result<bool, Stop> {
        let label = self.sources[index].label.clone();
        let pulled = match self.sources[index].pull(wait) {
            Ok(pulled) => pulled,
            Err(failure) => {
                self.sources.remove(index);
                tell_failure(&label, &failure, printer)?;
                return Ok(true);
            }
        };
        match pulled {
            Pulled::Batch(batch) => {
                printer.batch(&label, &batch, choice)?;
                Ok(true)
            }
            Pulled::Nothing => Ok(false),
            Pulled::Ended => {
                let source = self.sources.remove(index);
                tell_end_and_wait(&source, printer)?;
                Ok(true)
            }
        }
    }

    /// Shows what all rings have, by time; returns whether there was something.
    fn round(&mut self, choice: &Choice, printer: &mut Printer) -> Result<bool, Stop> {
        let (mut kept, mut ended) = (Vec::new(), Vec::new());
        for (index, source) in self.sources.iter_mut().enumerate() {
            let mut missed = Missed::default();
            match source.pull(Duration::ZERO) {
                Ok(Pulled::Batch(batch)) => {
                    let wanted = source::keep(&batch, choice, &mut missed);
                    kept.extend(wanted.map(|kept| (index, kept)));
                }
                Ok(Pulled::Nothing) => {}
                Ok(Pulled::Ended) => ended.push((index, None)),
                Err(failure) => ended.push((index, Some(failure))),
            }
            source.untold = missed;
        }
        let came = !kept.is_empty() || !ended.is_empty();
        kept.sort_by_key(|(_, kept)| source::time(kept));
        for (index, kept) in &kept {
            printer.kept(&self.sources[*index].label, kept)?;
        }
        for source in &mut self.sources {
            printer.untold(source)?;
        }
        printer.flush()?;
        for (index, failure) in ended.into_iter().rev() {
            let source = self.sources.remove(index);
            match failure {
                None => tell_end_and_wait(&source, printer)?,
                Some(failure) => tell_failure(&source.label, &failure, printer)?,
            }
        }
        Ok(came)
    }

    /// Takes up rings that were made since, of the programs that are followed; returns whether there was something to show.
    fn look_for_new(&mut self, choice: &Choice, printer: &mut Printer) -> Result<bool, Stop> {
        if !self.news.is_due() {
            return Ok(false);
        }
        // Who waits for a line that may never come is not kept waiting for that.
        if printer.is_gone() {
            return Err(Stop::Gone);
        }
        let programs = &self.programs;
        let Some(news) = self.news.look(|ring| programs.contains(&ring.info.program)) else {
            return Ok(false);
        };
        let came = !news.is_empty();
        for ring in news {
            // One run after the other, each with its end.
            self.finish_dead(choice, printer)?;
            self.take_up(&ring, printer)?;
        }
        Ok(self.finish_dead(choice, printer)? || came)
    }

    /// Shows the rest of what has ended; returns whether something has.
    fn finish_dead(&mut self, choice: &Choice, printer: &mut Printer) -> Result<bool, Stop> {
        let (mut index, mut came) = (0, false);
        while let Some(source) = self.sources.get(index) {
            if !source.has_ended() {
                index += 1;
                continue;
            }
            came = true;
            // Nothing is written to it any more: so it is over when there is nothing for the first time.
            let count = self.sources.len();
            while self.sources.len() == count {
                if !self.pull(index, Duration::ZERO, choice, printer)? {
                    let source = self.sources.remove(index);
                    tell_end_and_wait(&source, printer)?;
                }
            }
        }
        Ok(came)
    }

    fn take_up(&mut self, ring: &Found, printer: &mut Printer) -> Result<(), Stop> {
        let source = Source::open(ring, self.opened, Start::Oldest)?;
        self.opened += 1;
        if ring.info.rest_of.is_some() {
            tell_rest(&source.label, printer)?;
            self.sources.push(source);
            return Ok(());
        }
        // What was pruned before anybody looked.
        if ring
            .info
            .previous
            .is_some_and(|before| !self.news.knows(before))
        {
            let (line, object) = MISSED_RUN;
            printer.notice(&source.label, line, object)?;
        }
        let runs_beside = self
            .sources
            .iter()
            .any(|other| other.label.program == source.label.program && other.is_running());
        let word = if runs_beside { "started" } else { "restarted" };
        if !self.sources.is_empty() && runs_beside {
            printer.tell_names();
        }
        tell_restart(&source.label, word, printer)?;
        self.sources.push(source);
        Ok(())
    }
}

/// What is missing in front of a run, for people and for programs.
pub(crate) const MISSED_RUN: (&str, &str) = (
    "--- a run before this one is missed: its ring is gone already ---",
    r#"{"missed_run":true}"#,
);

/// Says that what comes is of what a command has left behind.
pub(crate) fn tell_rest(label: &Label, printer: &mut Printer) -> Result<(), Stop> {
    printer.end_line();
    let line = "--- it has left processes behind, which go on ---";
    printer.notice(label, line, r#"{"left_behind":true}"#)
}

/// Says that a program runs again, or one more of it.
pub(crate) fn tell_restart(label: &Label, word: &str, printer: &mut Printer) -> Result<(), Stop> {
    // What the run before was killed amid is no beginning of a line of this one.
    printer.end_line();
    let line = format!("--- {word}, pid {} ---", label.pid);
    printer.notice(label, &line, &format!(r#"{{"{word}":true}}"#))
}

/// Says how a program has ended, and that this does not end.
fn tell_end_and_wait(source: &Source, printer: &mut Printer) -> Result<(), Stop> {
    let (ending, pid) = (source.ending(), source.label.pid);
    let line = format!("--- {ending}, pid {pid}; waiting for its next run ---");
    printer.notice(&source.label, &line, &source.end())
}

/// Says how a program has ended.
pub(crate) fn tell_end(source: &Source, printer: &mut Printer) -> Result<(), Stop> {
    let line = format!("--- {}, pid {} ---", source.ending(), source.label.pid);
    printer.notice(&source.label, &line, &source.end())
}

/// Says why a ring is not shown any more.
fn tell_failure(label: &Label, failure: &Failure, printer: &mut Printer) -> Result<(), Stop> {
    let mut object = br#"{"ended":"#.to_vec();
    push_json_for_terminal(&mut object, failure.why().as_bytes());
    object.push(b'}');
    let line = format!("--- {} ---", failure.why());
    printer.notice(label, &line, &String::from_utf8_lossy(&object))
}
