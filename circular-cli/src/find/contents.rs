//! What a ring holds, and since when.

use std::time::SystemTime;

use circular_core::{FileReader, RingFile, Start, Stats};

use crate::find::rings::Found;

/// What a ring has done, with the times of what it holds.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) stats: Stats,
    /// How many records.
    pub(crate) records: u64,
    /// When the oldest and the newest of them were written.
    pub(crate) times: Option<(SystemTime, SystemTime)>,
}

impl Contents {
    /// # Errors
    ///
    /// Why the file does not tell.
    pub(crate) fn of(ring: &Found) -> std::io::Result<Self> {
        let stats = ring.file.stats()?;
        let newest = time(&ring.file, Start::Last(1));
        let oldest = time(&ring.file, Start::Oldest);
        Ok(Self {
            records: stats.written - stats.overwritten.min(stats.written),
            times: oldest.zip(newest),
            stats,
        })
    }
}

/// When the first record was written of those that a reader begins with.
fn time(file: &RingFile, start: Start) -> Option<SystemTime> {
    let mut reader: FileReader = file.reader().start(start).try_open().ok()?;
    let batch = reader.try_recv().ok()?;
    batch.records().next().map(|record| record.time())
}
