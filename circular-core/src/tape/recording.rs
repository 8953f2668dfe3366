//! What a reader may ask of records that others write and overwrite, without any lock: of a ring of this process, or of
//! one in a file.
//!
//! Invariant: what is read from some offset on is worth nothing until [`Recording::is_overtaken`] has said no for it.

use crate::format::header::Header;
use crate::select::Select;
use crate::tape::buffer::Buffer;
use crate::tape::index::{Blocks, Entry};
use crate::tape::position::Position;
use crate::tape::walk::{Copied, Most};
use crate::time::clock::Stamp;

pub(crate) trait Recording {
    /// Bytes that records with their headers can take.
    fn capacity(&self) -> u64;

    /// How the capacity is split.
    fn blocks(&self) -> Blocks;

    /// The end of what is published.
    fn committed(&self) -> u64;

    /// Whether what was just read from `offset` on, below `committed`, may have been overwritten while
    /// it was read.
    fn is_overtaken(&self, offset: u64, committed: u64) -> bool;

    /// How often memory was lost. What was copied while this has changed is worth nothing.
    fn losses(&self) -> u64 {
        0
    }

    /// The entry of a block, if it names a record below `committed`. Whether that is still there is asked after it.
    fn entry(&self, number: usize, committed: u64) -> Option<Entry>;

    /// As [`walk::step`](crate::tape::walk::step).
    fn step(&self, position: Position, upto: u64) -> Option<(Header, Stamp, Position)>;

    /// As [`walk::is_taken`](crate::tape::walk::is_taken).
    fn is_taken(&self, position: Position, header: Header, select: &Select) -> bool;

    /// As [`walk::read_target`](crate::tape::walk::read_target).
    fn read_target(&self, position: Position, header: Header, target: &mut [u8]);

    /// As [`walk::copy`](crate::tape::walk::copy).
    fn copy(
        &self,
        from: Position,
        upto: u64,
        select: &Select,
        most: Most,
        buffer: &mut Buffer,
    ) -> Copied;

    /// The entries whose records were intact below `committed` when they were looked at, in no order.
    fn entries(&self, committed: u64) -> impl Iterator<Item = Entry> {
        (0..self.blocks().count)
            .filter_map(move |number| self.entry(number, committed))
            .filter(move |entry| !self.is_overtaken(entry.position.offset, committed))
    }

    /// The entry at `offset` or after it that is nearest to it. As a rule it is the first or the second
    /// that is looked at.
    fn entry_from(&self, offset: u64, committed: u64) -> Option<Entry> {
        // What is further back is gone.
        let from = offset.max(committed.saturating_sub(self.capacity()));
        let mut last = None;
        let near = self.blocks().from(from).find_map(|(number, end)| {
            let entry = self.entry(number, committed)?;
            let offset = entry.position.offset;
            let is_good = offset >= from && !self.is_overtaken(offset, committed);
            if offset < end {
                return is_good.then_some(entry);
            }
            // In the first block there is one of a lap later already.
            last = is_good.then_some(entry);
            None
        });
        near.or(last)
    }
}
