//! The memory that records are copied to: a reader's own, or a snapshot's.
//!
//! The payloads lie in one run, so a sink gets them in one call. What else is known of each record
//! lies beside them, and is kept only for those who look at records one by one.

use crate::Level;
use crate::clock::Stamp;
use crate::header::{Header, Part};
use crate::record::Record;

/// Room for payloads. All that a reader owns stays below 64 KiB.
const BYTES: usize = 46 * 1024;
/// Room for details, where they are kept: records, and bytes of targets.
const RECORDS: usize = 384;
const TARGETS: usize = 4 * 1024;

/// Records that were copied out of the ring.
#[derive(Debug)]
pub(crate) struct Buffer {
    /// The payloads are `bytes[..filled]`; the rest is room.
    bytes: Vec<u8>,
    filled: usize,
    details: Option<Details>,
    /// What `bytes` shrinks back to.
    usual: usize,
    limits: Limits,
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    records: usize,
    targets: usize,
}

#[derive(Debug, Default)]
struct Details {
    records: Vec<Detail>,
    targets: Vec<u8>,
}

/// What is known of one record.
#[derive(Clone, Copy, Debug)]
struct Detail {
    seq: u64,
    stamp: Stamp,
    /// Where payload and target end.
    end: usize,
    target_end: u32,
    level: Option<Level>,
    part: Part,
}

impl Buffer {
    /// For a reader of a ring of `capacity` bytes; with `details` if records will be looked at.
    pub(crate) fn for_reader(capacity: u64, details: bool) -> Self {
        let usual = usize::try_from(capacity / 4).map_or(BYTES, |share| share.min(BYTES));
        let limits = Limits {
            records: RECORDS,
            targets: TARGETS,
        };
        let details = details.then(|| Details {
            records: Vec::with_capacity(RECORDS),
            targets: Vec::with_capacity(TARGETS),
        });
        Self {
            bytes: vec![0; usual],
            filled: 0,
            details,
            usual,
            limits,
        }
    }

    /// For a dump, which goes through it piece by piece; with `details` if it looks at records.
    pub(crate) fn for_dump(capacity: u64, details: bool) -> Self {
        Self::for_reader(capacity, details)
    }

    /// For `bytes` bytes of records, all at once.
    pub(crate) fn for_snapshot(bytes: usize) -> Self {
        let limits = Limits {
            records: usize::MAX,
            targets: u32::MAX as usize,
        };
        let details = Some(Details::default());
        Self {
            bytes: vec![0; bytes],
            filled: 0,
            details,
            usual: bytes,
            limits,
        }
    }

    /// Whether a record fits beside what is there.
    pub(crate) fn has_room(&self, header: Header) -> bool {
        let details = match &self.details {
            None => true,
            Some(details) => {
                details.records.len() < self.limits.records
                    && details.targets.len() + usize::from(header.target_len) <= self.limits.targets
            }
        };
        details && self.bytes.len() - self.filled >= header.content()
    }

    /// Adds a record; `copy` fills in payload and target. There is room for it.
    pub(crate) fn push(
        &mut self,
        header: Header,
        seq: u64,
        stamp: Stamp,
        copy: impl FnOnce(&mut [u8]),
    ) {
        let start = self.filled;
        let end = start + header.len as usize;
        let Some(details) = &mut self.details else {
            copy(&mut self.bytes[start..end]);
            self.filled = end;
            return;
        };
        // The target lies behind the payload, where the next payload will go.
        let target_end = end + usize::from(header.target_len);
        copy(&mut self.bytes[start..target_end]);
        details
            .targets
            .extend_from_slice(&self.bytes[end..target_end]);
        details.records.push(Detail {
            seq,
            stamp,
            end,
            target_end: u32::try_from(details.targets.len()).unwrap_or(u32::MAX),
            level: header.level,
            part: header.part,
        });
        self.filled = end;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.filled);
        self.bytes.shrink_to_fit();
        self.bytes
    }

    /// Forgets the records, and keeps the room.
    pub(crate) fn clear(&mut self) {
        self.filled = 0;
        if let Some(details) = &mut self.details {
            details.records.clear();
            details.targets.clear();
        }
    }

    /// Gives back what it grew by.
    pub(crate) fn shrink(&mut self) {
        if self.bytes.len() > self.usual {
            self.bytes.truncate(self.usual);
            self.bytes.shrink_to_fit();
        }
    }

    /// Grows to hold a record that is larger than a batch.
    pub(crate) fn grow_for(&mut self, header: Header) {
        self.bytes.resize(header.content().max(self.bytes.len()), 0);
    }

    /// The same for those who can do without the record: tells whether there was memory for it, and
    /// whether it was missing.
    pub(crate) fn try_grow_for(&mut self, header: Header) -> bool {
        let missing = header.content().saturating_sub(self.bytes.len());
        if missing == 0 || self.bytes.try_reserve_exact(missing).is_err() {
            return false;
        }
        self.grow_for(header);
        true
    }

    pub(crate) fn len(&self) -> usize {
        self.details
            .as_ref()
            .map_or(0, |details| details.records.len())
    }

    /// How many bytes there are from the record at `number` on.
    pub(crate) fn bytes_from(&self, number: usize) -> usize {
        let before = number.checked_sub(1).zip(self.details.as_ref());
        let start = before.map_or(0, |(before, details)| {
            details
                .records
                .get(before)
                .map_or(self.filled, |detail| detail.end)
        });
        self.filled - start
    }

    /// The record at `number`, of those that details were kept for.
    pub(crate) fn record(&self, number: usize) -> Option<Record<'_>> {
        let details = self.details.as_ref()?;
        let detail = details.records.get(number)?;
        let before = number
            .checked_sub(1)
            .and_then(|before| details.records.get(before));
        let (start, target_start) = before.map_or((0, 0), |before| (before.end, before.target_end));
        Some(Record {
            seq: detail.seq,
            stamp: detail.stamp,
            level: detail.level,
            part: detail.part,
            target: &details.targets[target_start as usize..detail.target_end as usize],
            bytes: &self.bytes[start..detail.end],
        })
    }
}
