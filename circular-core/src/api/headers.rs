//! What a ring holds, without what the records say: for counts over all of it.
//!
//! Invariant: what is handed out was read before anybody began to overwrite it.

use crate::record::Record;
use crate::record::cursor::Cursor;
use crate::record::meta::Meta;
use crate::record::missed::Missed;
use crate::ring::shared::Shared;
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use std::fmt;
use std::sync::Arc;

/// A walk over what is known of the records that a ring holds, the oldest first, without their bytes. Made by
/// [`Handle::headers`](crate::Handle::headers).
///
/// It ends with the record that was the newest when it was made. It is no reader: nobody waits for it, and it has no place
/// in the ring. A clone begins where this one is.
#[derive(Clone)]
pub struct Headers {
    shared: Arc<Shared>,
    position: Position,
    /// The end of what was published when this was made.
    end: u64,
    losses: u64,
    missed: Missed,
    target: [u8; Meta::MAX_TARGET],
}

impl Headers {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let (position, end, losses) = shared.look(|tape| {
            let end = tape.committed();
            let oldest = tape.entry_from(0, end).map(|entry| entry.position);
            (oldest, end, tape.losses())
        });
        Self {
            shared,
            position: position.unwrap_or_default(),
            end: if position.is_some() { end } else { 0 },
            losses,
            missed: Missed::default(),
            target: [0; Meta::MAX_TARGET],
        }
    }

    /// Returns the next record, without its bytes: of those it has none. `None` if there is no further one.
    pub fn next_record(&mut self) -> Option<Record<'_>> {
        loop {
            let (position, end) = (self.position, self.end);
            if position.offset >= end {
                return None;
            }
            let tape = &self.shared.tape;
            let read = tape.step(position, end).map(|(header, stamp, next)| {
                let target = &mut self.target[..usize::from(header.target_len)];
                tape.read_target(position, header, target);
                (header, stamp, next)
            });
            // In this order: what was overwritten or lost while it was read is told by these.
            let is_intact = !tape.is_overtaken(position.offset, end);
            let is_there = tape.losses() == self.losses;
            match read.filter(|_| is_intact && is_there) {
                Some((header, stamp, next)) => {
                    self.position = next;
                    return Some(Record {
                        seq: position.seq,
                        stamp,
                        level: header.level,
                        part: header.part,
                        target: &self.target[..usize::from(header.target_len)],
                        bytes: b"",
                    });
                }
                None => self.pass_over(),
            }
        }
    }

    /// Goes on at the next record that is there for certain.
    fn pass_over(&mut self) {
        let tape = &self.shared.tape;
        self.losses = tape.losses();
        let from = self.position;
        let next = tape.entry_from(from.offset + 1, self.end);
        match next.map(|entry| entry.position) {
            Some(next) if next.offset > from.offset => {
                self.missed += next.missed_since(from.seq, from.bytes);
                self.position = next;
            }
            _ => self.end = from.offset,
        }
    }

    /// Returns the place behind the record that was returned last: where a reader goes on that has had it. At first it is
    /// that before the oldest.
    pub fn cursor(&self) -> Cursor {
        Cursor {
            ring: self.shared.id,
            seq: self.position.seq,
            bytes: Some(self.position.bytes),
        }
    }

    /// Returns what was overwritten before it was looked at, as far as anything came behind that.
    pub fn missed(&self) -> Missed {
        self.missed
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Headers")
            .field("cursor", &self.cursor())
            .field("missed", &self.missed)
            .finish_non_exhaustive()
    }
}
