//! From one record to the next, and copying them, wherever their words are read from.
//!
//! Invariant: nothing that is read is trusted. Every length is checked against the bounds before it is used, so a walk
//! ends, whatever the words are, and looks at no word at or behind its end.

use crate::format::header::{self, Header};
use crate::format::word::WORD;
use crate::memory::source::Source;
use crate::select::Select;
use crate::tape::buffer::Buffer;
use crate::tape::position::Position;
use crate::time::clock::Stamp;

/// A batch is at most this share of the ring, so that writers have a way to go before they overtake
/// a reader that copies it.
const LARGEST_SHARE: u64 = 4;

/// What a copy is to do at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most {
    /// Records that it looks at, whether they pass or not.
    pub(crate) records: u64,
    /// Bytes of those that it copies, if they are more than one.
    pub(crate) bytes: usize,
}

impl Most {
    pub(crate) const ALL: Self = Self {
        records: u64::MAX,
        bytes: usize::MAX,
    };
}

/// What a copy did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copied {
    /// After the last record that was copied or filtered out.
    pub(crate) position: Position,
    /// Records that were filtered out.
    pub(crate) filtered: u64,
    /// The first record, if the buffer is empty and must grow for it.
    pub(crate) too_large: Option<Header>,
}

/// The header at `position`, its time, and the position after its record, if a record that ends at
/// `upto` at the latest can begin there.
// Always: out of line, a reader's copy takes a third longer.
#[inline(always)]
pub(crate) fn step(
    source: &impl Source,
    position: Position,
    upto: u64,
) -> Option<(Header, Stamp, Position)> {
    let header = Header::decode(source.load(position.word))?;
    let words = header.words();
    if words > source.len() || header.check != header::check(position.seq) {
        return None;
    }
    let size = (words * WORD) as u64;
    // In memory that no writer wrote, the position may be anywhere, even at the end of the numbers.
    if size > upto.saturating_sub(position.offset) {
        return None;
    }
    let nanos = source.load(source.step(position.word, 1));
    let next = Position {
        offset: position.offset + size,
        word: source.step(position.word, words),
        // Neither overtakes the offset if it began below it, as in every entry.
        seq: position.seq.wrapping_add(1),
        bytes: position.bytes.wrapping_add(header.len.into()),
    };
    Some((header, header.stamp(nanos), next))
}

/// Copies records from `from` up to `upto` into `buffer` while they fit, and tells the
/// position after them and how many `select` filtered out. It looks at no more than `most`. At least one
/// is copied if there is one that passes among them and the batch may grow.
pub(crate) fn copy(
    source: &impl Source,
    from: Position,
    upto: u64,
    select: &Select,
    most: Most,
    buffer: &mut Buffer,
) -> Copied {
    let mut copied = Copied {
        position: from,
        filtered: 0,
        too_large: None,
    };
    let share = (source.len() * WORD) as u64 / LARGEST_SHARE;
    let limit = from.offset.saturating_add(share);
    for _ in 0..most.records {
        if copied.position.offset >= upto {
            break;
        }
        let Some((header, stamp, next)) = step(source, copied.position, upto) else {
            break;
        };
        if next.offset > limit && copied.position != from {
            break;
        }
        if !is_taken(source, copied.position, header, select) {
            copied.filtered += 1;
            copied.position = next;
            continue;
        }
        let bytes = buffer.bytes().len().saturating_add(header.content());
        if bytes > most.bytes && !buffer.is_empty() {
            break;
        }
        if !buffer.has_room(header) {
            if buffer.is_empty() {
                copied.too_large = Some(header);
            }
            break;
        }
        let content = source.step(copied.position.word, header::WORDS);
        buffer.push(header, copied.position.seq, stamp, |bytes| {
            source.copy_out(content, bytes)
        });
        copied.position = next;
    }
    copied
}

/// Whether `select` takes the record at `position`, which has that header.
#[inline]
pub(crate) fn is_taken(
    source: &impl Source,
    position: Position,
    header: Header,
    select: &Select,
) -> bool {
    select.takes(header, |target| {
        read_target(source, position, header, target)
    })
}

/// Reads the target of the record at `position`.
pub(crate) fn read_target(
    source: &impl Source,
    position: Position,
    header: Header,
    target: &mut [u8],
) {
    // It begins amid a word, behind the payload.
    let (words, before) = (header.len as usize / WORD, header.len as usize % WORD);
    let from = source.step(position.word, header::WORDS + words);
    let mut content = [0; WORD + u8::MAX as usize];
    let content = &mut content[..before + target.len()];
    source.copy_out(from, content);
    target.copy_from_slice(&content[before..]);
}
