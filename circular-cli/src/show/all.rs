//! All that rings hold when they are looked at, the oldest first; those of several rings by time.

use std::collections::VecDeque;
use std::time::Duration;

use circular_core::Start;

use crate::output::stdout::Stop;
use crate::show::choice::Choice;
use crate::show::printer::Printer;
use crate::show::source::{self, Kept, Pulled, Source};

/// Shows what `sources` hold now, from where their readers are. What is written meanwhile is shown as far as it comes with
/// that; the readers go on behind it.
///
/// # Errors
///
/// A ring cannot be read any more, or nothing be written.
pub(crate) fn show(
    sources: &mut [Source],
    choice: &Choice,
    printer: &mut Printer,
) -> Result<(), Stop> {
    if let [source] = sources {
        let end = newest(source)?;
        while source.reader.cursor().seq() < end {
            let label = source.label.clone();
            let Pulled::Batch(batch) = source.pull(Duration::ZERO)? else {
                break;
            };
            printer.batch(&label, &batch, choice)?;
        }
        return Ok(());
    }
    show_behind(sources, 0, choice, printer)
}

/// The same, one by one, without the first `skip` of all.
///
/// # Errors
///
/// As [`show`].
pub(crate) fn show_behind(
    sources: &mut [Source],
    mut skip: u64,
    choice: &Choice,
    printer: &mut Printer,
) -> Result<(), Stop> {
    let mut lanes = Vec::new();
    for source in sources {
        lanes.push(Lane {
            end: newest(source)?,
            source,
            kept: VecDeque::new(),
            is_done: false,
        });
    }
    loop {
        for lane in &mut lanes {
            lane.fill(choice)?;
            if lane.is_done && lane.kept.is_empty() {
                printer.untold(lane.source)?;
            }
        }
        // Each has its next one there, so the oldest of these is the next.
        let waiting = lanes.iter().enumerate().filter_map(|(index, lane)| {
            let first = lane.kept.front()?;
            Some((source::time(first), index))
        });
        let Some((_, index)) = waiting.min() else {
            return printer.flush();
        };
        let lane = &mut lanes[index];
        let kept = lane.kept.pop_front();
        if skip > 0 {
            skip -= 1;
        } else if let Some(kept) = kept {
            printer.kept(&lane.source.label, &kept)?;
        }
    }
}

/// A ring, and what was read of it and not shown yet.
struct Lane<'a> {
    source: &'a mut Source,
    end: u64,
    kept: VecDeque<Kept>,
    is_done: bool,
}

impl Lane<'_> {
    fn fill(&mut self, choice: &Choice) -> Result<(), Stop> {
        let mut missed = std::mem::take(&mut self.source.untold);
        while self.kept.is_empty() && !self.is_done {
            if self.source.reader.cursor().seq() >= self.end {
                self.is_done = true;
                break;
            }
            match self.source.pull(Duration::ZERO)? {
                Pulled::Batch(batch) => {
                    self.kept.extend(source::keep(&batch, choice, &mut missed));
                    let skip = self
                        .kept
                        .len()
                        .min(usize::try_from(self.source.skip).unwrap_or(usize::MAX));
                    self.kept.drain(..skip);
                    self.source.skip -= skip as u64;
                }
                Pulled::Nothing | Pulled::Ended => self.is_done = true,
            }
        }
        self.source.untold = missed;
        Ok(())
    }
}

/// How far a ring is: the number of the record to come.
fn newest(source: &Source) -> Result<u64, Stop> {
    Ok(source::reader(&source.file, Start::Newest)?.cursor().seq())
}
