//! Which of each writer's records came.
//!
//! Each writer's come in order and once. Those that are left out and would have passed the filter
//! are no more than what was told as missed: none, if nothing was.

use crate::stamp::Stamp;
use circular_core::Level;
use std::collections::HashMap;

pub(crate) struct Numbers {
    next: HashMap<u64, u64>,
    /// Nothing was written before it began.
    from_start: bool,
    least: Option<Level>,
    left_out: u64,
}

impl Numbers {
    pub(crate) fn new(from_start: bool, least: Option<Level>) -> Self {
        Self {
            next: HashMap::new(),
            from_start,
            least,
            left_out: 0,
        }
    }

    /// A record has begun; `missed` tells how many were missed so far. If only the end of it is
    /// there, its beginning may have been noted before.
    pub(crate) fn note(&mut self, stamp: Stamp, missed: u64, is_end: bool) {
        assert!(
            stamp.passes(self.least),
            "{stamp:?} does not pass the filter"
        );
        let first = if self.from_start { 0 } else { stamp.number };
        let next = *self.next.get(&stamp.writer).unwrap_or(&first);
        if is_end && stamp.number + 1 == next {
            return;
        }
        assert!(
            stamp.number >= next,
            "{stamp:?} again, or out of order: {next} was to come"
        );
        self.leave_out(stamp, next, stamp.number, missed);
        self.next.insert(stamp.writer, stamp.number + 1);
    }

    fn leave_out(&mut self, of: Stamp, from: u64, to: u64, missed: u64) {
        let passing = (from..to)
            .map(|number| Stamp { number, ..of })
            .filter(|stamp| stamp.passes(self.least));
        self.left_out += passing.count() as u64;
        assert!(
            self.left_out <= missed,
            "before {of:?} the records {from}..{to} are not there, and only {missed} were missed"
        );
    }

    /// The stream has ended, and its writers have written so many each.
    pub(crate) fn finish(&mut self, written: &[u64], missed: u64) {
        for (writer, written) in (0..).zip(written) {
            let first = if self.from_start { 0 } else { *written };
            let next = *self.next.get(&writer).unwrap_or(&first);
            // One more if close cut it off.
            assert!(
                next <= written + 1,
                "writer {writer} has not written {next} records"
            );
            let end = Stamp::new(writer, *written, 0);
            self.leave_out(end, next.min(*written), *written, missed);
        }
    }
}
