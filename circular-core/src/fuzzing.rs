//! A door for the fuzz targets, and for tests of what they found; programs do not have it.
//!
//! It lets a ring be filled with what no writer of this process wrote: what a crashed program may
//! have left behind. Everything else the targets do from the outside.

pub mod image;

use crate::api::handle::Handle;
use crate::dump::write::{self, Piece};
use crate::format::header::{self, Header};
use crate::format::word::WORD;
use crate::memory::source::Source;
use crate::record::Record;
use crate::record::level::Level;
use crate::record::missed::Missed;
use crate::record::part::Part;
use crate::tape::buffer::Buffer;
use crate::tape::index::Entry;
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use std::io;
use std::sync::atomic::Ordering::Relaxed;

/// Payload bytes, target bytes, level, part, the low bits of the seq, and whether the time is the coarse
/// clock's.
pub type Fields = (u32, u8, Option<Level>, Part, u16, bool);

/// What a header's word says, if it is one.
pub fn decode(word: u64) -> Option<Fields> {
    let header = Header::decode(word)?;
    let Header { len, level, .. } = header;
    let (part, check) = (header.part, header.check);
    Some((len, header.target_len, level, part, check, header.is_coarse))
}

/// The word of a header that says this.
pub fn encode((len, target_len, level, part, check, is_coarse): Fields) -> u64 {
    let header = Header {
        len,
        target_len,
        level,
        part,
        check,
        is_coarse,
    };
    header.encode()
}

/// Words that a record with `content` bytes of payload and target takes.
pub fn words(content: usize) -> usize {
    header::words(content)
}

/// Bytes of payload and target together.
pub fn content(record: &Record<'_>) -> usize {
    record.bytes.len() + record.target.len()
}

/// Whether its time is the coarse clock's.
pub fn is_coarse(record: &Record<'_>) -> bool {
    record.stamp.is_coarse
}

/// The words of the storage.
pub fn storage(handle: &Handle) -> Vec<u64> {
    let count = handle.capacity() / WORD;
    (0..count).map(|index| word(handle, index)).collect()
}

/// The word at `index` of the storage.
pub fn word(handle: &Handle, index: usize) -> u64 {
    let (storage, ..) = handle.shared().tape.parts();
    storage.load(index)
}

/// Puts `word` at `index` of the storage.
pub fn set_word(handle: &Handle, index: usize, word: u64) {
    let (storage, ..) = handle.shared().tape.parts();
    storage.writer_at(index).word(word);
}

/// Makes the index say of block `number` that the record at `offset` is its first.
pub fn set_entry(
    handle: &Handle,
    number: usize,
    offset: u64,
    (seq, bytes, nanos): (u64, u64, u64),
) {
    let (storage, index, ..) = handle.shared().tape.parts();
    let mut position = Position::new(offset, seq, bytes, storage.len());
    position.word = number % index.blocks.count * index.blocks.words;
    // What stands before it may be of any time.
    index.note(&Entry {
        position,
        before: nanos,
    });
}

/// Sets both words of shared truth.
pub fn set_truth(handle: &Handle, committed: u64, reserved: u64) {
    let (.., truth) = handle.shared().tape.parts();
    truth[0].store(committed, Relaxed);
    truth[1].store(reserved, Relaxed);
}

/// Says where the next record would go, and what lies before it.
pub fn set_head(handle: &Handle, offset: u64, (seq, bytes): (u64, u64)) {
    let shared = handle.shared();
    let words = shared.tape.size() / WORD;
    if let Some(mut state) = shared.lock() {
        state.head.position = Position::new(offset, seq, bytes, words);
    }
}

/// Where the head is: offset, seq, and payload bytes before it.
pub fn head(handle: &Handle) -> (u64, u64, u64) {
    let position = handle.shared().lock().map(|state| state.head.position);
    position.map_or((0, 0, 0), |position| {
        (position.offset, position.seq, position.bytes)
    })
}

/// Dumps as the panic hook does, but for the lines that tell of a loss: how many records and bytes, and
/// what was overwritten meanwhile.
///
/// # Errors
///
/// What `out` returns.
pub fn dump(
    handle: &Handle,
    out: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<(u64, u64, Missed)> {
    let tape = &handle.shared().tape;
    let mut buffer = Buffer::for_reader(tape.capacity(), false)?;
    let mut write = |piece: Piece<'_>| match piece {
        Piece::Missed(_) => Ok(()),
        Piece::Records(records, _) => out(records.bytes()),
    };
    let dumped = write::write(tape, &mut buffer, &(0..0), &mut write)?;
    Ok((dumped.records, dumped.bytes, dumped.missed))
}
