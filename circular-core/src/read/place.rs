//! Where a reader is, what it missed on the way there, and where it lands when it was overtaken.
//!
//! Invariant: a place only moves on, and what it is moved over without having been copied is counted as
//! missed.

use crate::read::start::Begin;
use crate::record::missed::{Loss, Missed, Why};
use crate::ring::readers::ReaderEntry;
use crate::tape::Tape;
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use std::mem;

/// A reader's place in its ring.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Where the next record is copied from.
    position: Position,
    /// What was missed in all, and what of it has not been told yet.
    missed: Missed,
    untold: Missed,
    /// Why the untold was.
    why: Why,
}

impl Place {
    /// Where a reader begins; what it was to have before that, and is overwritten, it has missed.
    pub(crate) fn at(begin: &Begin) -> Self {
        let missed = begin.lost_from.map_or(Missed::default(), |(seq, bytes)| {
            begin.position.missed_since(seq, bytes)
        });
        Self {
            position: begin.position,
            missed,
            untold: missed,
            why: Why::default(),
        }
    }

    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Moves behind what was copied or filtered out.
    pub(crate) fn advance_to(&mut self, behind: Position) {
        debug_assert!(behind.offset >= self.position.offset);
        self.position = behind;
    }

    pub(crate) fn missed(&self) -> Missed {
        self.missed
    }

    /// Whether all that was missed has been told.
    pub(crate) fn is_told(&self) -> bool {
        self.untold.is_empty()
    }

    /// What was missed since this was last asked, and why.
    pub(crate) fn take_loss(&mut self) -> Loss {
        Loss {
            missed: mem::take(&mut self.untold),
            why: mem::take(&mut self.why),
        }
    }

    /// Lands where writers are not soon again, as one who was overtaken; `entry` is what the ring knows of the
    /// reader.
    pub(crate) fn land(&mut self, tape: &Tape, head: Position, entry: Option<&ReaderEntry>) {
        let is_lossless = entry.is_some_and(ReaderEntry::is_lossless);
        let spared = entry.and_then(|entry| entry.spared_after(self.position));
        match spared {
            // Writers stop for it as soon as it has landed.
            Some(spared) => self.pass_over(spared),
            None if tape.is_cut_off(self.position.offset, head.offset) => {
                self.pass_over_cut(tape, head);
            }
            None if is_lossless => self.move_on(tape, head, self.position.offset),
            None => self.land_half_way(tape, head),
        }
    }

    /// Lands half a ring behind the newest record.
    pub(crate) fn land_half_way(&mut self, tape: &impl Recording, head: Position) {
        let from = head.offset.saturating_sub(tape.capacity() / 2);
        self.move_on(tape, head, from.max(self.position.offset));
    }

    /// Moves to the first record that begins at `from` or later, or else to the last that begins
    /// anywhere after this position.
    pub(crate) fn move_on(&mut self, tape: &impl Recording, head: Position, from: u64) {
        let last = || {
            tape.entries(head.offset)
                .map(|noted| noted.position)
                .filter(|position| position.offset > self.position.offset)
                .max_by_key(|position| position.offset)
        };
        let noted = tape
            .entry_from(from, head.offset)
            .map(|noted| noted.position);
        self.pass_over(noted.or_else(last).unwrap_or(head));
    }

    /// Moves on to the first record that is left behind what was lost with the ring's memory. Nobody was too slow, so it is
    /// not half a ring further on.
    pub(crate) fn pass_over_cut(&mut self, tape: &impl Recording, head: Position) {
        self.move_on(tape, head, self.position.offset + 1);
        self.why = self.why.max(Why::LostMemory);
    }

    /// Moves behind a record of so many bytes, for which there is no memory.
    pub(crate) fn go_without(&mut self, bytes: usize, behind: Position) {
        self.pass_over(behind);
        self.why = Why::NoMemory(bytes);
    }

    /// Moves on to `position`, and counts what lies between as missed.
    pub(crate) fn pass_over(&mut self, position: Position) {
        let missed = position.missed_since(self.position.seq, self.position.bytes);
        self.missed += missed;
        self.untold += missed;
        self.position = position;
    }
}
