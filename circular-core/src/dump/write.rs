//! Writing out what the ring holds, because something went wrong.
//!
//! As a [snapshot](crate::tape::snapshot), but in pieces through a buffer that was made beforehand: no
//! lock, no waiting, whole records. Where writers overtake it, it goes on half a ring behind them, where
//! they are not soon again, and says how much it passed over. It may go on where another one ended.

use crate::record::missed::{Loss, Missed, Why};
use crate::tape::Tape;
use crate::tape::buffer::Buffer;
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use crate::tape::snapshot;
use std::io;
use std::mem;
use std::ops::Range;

/// How often a place to go on is looked for while writers overtake every one.
const TRIES: u32 = 16;

/// How often a dump goes on with what was written since, when nothing is left of what it began with:
/// writers may be faster for ever.
const STARTS: u32 = 4;

/// What a dump came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dumped {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    /// What was overwritten meanwhile.
    pub(crate) missed: Missed,
    /// What was lost with the ring's memory.
    pub(crate) lost_memory: Missed,
    /// What there was no memory for.
    pub(crate) no_memory: Missed,
    /// Some of the records that were wanted most may be among those.
    pub(crate) lacks_wanted: bool,
}

/// What a dump consists of. Whoever takes it may take the one and fail at the other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece<'a> {
    /// What is missing before the next records: overwritten, lost, or one for which there was no memory.
    Missed(Loss),
    /// Whole records, and where the first of them begins.
    Records(&'a Buffer, Position),
}

/// Takes one piece after the other.
pub(crate) type Out<'a> = dyn FnMut(Piece<'_>) -> io::Result<()> + 'a;

/// Hands `out` everything that the ring holds; the records with the seqs `wanted` are among what was
/// written before. If all of it is overwritten meanwhile, it goes on with what came after.
pub(crate) fn write(
    tape: &Tape,
    buffer: &mut Buffer,
    wanted: &Range<u64>,
    out: &mut Out<'_>,
) -> io::Result<Dumped> {
    let mut dumped = Dumped::default();
    let written = write_pieces(tape, buffer, &mut None, wanted, &mut dumped, out);
    buffer.shrink();
    written.map(|()| dumped)
}

/// The same from `from` on, if there is such a position; moves it behind what `out` has taken, also if it
/// fails in the end. What was overwritten since is told.
pub(crate) fn write_from(
    tape: &Tape,
    buffer: &mut Buffer,
    from: &mut Option<Position>,
    out: &mut Out<'_>,
) -> io::Result<()> {
    let mut dumped = Dumped::default();
    let written = write_pieces(tape, buffer, from, &(0..0), &mut dumped, out);
    buffer.shrink();
    written
}

fn write_pieces(
    tape: &Tape,
    buffer: &mut Buffer,
    from: &mut Option<Position>,
    wanted: &Range<u64>,
    dumped: &mut Dumped,
    out: &mut Out<'_>,
) -> io::Result<()> {
    let Some((mut position, mut committed)) = begin(tape, *from) else {
        dumped.lacks_wanted = tape.committed() > 0;
        return Ok(());
    };
    let mut untold = Loss::default();
    if let Some(from) = *from {
        untold.missed = position.missed_since(from.seq, from.bytes);
        untold.why = why_missed(tape, from, committed);
        dumped.count(untold);
    }
    dumped.lacks_wanted = position.seq > wanted.start;
    let mut starts_left = STARTS;
    while position.offset < committed {
        buffer.clear();
        if let Some(next) = snapshot::piece(tape, position, committed, buffer) {
            if !untold.missed.is_empty() {
                // By itself, and over with: if the records are not taken, it is not told again.
                out(Piece::Missed(mem::take(&mut untold)))?;
                *from = Some(position);
            }
            out(Piece::Records(buffer, position))?;
            dumped.records += next.seq - position.seq;
            dumped.bytes += next.bytes - position.bytes;
            position = next;
            *from = Some(position);
            continue;
        }
        // Overtaken, or one record that is larger than the buffer.
        let next = tape
            .step(position, committed)
            .filter(|_| !tape.is_overtaken(position.offset, committed));
        if let Some((header, _, next)) = next {
            if buffer.try_grow_for(header) {
                continue;
            }
            if !buffer.has_room(header) {
                // By itself: the reason is not that of what was missed before.
                if !untold.missed.is_empty() {
                    out(Piece::Missed(mem::take(&mut untold)))?;
                }
                let loss = Loss {
                    missed: next.missed_since(position.seq, position.bytes),
                    why: Why::NoMemory(header.content()),
                };
                out(Piece::Missed(loss))?;
                dumped.count(loss);
                dumped.lacks_wanted |= wanted.contains(&position.seq);
                position = next;
                *from = Some(position);
                continue;
            }
        }
        let why = why_missed(tape, position, committed);
        let Some(landing) = landing(tape, position, why) else {
            dumped.lacks_wanted = true;
            break;
        };
        if untold.why != why && !untold.missed.is_empty() {
            out(Piece::Missed(mem::take(&mut untold)))?;
            *from = Some(position);
        }
        let missed = landing.missed_since(position.seq, position.bytes);
        untold.missed += missed;
        untold.why = why;
        dumped.count(Loss { missed, why });
        dumped.lacks_wanted |= position.seq < wanted.end && landing.seq > wanted.start;
        position = landing;
        if position.offset >= committed && starts_left > 0 {
            starts_left -= 1;
            committed = tape.committed();
        }
    }
    if !untold.missed.is_empty() {
        out(Piece::Missed(untold))?;
    }
    *from = Some(position);
    Ok(())
}

impl Dumped {
    fn count(&mut self, loss: Loss) {
        match loss.why {
            Why::Overtaken => self.missed += loss.missed,
            Why::LostMemory => self.lost_memory += loss.missed,
            Why::NoMemory(_) => self.no_memory += loss.missed,
        }
    }

    /// All that is missing, for whatever reason.
    pub(crate) fn missing(&self) -> Missed {
        let mut missing = self.missed;
        missing += self.lost_memory;
        missing += self.no_memory;
        missing
    }
}

/// Why what is at `position`, below `committed`, is not to be had.
fn why_missed(tape: &Tape, position: Position, committed: u64) -> Why {
    if tape.is_cut_off(position.offset, committed) {
        Why::LostMemory
    } else {
        Why::Overtaken
    }
}

/// Where to begin, at `from` if that is intact and else at the oldest record behind it; and up to where.
fn begin(tape: &Tape, from: Option<Position>) -> Option<(Position, u64)> {
    (0..TRIES).find_map(|_| {
        let committed = tape.committed();
        let intact = from.filter(|from| !tape.is_overtaken(from.offset, committed));
        let after = from.map_or(0, |from| from.offset);
        let oldest = || {
            tape.entry_from(after, committed)
                .map(|entry| entry.position)
        };
        Some((intact.or_else(oldest)?, committed))
    })
}

/// Where to go on after `position`, which is overwritten; or lost, and then nobody is soon where it goes on.
fn landing(tape: &Tape, position: Position, why: Why) -> Option<Position> {
    let after = position.offset + 1;
    (0..TRIES).find_map(|_| {
        let committed = tape.committed();
        let half = match why {
            Why::LostMemory => 0,
            _ => committed.saturating_sub(tape.capacity() / 2),
        };
        let entry = tape.entry_from(half.max(after), committed);
        let entry = entry.or_else(|| tape.entry_from(after, committed));
        entry.map(|entry| entry.position)
    })
}
