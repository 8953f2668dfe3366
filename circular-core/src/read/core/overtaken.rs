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
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use crate::tape::walk::Most;

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
    pub(super) fn catch_up(&mut self, state: &mut State, key: ReaderKey) -> Option<Header> {
        self.buffer.clear();
        self.discarded += 1;
        let tape = &self.shared.tape;
        let head = state.head.position;
        self.place
            .land(tape, head, state.readers.get(key).map(|entry| &*entry));
        if self.discarded <= PATIENCE {
            return None;
        }
        // A long record would take as long as it is. It has a better chance without the lock than many short
        // ones: writers have half a ring to go.
        let from = self.place.position();
        let next = tape.step(from, head.offset);
        let is_long = next.is_some_and(|(header, ..)| header.content() > UNDER_LOCK.bytes);
        if is_long && self.discarded <= LONG_PATIENCE {
            return None;
        }
        let losses = tape.losses();
        tape.mend(&mut state.head);
        let copied = tape.copy(
            from,
            head.offset,
            &self.select,
            UNDER_LOCK,
            &mut self.buffer,
        );
        if tape.losses() != losses {
            self.buffer.clear();
            return None;
        }
        self.place.advance_to(copied.position);
        let stuck = copied.position == from && copied.too_large.is_none();
        if stuck && tape.is_cut_off(from.offset, head.offset) {
            self.place.pass_over_cut(tape, head);
        } else if stuck && from.offset < head.offset {
            // Only in memory that somebody else wrote to.
            self.place.move_on(tape, head, from.offset + 1);
        }
        copied.too_large
    }

    /// Discards a copy, as memory was lost, and goes on from where it began, if there is still something.
    #[cold]
    pub(super) fn start_over(
        &mut self,
        before: Position,
        state: &mut State,
        key: ReaderKey,
    ) -> Option<Header> {
        self.buffer.clear();
        let tape = &self.shared.tape;
        tape.mend(&mut state.head);
        if tape.is_overtaken(before.offset, state.head.position.offset) {
            self.catch_up(state, key)
        } else {
            None
        }
    }

    /// Makes the buffer long enough for the next record, or goes on behind it if there is no memory.
    pub(super) fn make_room_for(&mut self, header: Header) {
        if self.buffer.try_grow_for(header) {
            return;
        }
        let Some(state) = self.shared.lock() else {
            return;
        };
        let tape = &self.shared.tape;
        let head = state.head.position.offset;
        let position = self.place.position();
        // It may have been overtaken meanwhile, and then what comes next is found out by the next copy.
        let next = tape.step(position, head).filter(|(now, ..)| *now == header);
        if let Some((.., behind)) = next.filter(|_| !tape.is_overtaken(position.offset, head)) {
            drop(state);
            self.place.go_without(header.content(), behind);
        }
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
    fn overtaken(len: usize) -> (Arc<Shared>, ReaderCore) {
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
        let core = ReaderCore::join(Arc::clone(&shared), start, policy, errors, true).unwrap();
        fill();
        (shared, core)
    }

    /// How many records it goes over, from where it lands, after so many batches discarded in a row.
    fn gone_over(core: &mut ReaderCore, shared: &Shared, discarded: u32) -> u64 {
        let mut state = shared.lock().unwrap();
        let key = core.key.unwrap();
        core.discarded = 0;
        core.catch_up(&mut state, key);
        let landed = core.place.position().seq;
        core.discarded = discarded;
        core.catch_up(&mut state, key);
        core.place.position().seq - landed
    }

    /// However large the ring is, and however little of it passes the filter.
    #[test]
    fn under_the_lock_it_looks_at_a_few_records() {
        let (shared, mut core) = overtaken(8);
        assert_eq!(gone_over(&mut core, &shared, PATIENCE - 1), 0);
        let count = gone_over(&mut core, &shared, PATIENCE);
        assert!((1..=300).contains(&count), "{count}");
    }

    /// Its buffer may have grown for a record that is as long as a quarter of the ring.
    #[test]
    fn under_the_lock_it_copies_no_long_record() {
        for (len, copied) in [(1000, 1000..20_000), (100_000, 0..1)] {
            let (shared, mut core) = overtaken(len);
            core.select = Select::default();
            let grown = core.buffer.try_grow_for(Header {
                len: 1 << 20,
                target_len: 0,
                level: None,
                part: crate::record::part::Part::Whole,
                check: 0,
                is_coarse: false,
            });
            assert!(grown);
            gone_over(&mut core, &shared, PATIENCE);
            let bytes = core.buffer.bytes().len();
            assert!(copied.contains(&bytes), "{bytes} of records of {len}");
        }
    }
}
