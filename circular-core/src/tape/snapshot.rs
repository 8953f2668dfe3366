//! A copy of what the ring holds, made without the lock.
//!
//! Invariant: whole records, one after the other, and nothing is waited for. The copy goes on from
//! the oldest entry of the index in pieces, each of which is checked by itself. Where writers
//! overtake it, what it has so far is dropped, because a gap would follow, and it begins again at
//! what is then the oldest.

use crate::error::OutOfMemory;
use crate::record::Record;
use crate::select::Select;
use crate::sys::sync;
use crate::tape::batch::Records;
use crate::tape::buffer::Buffer;
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use crate::tape::walk::{Copied, Most};
use std::borrow::Cow;
use std::fmt;

/// How often a copy begins anew when writers overtake it before it has anything.
const TRIES: u32 = 16;

/// All that is held now.
pub(crate) fn try_take(tape: &impl Recording) -> Result<Snapshot, OutOfMemory> {
    take_newest(tape, u64::MAX)
}

/// All that is held now, or of the newest as much as there is memory for.
pub(crate) fn take(tape: &impl Recording) -> Snapshot {
    let mut most = tape.capacity();
    loop {
        match take_newest(tape, most) {
            Ok(snapshot) => return snapshot,
            Err(_) if most > 0 => most /= 2,
            Err(_) => {
                let buffer = Buffer::empty();
                return Snapshot { buffer };
            }
        }
    }
}

/// What is held of the newest `most` bytes.
fn take_newest(tape: &impl Recording, most: u64) -> Result<Snapshot, OutOfMemory> {
    for _ in 0..TRIES {
        let committed = tape.committed();
        let buffer = copy_up_to(tape, committed.saturating_sub(most), committed)?;
        if !buffer.is_empty() || committed == 0 {
            return Ok(Snapshot { buffer });
        }
        sync::yield_now();
    }
    let buffer = Buffer::empty();
    Ok(Snapshot { buffer })
}

fn copy_up_to(tape: &impl Recording, from: u64, committed: u64) -> Result<Buffer, OutOfMemory> {
    let Some(oldest) = tape.entry_from(from, committed) else {
        return Ok(Buffer::empty());
    };
    let mut position = oldest.position;
    // At most the capacity; the payloads take less than the records.
    let bytes = usize::try_from(committed - position.offset).unwrap_or(0);
    let mut buffer = Buffer::for_snapshot(bytes)?;
    while position.offset < committed {
        match piece(tape, position, committed, &mut buffer) {
            Some(next) => position = next,
            // Overtaken, or no memory for what is known of each record.
            None if !tape.is_overtaken(position.offset, committed)
                && tape.step(position, committed).is_some() =>
            {
                return Err(OutOfMemory { bytes });
            }
            None => {
                buffer.clear();
                match tape.entry_from(position.offset + 1, committed) {
                    Some(entry) => position = entry.position,
                    None => break,
                }
            }
        }
    }
    Ok(buffer)
}

/// Copies what comes next behind what is there; `None` if it was overtaken meanwhile.
pub(crate) fn piece(
    tape: &impl Recording,
    from: Position,
    committed: u64,
    buffer: &mut Buffer,
) -> Option<Position> {
    let losses = tape.losses();
    let Copied { position, .. } = tape.copy(from, committed, &Select::default(), Most::ALL, buffer);
    let is_whole = !tape.is_overtaken(from.offset, committed) && tape.losses() == losses;
    (position != from && is_whole).then_some(position)
}

/// An owned copy of what a ring held when it was taken: whole records, the oldest first, no gaps, but for those of a
/// damaged file.
///
/// Writers go on meanwhile; under writers so fast that nothing stays long enough to be copied it can
/// be empty.
///
/// ```
/// use circular_core::Ring;
/// use std::io::Write;
///
/// let mut ring = Ring::new(4096)?;
/// writeln!(ring, "first")?;
/// writeln!(ring, "second")?;
/// let snapshot = ring.handle().snapshot();
/// assert_eq!(snapshot.bytes(), b"first\nsecond\n");
/// assert_eq!(snapshot.records().nth(1).unwrap().seq(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Snapshot {
    buffer: Buffer,
}

impl Snapshot {
    pub(crate) fn new(buffer: Buffer) -> Self {
        Self { buffer }
    }

    /// Returns the bytes of all records, in one run.
    pub fn bytes(&self) -> &[u8] {
        self.buffer.bytes()
    }

    /// Returns the text of all records; what is not UTF-8 becomes the replacement character.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes())
    }

    /// Returns the same as [`bytes`](Self::bytes), without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.buffer.into_bytes()
    }

    /// Returns the records, the oldest first.
    pub fn records(&self) -> Records<'_> {
        Records::new(&self.buffer)
    }

    /// Returns how many records there are.
    pub fn record_count(&self) -> usize {
        self.buffer.record_count()
    }

    /// Returns how many records there are, and not bytes, which [`AsRef`] makes one think of.
    #[deprecated(since = "0.1.0", note = "use `record_count`, or `bytes().len()`")]
    pub fn len(&self) -> usize {
        self.record_count()
    }

    /// Returns whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }
}

impl AsRef<[u8]> for Snapshot {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl<'a> IntoIterator for &'a Snapshot {
    type Item = Record<'a>;
    type IntoIter = Records<'a>;

    fn into_iter(self) -> Records<'a> {
        self.records()
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("records", &self.record_count())
            .field("bytes", &self.bytes().len())
            .finish()
    }
}
