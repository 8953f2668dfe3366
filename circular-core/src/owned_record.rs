//! A record with memory of its own.

use crate::clock::Stamp;
use crate::header::Part;
use crate::level::Level;
use crate::record::Record;
use std::fmt;

/// A [`Record`] that borrows from nothing. Made by [`Record::to_owned`].
#[derive(Clone)]
pub struct OwnedRecord {
    seq: u64,
    stamp: Stamp,
    level: Option<Level>,
    part: Part,
    target: Box<[u8]>,
    bytes: Box<[u8]>,
}

impl OwnedRecord {
    pub(crate) fn new(record: &Record<'_>) -> Self {
        Self {
            seq: record.seq,
            stamp: record.stamp,
            level: record.level,
            part: record.part,
            target: record.target.into(),
            bytes: record.bytes.into(),
        }
    }

    /// Returns the record, with all that it can be asked for.
    pub fn as_record(&self) -> Record<'_> {
        Record {
            seq: self.seq,
            stamp: self.stamp,
            level: self.level,
            part: self.part,
            target: &self.target,
            bytes: &self.bytes,
        }
    }
}

impl From<Record<'_>> for OwnedRecord {
    fn from(record: Record<'_>) -> Self {
        Self::new(&record)
    }
}

/// As the [`Record`]'s.
impl fmt::Debug for OwnedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_record().fmt(f)
    }
}
