//! One record, as whoever reads the ring sees it.

pub(crate) mod cursor;
pub(crate) mod level;
pub(crate) mod meta;
pub(crate) mod missed;
pub(crate) mod part;

use crate::record::level::Level;
use crate::record::meta::Meta;
use crate::record::part::Part;
use crate::time::clock::Stamp;
use crate::time::timestamp::Timestamp;
use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One record: the bytes of one write, and what is known of them.
///
/// It borrows from the [`Batch`](crate::Batch) or [`Snapshot`](crate::Snapshot) it is in.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    pub(crate) seq: u64,
    pub(crate) stamp: Stamp,
    pub(crate) level: Option<Level>,
    pub(crate) part: Part,
    pub(crate) target: &'a [u8],
    pub(crate) bytes: &'a [u8],
}

impl<'a> Record<'a> {
    /// Returns its number: the ring's first record is 0, and there are no gaps.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Returns its level, if its writer gave one.
    pub fn level(&self) -> Option<Level> {
        self.level
    }

    /// Returns its target, or an empty string if its writer gave none.
    pub fn target(&self) -> &'a str {
        std::str::from_utf8(self.target).unwrap_or("")
    }

    /// Returns it with another target, the one that a hook has left of its own, say. A long one is cut as any target is.
    #[must_use]
    pub fn with_target<'b>(self, target: &'b str) -> Record<'b>
    where
        'a: 'b,
    {
        Record {
            target: Meta::new().target(target).kept_target(),
            ..self
        }
    }

    /// Returns when it was written: the time that its writer gave, else the system's, which steps by about
    /// 4 ms.
    pub fn time(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.stamp.nanos)
    }

    /// Returns whether it may have been written at `time` or later, which is what
    /// [`Start::Since`](crate::Start::Since) goes by. A time that the ring took itself may be some
    /// milliseconds too early.
    pub fn is_since(&self, time: SystemTime) -> bool {
        self.stamp.latest() >= Timestamp::new(time).since_1970()
    }

    /// Returns what it is of the write that made it; nearly always the whole.
    pub fn part(&self) -> Part {
        self.part
    }

    /// Returns the bytes, just as they were written.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the bytes as text; what is not UTF-8 becomes the replacement character. A line has its end.
    pub fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes)
    }

    /// Returns a copy with memory of its own.
    pub fn to_owned(&self) -> OwnedRecord {
        OwnedRecord::new(self)
    }
}

/// Shows what is known of it, and not what it says: that may be a secret.
impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("seq", &self.seq)
            .field("time", &format_args!("{}", Timestamp::new(self.time())))
            .field(
                "level",
                &format_args!("{}", self.level.map_or("none", Level::as_str)),
            )
            .field("target", &self.target())
            .field("part", &self.part)
            .field("len", &self.bytes.len())
            .finish()
    }
}

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
