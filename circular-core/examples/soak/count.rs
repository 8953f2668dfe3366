//! How many records and bytes are before a place in the ring.
//!
//! What somebody got, what he missed and what was filtered out must add up to the difference of two
//! of these: where he left off and where he joined.

use circular_core::{Cursor, Stats};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
}

impl Count {
    /// What a cursor says, as text.
    pub(crate) fn at(cursor: Cursor) -> Self {
        let text = cursor.to_string();
        let mut fields = text.split('.').skip(1).flat_map(str::parse);
        Self {
            records: fields.next().expect("a seq"),
            bytes: fields.next().expect("bytes"),
        }
    }

    /// All that was written.
    pub(crate) fn written(stats: &Stats) -> Self {
        Self {
            records: stats.written,
            bytes: stats.bytes,
        }
    }
}
