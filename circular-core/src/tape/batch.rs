//! Records that one buffer holds, and what a reader received at once.

use crate::record::Record;
use crate::record::cursor::Cursor;
use crate::record::missed::Missed;
use crate::tape::buffer::Buffer;
use std::fmt;
use std::iter::FusedIterator;
use std::ops::Range;

/// Iterates over records, the oldest first.
#[derive(Clone)]
pub struct Records<'a> {
    buffer: &'a Buffer,
    /// Those that are left.
    left: Range<usize>,
}

impl<'a> Records<'a> {
    pub(crate) fn new(buffer: &'a Buffer) -> Self {
        let left = 0..buffer.record_count();
        Self { buffer, left }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        self.buffer.record(self.left.next()?)
    }

    /// Without a look at those that are passed over.
    fn nth(&mut self, count: usize) -> Option<Record<'a>> {
        self.buffer.record(self.left.nth(count)?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }

    /// Without a look at the others.
    fn last(mut self) -> Option<Record<'a>> {
        self.next_back()
    }
}

impl DoubleEndedIterator for Records<'_> {
    /// The newest of those that are left.
    fn next_back(&mut self) -> Option<Self::Item> {
        self.buffer.record(self.left.next_back()?)
    }

    /// Without a look at those that are passed over.
    fn nth_back(&mut self, count: usize) -> Option<Self::Item> {
        self.buffer.record(self.left.nth_back(count)?)
    }
}

impl ExactSizeIterator for Records<'_> {}

impl FusedIterator for Records<'_> {}

/// Shows how many are left, and not what they say.
impl fmt::Debug for Records<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records")
            .field("left", &self.len())
            .finish_non_exhaustive()
    }
}

/// What a reader received at once: whole records, one after the other with no gap between them,
/// and what was missed before.
///
/// A batch can be without records: then it only tells of a loss.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    pub(crate) buffer: &'a Buffer,
    pub(crate) missed: Missed,
    /// Behind the last record.
    pub(crate) end: Cursor,
}

impl<'a> Batch<'a> {
    /// Returns the bytes of all its records, in one run.
    pub fn bytes(&self) -> &'a [u8] {
        self.buffer.bytes()
    }

    /// Returns its records, the oldest first.
    pub fn records(&self) -> Records<'a> {
        Records::new(self.buffer)
    }

    /// Returns what was overwritten before this reader had read it, directly before this batch.
    pub fn missed(&self) -> Missed {
        self.missed
    }

    /// Returns the place before the record at `index`: where a reader goes on
    /// ([`Start::After`](crate::Start::After)) that has had those before it and not that one. From
    /// [`len`](Self::len) on it is behind the last.
    ///
    /// Among records of which some were filtered out, it does not know the bytes before it.
    ///
    /// ```
    /// use circular_core::{Ring, Start};
    /// use std::io::Write;
    ///
    /// let mut ring = Ring::new(4096)?;
    /// writeln!(ring, "one")?;
    /// writeln!(ring, "two")?;
    /// let handle = ring.handle();
    /// let mut reader = handle.reader().open();
    /// let behind_one = reader.recv()?.cursor_before(1);
    /// let mut second = handle.reader().start(Start::After(behind_one)).open();
    /// assert_eq!(second.recv()?.bytes(), b"two\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cursor_before(&self, index: usize) -> Cursor {
        let (Some(first), Some(record)) = (self.buffer.record(0), self.buffer.record(index)) else {
            return self.end;
        };
        let has_all = first.seq.saturating_add(self.len() as u64) == self.end.seq;
        let end = self.end.bytes.filter(|_| has_all);
        let rest = self.buffer.bytes_from(index) as u64;
        Cursor {
            ring: self.end.ring,
            seq: record.seq,
            bytes: end.and_then(|end| end.checked_sub(rest)),
        }
    }

    /// Returns how many records it has.
    pub fn len(&self) -> usize {
        self.buffer.record_count()
    }

    /// Returns whether it has no records.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }
}

/// Shows how much it is, and not what it says.
impl fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("records", &self.len())
            .field("bytes", &self.bytes().len())
            .field("missed", &self.missed)
            .finish_non_exhaustive()
    }
}

impl<'a> IntoIterator for Batch<'a> {
    type Item = Record<'a>;
    type IntoIter = Records<'a>;

    fn into_iter(self) -> Records<'a> {
        self.records()
    }
}
