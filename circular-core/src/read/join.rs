//! Joining the readers of a ring.
//!
//! Invariant: the place that a reader begins at is intact when it joins, though where the search for it
//! may take a while, that is done without the lock.

use crate::error::OutOfMemory;
use crate::read::start::{self, Begin};
use crate::ring::policy::{Policy, Start};
use crate::ring::readers::{ReaderEntry, ReaderKey};
use crate::ring::shared::Shared;
use crate::select::Select;
use crate::sys::sync;
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use std::mem;

/// How often a beginning is searched without the lock before it is searched under it, where that is a look at each
/// entry of the index, for `Since` three, and a walk over one block. In vain it is only where writers overtake the
/// search.
const SEARCHES: u32 = if sync::IS_MODEL { 2 } else { 16 };

/// Finds where to begin and joins there, with no chance for a writer between the two.
pub(crate) fn join(
    shared: &Shared,
    start: Start,
    policy: Policy,
    select: &Select,
) -> Result<(Option<ReaderKey>, Begin), OutOfMemory> {
    let tape = &shared.tape;
    // What is written meanwhile comes on top.
    let last = match start {
        Start::Last(count) if !select.takes_all() => {
            shared.mend();
            let head = shared.lock().map(|state| state.head.position);
            head.map(|head| start::seq_of_last(tape, head, count, select))
        }
        _ => None,
    };
    let search = |head: Position| match last {
        Some(seq) => start::from_seq(tape, head, seq),
        None => start::locate(tape, shared.id, head, start),
    };
    let needs_walk = !matches!(start, Start::Oldest | Start::Newest);
    let mut memory = Vec::new();
    let mut searches = 0;
    loop {
        let Some(mut state) = shared.lock() else {
            return Ok((None, search(Position::default())));
        };
        // In this order: what is lost after the one has not been mended by the other.
        let losses = tape.losses();
        tape.mend(&mut state.head);
        let head = state.head.position;
        let wanted = state.readers.wants_memory();
        drop(state);
        // Without the lock: it may take a while, and memory.
        let found = (needs_walk && searches < SEARCHES).then(|| search(head));
        searches += 1;
        if let Some(entries) = wanted {
            memory = Vec::new();
            let bytes = entries.saturating_mul(size_of::<ReaderEntry>());
            let reserved = memory.try_reserve_exact(entries);
            reserved.map_err(|_| OutOfMemory { bytes })?;
        }

        let Some(mut state) = shared.lock() else {
            continue;
        };
        shared.tape.mend(&mut state.head);
        if state
            .readers
            .wants_memory()
            .is_some_and(|entries| entries > memory.capacity())
        {
            continue;
        }
        let begin = match found {
            Some(_) if tape.losses() != losses => continue,
            Some(begin) if tape.is_overtaken(begin.walked_from, head.offset) => continue,
            Some(begin) => begin,
            None => search(state.head.position),
        };
        let unused = state.readers.reserve(mem::take(&mut memory));
        let key = state.readers.join(policy, begin.position);
        // Who waits for room waits for this one too now, and maybe not as long.
        shared.wake_first_in_line(&state);
        drop(state);
        drop(unused);
        return Ok((Some(key), begin));
    }
}
