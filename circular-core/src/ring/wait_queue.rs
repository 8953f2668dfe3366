//! The line of writers that wait for room.
//!
//! Invariants: those who wait are served in the order in which they began to; a writer that comes
//! later goes before them only if there is room for its record and for all of theirs; nobody goes
//! before one whose record goes through in parts. So a long record does not starve behind short
//! ones, and yet a writer that finds room is not put to sleep because another has not woken up yet.

use std::time::Instant;

/// Everything here is under the ring's lock.
#[derive(Debug, Default)]
#[repr(C)]
pub(crate) struct WaitQueue {
    /// The ticket that is first.
    serving: u64,
    /// The ticket that the next one to wait gets.
    next: u64,
    /// The room that those who wait are waiting for, in all.
    wanted: u64,
    /// How many of them have a record that goes through in parts.
    in_parts: usize,
}

/// One write's place in the queue; it may be several waits long.
#[derive(Debug, Default)]
pub(crate) struct Ticket {
    in_parts: bool,
    number: Option<u64>,
    /// Since when it has been first; a reader's patience counts from here.
    pub(crate) first_since: Option<Instant>,
}

impl Ticket {
    /// That of a record that goes through in parts.
    pub(crate) fn in_parts() -> Self {
        Self {
            in_parts: true,
            ..Self::default()
        }
    }
}

impl WaitQueue {
    /// The ticket of the first in line.
    #[inline]
    pub(crate) fn first(&self) -> Option<u64> {
        (self.serving != self.next).then_some(self.serving)
    }

    /// How much room must be left for others if the writer with `ticket` goes on now; `None` if it must wait.
    #[inline]
    pub(crate) fn room_to_leave(&self, ticket: &Ticket) -> Option<u64> {
        if self.serving == self.next || ticket.number.is_some() {
            return Some(0);
        }
        (self.in_parts == 0 && !ticket.in_parts).then_some(self.wanted)
    }

    /// Begins to wait for `size` bytes of room; who has a ticket already keeps its place.
    pub(crate) fn begin_to_wait(&mut self, ticket: &mut Ticket, size: u64) -> u64 {
        self.wanted += size;
        self.in_parts += usize::from(ticket.in_parts);
        *ticket.number.get_or_insert_with(|| {
            let number = self.next;
            self.next += 1;
            number
        })
    }

    pub(crate) fn end_to_wait(&mut self, ticket: &Ticket, size: u64) {
        self.wanted -= size;
        self.in_parts -= usize::from(ticket.in_parts);
    }

    /// Leaves the line, and tells whether somebody else is first now.
    #[inline]
    pub(crate) fn end_turn(&mut self, ticket: &Ticket) -> bool {
        if ticket.number.is_some() {
            self.serving += 1;
        }
        ticket.number.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_writer_leaves_room_for_all_who_wait() {
        let mut line = WaitQueue::default();
        let (mut first, mut second, later) =
            (Ticket::default(), Ticket::default(), Ticket::default());
        assert_eq!(line.room_to_leave(&later), Some(0));
        line.begin_to_wait(&mut first, 100);
        line.begin_to_wait(&mut second, 32);
        assert_eq!(line.room_to_leave(&later), Some(132));
        // Who is being served leaves room for nobody.
        line.end_to_wait(&first, 100);
        assert_eq!(line.room_to_leave(&first), Some(0));
        assert!(line.end_turn(&first));
        assert_eq!(line.room_to_leave(&later), Some(32));
        line.end_to_wait(&second, 32);
        assert!(line.end_turn(&second));
        assert_eq!((line.first(), line.room_to_leave(&later)), (None, Some(0)));
        // Whoever did not wait was not in line.
        assert!(!line.end_turn(&later));
    }

    #[test]
    fn nobody_goes_before_a_record_in_parts_and_it_goes_before_nobody() {
        let mut line = WaitQueue::default();
        let (mut parts, whole) = (Ticket::in_parts(), Ticket::default());
        line.begin_to_wait(&mut parts, 100);
        assert_eq!(line.room_to_leave(&whole), None);
        assert_eq!(line.room_to_leave(&Ticket::in_parts()), None);
        line.end_to_wait(&parts, 100);
        // A later part keeps the place of the first.
        assert_eq!(line.room_to_leave(&parts), Some(0));
        assert_eq!(line.begin_to_wait(&mut parts, 100), 0);
        line.end_to_wait(&parts, 100);
        line.end_turn(&parts);

        let mut whole = Ticket::default();
        line.begin_to_wait(&mut whole, 16);
        assert_eq!(line.room_to_leave(&Ticket::in_parts()), None);
        // When it is through, all is as before.
        assert_eq!(line.room_to_leave(&Ticket::default()), Some(16));
    }
}
