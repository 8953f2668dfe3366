//! Images of rings, in a directory of the test's own, and what is found in them.

use circular_core::{FileReader, Level, Part, Record, Ring, RingFile};
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, SystemTime};
use std::{env, process};

/// A directory that is removed with everything in it.
pub(crate) struct Dir(pub(crate) PathBuf);

impl Dir {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Relaxed);
        let name = format!("circular-image-{}-{number}", process::id());
        let dir = env::temp_dir().join(name);
        fs::create_dir(&dir).unwrap();
        Self(dir)
    }

    /// What the ring holds now, as a file of that name.
    pub(crate) fn image_of(&self, ring: &Ring, name: &str) -> RingFile {
        let path = self.0.join(name);
        let report = ring
            .handle()
            .write_image(File::create(&path).unwrap())
            .unwrap();
        assert_eq!((report.path, report.missed.records), (None, 0));
        RingFile::open(path).unwrap()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// All that a record says of itself.
pub(crate) type All = (u64, Option<Level>, String, Vec<u8>, SystemTime, bool, Part);

pub(crate) fn all_of(record: Record<'_>) -> All {
    // The coarse clock's may be later than it says.
    let is_coarse = record.is_since(record.time() + Duration::from_millis(10));
    (
        record.seq(),
        record.level(),
        record.target().to_owned(),
        record.bytes().to_vec(),
        record.time(),
        is_coarse,
        record.part(),
    )
}

/// What is left for the reader of an image, which has an end.
pub(crate) fn read(reader: &mut FileReader) -> Vec<All> {
    let mut records = Vec::new();
    while let Ok(batch) = reader.recv() {
        records.extend(batch.records().map(all_of));
    }
    assert_eq!(reader.damaged(), 0);
    records
}
