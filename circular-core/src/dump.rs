//! Writing out what the ring holds, because something went wrong.
//!
//! As a [snapshot](crate::snapshot), but in pieces through a buffer that was made beforehand: no
//! lock, no waiting, whole records. Where writers overtake it, it goes on behind what they
//! overwrote, and says how much that was.

use crate::Missed;
use crate::buffer::Buffer;
use crate::snapshot;
use crate::tape::Tape;
use std::io;

/// What a dump came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dumped {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    /// What was overwritten meanwhile.
    pub(crate) missed: Missed,
}

/// Hands `out` everything that the ring held when this was called.
pub(crate) fn write(
    tape: &Tape,
    buffer: &mut Buffer,
    out: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Dumped> {
    let mut dumped = Dumped::default();
    let tail = tape.tail();
    let Some(oldest) = tape.entry_from(0, tail) else {
        return Ok(dumped);
    };
    let mut spot = oldest.spot;
    while spot.position < tail {
        buffer.clear();
        if let Some(next) = snapshot::piece(tape, spot, tail, buffer) {
            out(buffer.bytes())?;
            dumped.records += next.seq - spot.seq;
            dumped.bytes += next.bytes - spot.bytes;
            spot = next;
            continue;
        }
        // Overtaken, or one record that is larger than the buffer.
        let header = tape
            .step(spot, tail)
            .filter(|_| !tape.is_overtaken(spot.position));
        if header.is_some_and(|(header, ..)| buffer.try_grow_for(header)) {
            continue;
        }
        let Some(entry) = tape.entry_from(spot.position + 1, tail) else {
            break;
        };
        dumped.missed += Missed {
            records: entry.spot.seq - spot.seq,
            bytes: entry.spot.bytes - spot.bytes,
        };
        spot = entry.spot;
    }
    buffer.shrink();
    Ok(dumped)
}
