//! The memory that records are copied to: a reader's own, or a snapshot's.
//!
//! The payloads lie in one run, so a sink gets them in one call. What else is known of each record
//! lies beside them, and is kept only for those who look at records one by one.

use crate::error::OutOfMemory;
use crate::format::header::Header;
use crate::record::Record;
use crate::record::level::Level;
use crate::record::part::Part;
use crate::time::clock::Stamp;
use std::alloc::Layout;
use std::fmt;

/// Room for payloads. All that a reader owns stays below 64 KiB.
const BYTES: usize = 46 * 1024;
/// Room for details, where they are kept: records, and bytes of targets.
const RECORDS: usize = 384;
const TARGETS: usize = 4 * 1024;

/// Records that were copied out of the ring.
pub(crate) struct Buffer {
    /// The payloads are `bytes[..filled]`; the rest is room.
    bytes: Vec<u8>,
    filled: usize,
    details: Option<Details>,
    /// What `bytes` shrinks back to.
    usual: usize,
    limits: Limits,
}

/// Without the room.
impl Clone for Buffer {
    fn clone(&self) -> Self {
        Self {
            bytes: self.bytes().to_vec(),
            filled: self.filled,
            details: self.details.clone(),
            ..*self
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    records: usize,
    targets: usize,
}

#[derive(Clone, Default)]
struct Details {
    records: Vec<Detail>,
    targets: Vec<u8>,
}

impl Details {
    fn has_room(&mut self, limits: &Limits, header: Header) -> bool {
        let target_len = usize::from(header.target_len);
        self.records.len() < limits.records
            && self.targets.len() + target_len <= limits.targets
            // Of a reader's there is always as much as its limits.
            && self.records.try_reserve(1).is_ok()
            && self.targets.try_reserve(target_len).is_ok()
    }
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

/// An empty list with room for so many.
fn with_room<T>(count: usize) -> Result<Vec<T>, OutOfMemory> {
    let mut list = Vec::new();
    let bytes = count.saturating_mul(size_of::<T>());
    let reserved = list.try_reserve_exact(count);
    reserved.map_err(|_| OutOfMemory { bytes })?;
    Ok(list)
}

/// Zeroed memory. The system hands the pages out when they are first written.
#[expect(
    unsafe_code,
    reason = "the only way to have pages that the system zeroes on demand, or be told that there are none"
)]
fn zeroed(bytes: usize) -> Result<Vec<u8>, OutOfMemory> {
    let out_of_memory = OutOfMemory { bytes };
    let layout = Layout::array::<u8>(bytes).map_err(|_| out_of_memory)?;
    if bytes == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: the layout has a size above zero.
    let memory = unsafe { std::alloc::alloc_zeroed(layout) };
    if memory.is_null() {
        return Err(out_of_memory);
    }
    // SAFETY: an allocation of the global allocator with the layout of so many bytes, owned by nobody
    // else, and all of them are zero.
    Ok(unsafe { Vec::from_raw_parts(memory, bytes, bytes) })
}

impl Buffer {
    /// For a reader of a ring of `capacity` bytes, or a dump, which goes through it piece by piece; with `details` if
    /// records will be looked at.
    pub(crate) fn for_reader(capacity: u64, details: bool) -> Result<Self, OutOfMemory> {
        let usual = usize::try_from(capacity / 4).map_or(BYTES, |share| share.min(BYTES));
        let limits = Limits {
            records: RECORDS,
            targets: TARGETS,
        };
        let details = if details {
            Some(Details {
                records: with_room(RECORDS)?,
                targets: with_room(TARGETS)?,
            })
        } else {
            None
        };
        Ok(Self {
            bytes: zeroed(usual)?,
            filled: 0,
            details,
            usual,
            limits,
        })
    }

    /// For `bytes` bytes of records, all at once.
    pub(crate) fn for_snapshot(bytes: usize) -> Result<Self, OutOfMemory> {
        let limits = Limits {
            records: usize::MAX,
            targets: u32::MAX as usize,
        };
        Ok(Self {
            bytes: zeroed(bytes)?,
            filled: 0,
            details: Some(Details::default()),
            usual: bytes,
            limits,
        })
    }

    /// For none.
    pub(crate) fn empty() -> Self {
        Self {
            bytes: Vec::new(),
            filled: 0,
            details: Some(Details::default()),
            usual: 0,
            limits: Limits {
                records: 0,
                targets: 0,
            },
        }
    }

    /// Whether a record fits beside what is there.
    pub(crate) fn has_room(&mut self, header: Header) -> bool {
        let details = match &mut self.details {
            None => true,
            Some(details) => details.has_room(&self.limits, header),
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

    /// Whether there is no record, looked at or not.
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

    /// Grows to hold a record that is larger than a batch. Tells whether there was memory for it, and
    /// whether it was missing.
    pub(crate) fn try_grow_for(&mut self, header: Header) -> bool {
        let missing = header.content().saturating_sub(self.bytes.len());
        if missing == 0 || self.bytes.try_reserve_exact(missing).is_err() {
            return false;
        }
        self.bytes.resize(header.content(), 0);
        true
    }

    /// How many records can be looked at: none where no details are kept.
    pub(crate) fn record_count(&self) -> usize {
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

/// Shows how much it is, and not what it says, nor what is left of an earlier batch in its room.
impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer")
            .field("records", &self.record_count())
            .field("bytes", &self.filled)
            .finish_non_exhaustive()
    }
}
