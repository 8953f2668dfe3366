//! Finding records in the file of a ring, whatever state it was left in.
//!
//! Invariant: each step goes forward, so it comes to an end after as many steps as records find room, and an entry of
//! the index for each block.

use crate::error::OutOfMemory;
use crate::select::Select;
use crate::sys::sync;
use crate::tape::buffer::Buffer;
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use crate::tape::walk::Most;

/// How often a search begins anew when writers overtake it.
const TRIES: u32 = 16;

/// The position behind the last record below `committed` that can be found: behind the newest of all, unless something
/// is damaged. `None` if there is no record that is intact.
pub(crate) fn head(tape: &impl Recording, committed: u64) -> Option<Position> {
    if committed == 0 {
        return Some(Position::default());
    }
    let newest = tape
        .entries(committed)
        .max_by_key(|entry| entry.position.offset)?;
    let mut position = newest.position;
    while position.offset < committed {
        let Some((.., next)) = tape.step(position, committed) else {
            break;
        };
        position = next;
    }
    (!tape.is_overtaken(newest.position.offset, committed)).then_some(position)
}

/// All records that are held, the oldest first. Where one cannot be read, it goes on at the next that the index names,
/// so there may be gaps in their numbers.
pub(crate) fn all(tape: &impl Recording) -> Result<Buffer, OutOfMemory> {
    for _ in 0..TRIES {
        let committed = tape.committed();
        let buffer = up_to(tape, committed)?;
        if !buffer.is_empty() || tape.committed() == committed {
            return Ok(buffer);
        }
        sync::yield_now();
    }
    Ok(Buffer::empty())
}

fn up_to(tape: &impl Recording, committed: u64) -> Result<Buffer, OutOfMemory> {
    let Some(oldest) = tape.entry_from(0, committed) else {
        return Ok(Buffer::empty());
    };
    let mut position = oldest.position;
    // At most the capacity; the payloads take less than the records.
    let bytes = usize::try_from(committed - position.offset).unwrap_or(usize::MAX);
    let mut buffer = Buffer::for_snapshot(bytes)?;
    while position.offset < committed {
        let from = position;
        let copied = tape.copy(from, committed, &Select::default(), Most::ALL, &mut buffer);
        if tape.is_overtaken(from.offset, committed) {
            // What there is so far would have a gap behind it that is nobody's damage.
            buffer.clear();
        } else if copied.position != from {
            position = copied.position;
            continue;
        } else if tape.step(from, committed).is_some() {
            // There is no memory for what is known of each record.
            return Err(OutOfMemory { bytes });
        }
        match tape.entry_from(from.offset + 1, committed) {
            Some(entry) => position = entry.position,
            None => break,
        }
    }
    Ok(buffer)
}
