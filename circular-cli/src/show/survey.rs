//! Where in a ring the records are that are wanted: looked at once from the oldest on, before any is shown.
//!
//! Invariant: what it takes does not depend on how many records are wanted. Of a ring of a gibibyte the newest may be wanted first, or the
//! last millions; kept as they are, they would take many times the ring.

use std::time::Duration;

use circular_core::{Cursor, Missed, Start};

use crate::failure::Failure;
use crate::show::choice::Choice;
use crate::show::source::{self, Kept, Pulled, Source};

/// What a ring held when it was looked at, in pieces as a reader hands them out.
#[derive(Debug)]
pub(crate) struct Survey {
    /// Where each begins, and how many of it are wanted.
    pieces: Vec<(Cursor, u64)>,
    /// What was missed before the first.
    missed: Missed,
    /// The number of the record behind the last.
    end: u64,
}

impl Survey {
    /// Looks at what is there from `start` on.
    ///
    /// # Errors
    ///
    /// The ring cannot be read.
    pub(crate) fn of(source: &mut Source, start: Start, choice: &Choice) -> Result<Self, Failure> {
        let end = source::reader(&source.file, Start::Newest)?.cursor().seq();
        source.reader = source::reader(&source.file, start)?;
        let (mut pieces, mut missed) = (Vec::new(), Missed::default());
        while source.reader.cursor().seq() < end {
            let Pulled::Batch(batch) = source.pull(Duration::ZERO)? else {
                break;
            };
            let records = batch.records().filter(|record| record.seq() < end);
            let wanted = records.filter(|record| choice.takes(record)).count() as u64;
            if pieces.is_empty() {
                missed = batch.missed();
            }
            pieces.push((batch.cursor_before(0), wanted));
        }
        Ok(Self {
            pieces,
            missed,
            end,
        })
    }

    /// Returns where the last `count` begin, how many are to be passed over there, and how many there are then.
    pub(crate) fn last(&self, count: u64) -> Option<(Cursor, u64, u64)> {
        let mut there = 0;
        for &(cursor, wanted) in self.pieces.iter().rev() {
            there += wanted;
            if there >= count {
                return Some((cursor, there - count, count));
            }
        }
        self.pieces.first().map(|&(cursor, _)| (cursor, 0, there))
    }

    /// Returns what was missed in front of a place, if that is where all begins.
    pub(crate) fn missed_before(&self, cursor: Cursor) -> Missed {
        match self.pieces.first() {
            Some(&(first, _)) if first == cursor => self.missed,
            _ => Missed::default(),
        }
    }
}

/// What is wanted of a ring, the newest first.
#[derive(Debug)]
pub(crate) struct Backwards {
    survey: Survey,
    /// Of the piece that it is at, what is left, the oldest first.
    piece: Vec<Kept>,
}

impl Backwards {
    pub(crate) fn new(survey: Survey) -> Self {
        Self {
            survey,
            piece: Vec::new(),
        }
    }

    /// Returns the newest that is left, without taking it; `None` if there is none.
    ///
    /// # Errors
    ///
    /// The ring cannot be read.
    pub(crate) fn peek(
        &mut self,
        source: &mut Source,
        choice: &Choice,
    ) -> Result<Option<&Kept>, Failure> {
        while self.piece.is_empty() {
            let Some((begin, wanted)) = self.survey.pieces.pop() else {
                // It is back at where it was to begin.
                source::add(&mut source.untold, std::mem::take(&mut self.survey.missed));
                break;
            };
            let end = std::mem::replace(&mut self.survey.end, begin.seq());
            if wanted > 0 {
                self.piece = read(source, begin, end, choice)?;
            }
        }
        Ok(self.piece.last())
    }

    /// Takes what [`peek`](Self::peek) has returned.
    pub(crate) fn next(&mut self) -> Option<Kept> {
        self.piece.pop()
    }
}

/// What is wanted from `begin` up to the record with the number `end`.
fn read(
    source: &mut Source,
    begin: Cursor,
    end: u64,
    choice: &Choice,
) -> Result<Vec<Kept>, Failure> {
    source.reader = source::reader(&source.file, Start::After(begin))?;
    let mut kept = Vec::new();
    let mut missed = std::mem::take(&mut source.untold);
    while source.reader.cursor().seq() < end {
        let Pulled::Batch(batch) = source.pull(Duration::ZERO)? else {
            break;
        };
        if batch.cursor_before(0).seq() >= end {
            // What comes behind the gap is shown already, and the gap is not told yet.
            source::add(&mut missed, batch.missed());
            break;
        }
        let wanted = source::keep(&batch, choice, &mut missed);
        kept.extend(wanted.take_while(|kept| kept.behind.seq() <= end));
    }
    source.untold = missed;
    Ok(kept)
}
