//! What a reader does that was overtaken: it counts what it missed, and goes on where writers are not soon
//! again.
//!
//! All of it is under the lock, so it is bounded, whatever the ring's size and whatever is in it: a few
//! entries of the index, and for a reader that was overtaken again and again a few records, of fewer bytes
//! than a batch has; or one that is longer, if that was overtaken still more often.

use super::ReaderCore;
use crate::format::header::Header;
use crate::ring::readers::ReaderKey;
use crate::ring::shared::State;
use crate::tape::Most;
use crate::tape::position::Position;

/// After this many batches discarded in a row, the next is copied under the lock.
const PATIENCE: u32 = 2;

/// After so many, a long record is copied under it too, however long it is: it is overtaken each time, or the
/// ring's words say so in damaged memory, and the reader must get on.
const LONG_PATIENCE: u32 = 8;

/// What is copied under it. Writers wait for that; and it need not be much: the reader gets on, and has half
/// a ring's start again.
const UNDER_LOCK: Most = Most {
    records: 256,
    bytes: 16 * 1024,
};

impl ReaderCore {
    /// Discards the copy, which was overtaken, and lands where writers are not soon again.
    pub(super) fn catch_up(&mut self, state: &mut State, token: ReaderKey) -> Option<Header> {
        self.buffer.clear();
        self.discarded += 1;
        let tape = &self.shared.tape;
        let half = tape.capacity() / 2;
        let head = state.head.position;
        let slot = state.readers.get(token);
        let lossless = slot.as_ref().is_some_and(|slot| slot.is_lossless());
        let spared = slot.and_then(|slot| slot.spared_after(self.position));
        match spared {
            // Writers stop for it as soon as it has landed.
            Some(spared) => self.pass_over(spared),
            None if lossless => self.move_on(state, self.position.offset),
            None => {
                let from = head.offset.saturating_sub(half);
                self.move_on(state, from.max(self.position.offset));
            }
        }
        if self.discarded <= PATIENCE {
            return None;
        }
        // A long record would take as long as it is. It has a better chance without the lock than many short
        // ones: writers have half a ring to go.
        let next = self.shared.tape.step(self.position, head.offset);
        let is_long = next.is_some_and(|(header, ..)| header.content() > UNDER_LOCK.bytes);
        if is_long && self.discarded <= LONG_PATIENCE {
            return None;
        }
        let from = self.position;
        let tape = &self.shared.tape;
        let copied = tape.copy(
            from,
            head.offset,
            &self.select,
            UNDER_LOCK,
            &mut self.buffer,
        );
        let stuck = copied.position == self.position && copied.too_large.is_none();
        self.position = copied.position;
        if stuck && self.position.offset < head.offset {
            // Only in memory that somebody else wrote to.
            self.move_on(state, self.position.offset + 1);
        }
        copied.too_large
    }

    /// Moves to the first record that begins at `from` or later, or else to the last that begins
    /// anywhere after this position, and counts what is passed over as missed.
    pub(super) fn move_on(&mut self, state: &State, from: u64) {
        let tape = &self.shared.tape;
        let head = state.head.position;
        let last = || {
            tape.entries(head.offset)
                .map(|entry| entry.position)
                .filter(|position| position.offset > self.position.offset)
                .max_by_key(|position| position.offset)
        };
        let entry = tape
            .entry_from(from, head.offset)
            .map(|entry| entry.position);
        self.pass_over(entry.or_else(last).unwrap_or(head));
    }

    /// Goes on behind the next record, for which there is no memory.
    pub(super) fn go_without(&mut self, header: Header) {
        let Some(state) = self.shared.lock() else {
            return;
        };
        let tape = &self.shared.tape;
        let head = state.head.position.offset;
        // It may have been overtaken meanwhile, and then what comes next is found out by the next copy.
        let next = tape
            .step(self.position, head)
            .filter(|(now, ..)| *now == header);
        if let Some((.., next)) = next.filter(|_| !tape.is_overtaken(self.position.offset, head)) {
            drop(state);
            self.pass_over(next);
            self.no_memory = Some(header.content());
        }
    }

    /// Moves to `position`, and counts what is passed over as missed.
    fn pass_over(&mut self, position: Position) {
        let missed = position.missed_since(self.position.seq, self.position.bytes);
        self.missed += missed;
        self.untold += missed;
        self.position = position;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::level::Level;
    use crate::record::meta::Meta;
    use crate::ring::policy::{Policy, Start};
    use crate::ring::shared::Shared;
    use crate::select::Select;
    use std::sync::Arc;

    const CAPACITY: usize = 4 << 20;

    /// A ring that has been filled once with records of so many bytes, a reader of them for errors only,
    /// and another lap.
    fn lapped(len: usize) -> (Arc<Shared>, ReaderCore) {
        let shared = Arc::new(Shared::new(CAPACITY).unwrap());
        let fill = || {
            let bytes = vec![b'x'; len];
            for _ in 0..CAPACITY / (len + 16) {
                let meta = Meta::new().level(Level::Info);
                shared.write(meta, &bytes[..]).unwrap();
            }
        };
        fill();
        let errors = Select::at_least(Level::Error);
        let (start, policy) = (Start::Oldest, Policy::Skip);
        let pass = ReaderCore::join(Arc::clone(&shared), start, policy, errors, true).unwrap();
        fill();
        (shared, pass)
    }

    /// How many records it goes over, from where it lands, after so many batches discarded in a row.
    fn gone_over(pass: &mut ReaderCore, shared: &Shared, discarded: u32) -> u64 {
        let mut state = shared.lock().unwrap();
        let token = pass.token.unwrap();
        pass.discarded = 0;
        pass.catch_up(&mut state, token);
        let landed = pass.position.seq;
        pass.discarded = discarded;
        pass.catch_up(&mut state, token);
        pass.position.seq - landed
    }

    /// However large the ring is, and however little of it passes the filter.
    #[test]
    fn under_the_lock_it_looks_at_a_few_records() {
        let (shared, mut pass) = lapped(8);
        assert_eq!(gone_over(&mut pass, &shared, PATIENCE - 1), 0);
        let count = gone_over(&mut pass, &shared, PATIENCE);
        assert!((1..=300).contains(&count), "{count}");
    }

    /// Its buffer may have grown for a record that is as long as a quarter of the ring.
    #[test]
    fn under_the_lock_it_copies_no_long_record() {
        for (len, copied) in [(1000, 1000..20_000), (100_000, 0..1)] {
            let (shared, mut pass) = lapped(len);
            pass.select = Select::default();
            let grown = pass.buffer.try_grow_for(Header {
                len: 1 << 20,
                target_len: 0,
                level: None,
                part: crate::record::part::Part::Whole,
                check: 0,
                is_coarse: false,
            });
            assert!(grown);
            gone_over(&mut pass, &shared, PATIENCE);
            let bytes = pass.buffer.bytes().len();
            assert!(copied.contains(&bytes), "{bytes} of records of {len}");
        }
    }
}
