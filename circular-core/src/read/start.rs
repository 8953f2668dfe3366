//! Finding where a new reader begins.
//!
//! The block index gives a record nearby, and a walk over the headers from there finds the one. Both
//! may be done without the lock, if the caller then asks, under it, whether the place that the walk
//! began at was overtaken.

use crate::record::cursor::Cursor;
use crate::ring::policy::Start;
use crate::select::Select;
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use crate::time::clock::Stamp;
use crate::time::timestamp::Timestamp;
use std::cmp::Reverse;

/// Where a reader begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begin {
    pub(crate) position: Position,
    /// What the finding relied on being intact.
    pub(crate) walked_from: u64,
    /// Where it should have begun, if that is gone: seq, and the payload bytes before.
    pub(crate) lost_from: Option<(u64, u64)>,
    /// Whether it was to begin after a cursor that this ring never had.
    pub(crate) restarted: bool,
}

impl Begin {
    pub(crate) fn at(position: Position) -> Self {
        Self {
            position,
            walked_from: position.offset,
            lost_from: None,
            restarted: false,
        }
    }
}

/// Finds the position that `start` means in what the tape of ring `id` holds below `head`.
pub(crate) fn locate(tape: &impl Recording, id: u64, head: Position, start: Start) -> Begin {
    match start {
        Start::Oldest => oldest(tape, head),
        Start::Newest => Begin::at(head),
        Start::Last(count) => {
            let wanted = head.seq.saturating_sub(count);
            from_seq(tape, head, wanted)
        }
        Start::Since(time) => since(tape, head, Timestamp::new(time).since_1970()),
        Start::After(cursor) if cursor.ring == id && cursor.seq <= head.seq => {
            after(tape, head, cursor)
        }
        Start::After(_) => Begin {
            restarted: true,
            ..oldest(tape, head)
        },
    }
}

/// The record with that number, or the oldest if it is gone.
pub(crate) fn from_seq(tape: &impl Recording, head: Position, wanted: u64) -> Begin {
    let near = nearest(tape, head, |position| position.seq <= wanted);
    near.map_or_else(
        || oldest(tape, head),
        |near| walk(tape, near, head, |position, _| position.seq >= wanted),
    )
}

/// The number of the first of the newest `count` records that `select` takes, or of the oldest record whose
/// neighbours up to the head are intact.
///
/// It may go through all that the ring holds, so it is not for the lock.
pub(crate) fn seq_of_last(
    tape: &impl Recording,
    head: Position,
    count: u64,
    select: &Select,
) -> u64 {
    // Each entry is looked at once: in a file, that takes several calls of the system.
    let mut begins = Vec::new();
    if begins.try_reserve_exact(tape.blocks().count).is_err() {
        return head.seq;
    }
    begins.extend(tape.entries(head.offset).map(|entry| entry.position));
    begins.sort_unstable_by_key(|begin: &Position| Reverse(begin.offset));
    let mut missing = count;
    let mut end = head;
    // Block by block, back from the head.
    for begin in begins {
        if missing == 0 {
            break;
        }
        // A long record is in two entries.
        if begin.offset >= end.offset {
            continue;
        }
        let taken = taken(tape, begin, end, select, u64::MAX);
        if tape.is_overtaken(begin.offset, head.offset) {
            break;
        }
        if taken.count >= missing {
            let first = self::taken(tape, begin, end, select, taken.count - missing + 1).last;
            let is_intact = !tape.is_overtaken(begin.offset, head.offset);
            return if is_intact { first } else { end.seq };
        }
        missing -= taken.count;
        end = begin;
    }
    end.seq
}

struct Taken {
    count: u64,
    /// The number of the last one.
    last: u64,
}

/// The first `most` records between the two positions that `select` takes.
fn taken(
    tape: &impl Recording,
    begin: Position,
    end: Position,
    select: &Select,
    most: u64,
) -> Taken {
    let (mut position, mut taken) = (
        begin,
        Taken {
            count: 0,
            last: end.seq,
        },
    );
    while position.offset < end.offset && taken.count < most {
        let Some((header, _, next)) = tape.step(position, end.offset) else {
            break;
        };
        if tape.is_taken(position, header, select) {
            taken = Taken {
                count: taken.count + 1,
                last: position.seq,
            };
        }
        position = next;
    }
    taken
}

fn oldest(tape: &impl Recording, head: Position) -> Begin {
    Begin::at(
        tape.entry_from(0, head.offset)
            .map_or(head, |entry| entry.position),
    )
}

/// The first record that may have been written then or later. Times may be in any order: a line that took
/// long to format stands behind newer ones, and clocks are set back.
fn since(tape: &impl Recording, head: Position, nanos: u64) -> Begin {
    let first = oldest(tape, head).position;
    // The first entry before which there was one; before the oldest nothing is left. It is in the block
    // before, or nowhere but in the last.
    let bound = tape
        .entries(head.offset)
        .filter(|entry| entry.position.offset > first.offset && entry.before >= nanos)
        .map(|entry| entry.position.offset)
        .min()
        .unwrap_or(head.offset);
    let near = nearest(tape, head, |position| position.offset < bound);
    near.map_or_else(
        || oldest(tape, head),
        |near| walk(tape, near, head, |_, stamp| stamp.latest() >= nanos),
    )
}

fn after(tape: &impl Recording, head: Position, cursor: Cursor) -> Begin {
    if cursor.seq == head.seq {
        return Begin::at(head);
    }
    match nearest(tape, head, |position| position.seq <= cursor.seq) {
        Some(near) => walk(tape, near, head, |position, _| position.seq >= cursor.seq),
        None => {
            let oldest = oldest(tape, head);
            // A cursor that does not know the bytes makes them none.
            let bytes = cursor.bytes.unwrap_or(oldest.position.bytes);
            Begin {
                lost_from: Some((cursor.seq, bytes)),
                ..oldest
            }
        }
    }
}

/// The newest entry that `fits`.
fn nearest(
    tape: &impl Recording,
    head: Position,
    fits: impl Fn(Position) -> bool,
) -> Option<Position> {
    tape.entries(head.offset)
        .map(|entry| entry.position)
        .filter(|&position| fits(position))
        .max_by_key(|position| position.offset)
}

/// The first record from `near` on that `is_it`, told by its position and time; the head if none is.
fn walk(
    tape: &impl Recording,
    near: Position,
    head: Position,
    is_it: impl Fn(Position, Stamp) -> bool,
) -> Begin {
    let mut position = near;
    while position.offset < head.offset {
        // No header: overtaken, which the caller will find too.
        let Some((_, stamp, next)) = tape.step(position, head.offset) else {
            break;
        };
        if is_it(position, stamp) {
            break;
        }
        position = next;
    }
    Begin {
        walked_from: near.offset,
        ..Begin::at(position)
    }
}
