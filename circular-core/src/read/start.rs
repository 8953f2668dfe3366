//! Finding where a new reader begins.
//!
//! The block index gives a record nearby, and a walk over the headers from there finds the one. Both
//! may be done without the lock, if the caller then asks, under it, whether the place that the walk
//! began at was overtaken.

use crate::record::cursor::Cursor;
use crate::ring::policy::Start;
use crate::select::Select;
use crate::tape::Tape;
use crate::tape::position::Spot;
use crate::time::clock::Stamp;
use crate::time::log_time::LogTime;

/// Where a reader begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begin {
    pub(crate) spot: Spot,
    /// What the finding relied on being intact.
    pub(crate) walked_from: u64,
    /// Where it should have begun, if that is gone: seq, and the payload bytes before.
    pub(crate) lost_from: Option<(u64, u64)>,
    /// Whether it was to begin after a cursor that this ring never had.
    pub(crate) restarted: bool,
}

impl Begin {
    fn at(spot: Spot) -> Self {
        Self {
            spot,
            walked_from: spot.position,
            lost_from: None,
            restarted: false,
        }
    }
}

/// Finds the spot that `start` means in what the tape of ring `id` holds below `head`.
pub(crate) fn locate(tape: &Tape, id: u64, head: Spot, start: Start) -> Begin {
    match start {
        Start::Oldest => oldest(tape, head),
        Start::Newest => Begin::at(head),
        Start::Last(count) => {
            let wanted = head.seq.saturating_sub(count);
            from_seq(tape, head, wanted)
        }
        Start::Since(time) => since(tape, head, LogTime::new(time).since_1970()),
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
pub(crate) fn from_seq(tape: &Tape, head: Spot, wanted: u64) -> Begin {
    let near = nearest(tape, head, |spot| spot.seq <= wanted);
    near.map_or_else(
        || oldest(tape, head),
        |near| walk(tape, near, head, |spot, _| spot.seq >= wanted),
    )
}

/// The number of the first of the newest `count` records that `select` takes, or of the oldest record whose
/// neighbours up to the head are intact.
///
/// It may go through all that the ring holds, so it is not for the lock.
pub(crate) fn seq_of_last(tape: &Tape, head: Spot, count: u64, select: &Select) -> u64 {
    let mut missing = count;
    let mut end = head;
    // Block by block, back from the head.
    while missing > 0 {
        let Some(begin) = nearest(tape, head, |spot| spot.position < end.position) else {
            break;
        };
        let taken = taken(tape, begin, end, select, u64::MAX);
        if tape.is_overtaken(begin.position, head.position) {
            break;
        }
        if taken.count >= missing {
            let first = self::taken(tape, begin, end, select, taken.count - missing + 1).last;
            let is_intact = !tape.is_overtaken(begin.position, head.position);
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

/// The first `most` records between the two spots that `select` takes.
fn taken(tape: &Tape, begin: Spot, end: Spot, select: &Select, most: u64) -> Taken {
    let (mut spot, mut taken) = (
        begin,
        Taken {
            count: 0,
            last: end.seq,
        },
    );
    while spot.position < end.position && taken.count < most {
        let Some((header, _, next)) = tape.step(spot, end.position) else {
            break;
        };
        if tape.is_taken(spot, header, select) {
            taken = Taken {
                count: taken.count + 1,
                last: spot.seq,
            };
        }
        spot = next;
    }
    taken
}

fn oldest(tape: &Tape, head: Spot) -> Begin {
    Begin::at(
        tape.entry_from(0, head.position)
            .map_or(head, |entry| entry.spot),
    )
}

/// The first record that may have been written then or later. Times may be in any order: a line that took
/// long to format stands behind newer ones, and clocks are set back.
fn since(tape: &Tape, head: Spot, nanos: u64) -> Begin {
    let first = oldest(tape, head).spot;
    // The first entry before which there was one; before the oldest nothing is left. It is in the block
    // before, or nowhere but in the last.
    let bound = tape
        .entries(head.position)
        .filter(|entry| entry.spot.position > first.position && entry.before >= nanos)
        .map(|entry| entry.spot.position)
        .min()
        .unwrap_or(head.position);
    let near = nearest(tape, head, |spot| spot.position < bound);
    near.map_or_else(
        || oldest(tape, head),
        |near| walk(tape, near, head, |_, stamp| stamp.latest() >= nanos),
    )
}

fn after(tape: &Tape, head: Spot, cursor: Cursor) -> Begin {
    if cursor.seq == head.seq {
        return Begin::at(head);
    }
    match nearest(tape, head, |spot| spot.seq <= cursor.seq) {
        Some(near) => walk(tape, near, head, |spot, _| spot.seq >= cursor.seq),
        None => {
            let oldest = oldest(tape, head);
            // A cursor that does not know the bytes makes them none.
            let bytes = cursor.bytes.unwrap_or(oldest.spot.bytes);
            Begin {
                lost_from: Some((cursor.seq, bytes)),
                ..oldest
            }
        }
    }
}

/// The newest entry that `fits`.
fn nearest(tape: &Tape, head: Spot, fits: impl Fn(Spot) -> bool) -> Option<Spot> {
    tape.entries(head.position)
        .map(|entry| entry.spot)
        .filter(|&spot| fits(spot))
        .max_by_key(|spot| spot.position)
}

/// The first record from `near` on that `is_it`, told by its spot and time; the head if none is.
fn walk(tape: &Tape, near: Spot, head: Spot, is_it: impl Fn(Spot, Stamp) -> bool) -> Begin {
    let mut spot = near;
    while spot.position < head.position {
        // No header: overtaken, which the caller will find too.
        let Some((_, stamp, next)) = tape.step(spot, head.position) else {
            break;
        };
        if is_it(spot, stamp) {
            break;
        }
        spot = next;
    }
    Begin {
        walked_from: near.position,
        ..Begin::at(spot)
    }
}
