//! The same ring in a file in memory, where others can look at it and a kill leaves it.

use super::circular::with_readers;
use super::{Bounds, Contender, Opened, Readers};
use circular_core::{FileReader, Ring, RingFile};
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::{env, fs};

/// With `NOTES`, crashes are noted, and a file that is cut is survived.
pub(crate) struct Mapped<const NOTES: bool>;

impl<const NOTES: bool> Contender for Mapped<NOTES> {
    const NAME: &'static str = if NOTES {
        "circular, crashes noted"
    } else {
        "circular, in a file"
    };
    const DOES: &'static str = if NOTES {
        "the same, with handlers for the signals that a crash is"
    } else {
        "the same, in a file in memory; who skips reads the file, as another process does"
    };
    type Writer = Arc<Ring>;

    fn open(bounds: Bounds, writers: usize, readers: Readers) -> Option<Opened<Arc<Ring>>> {
        let ring = open(bounds.capacity, NOTES)?;
        let handle = ring.handle();
        let path = handle.path()?.to_path_buf();
        let mut opened = Opened::shared(ring, writers);
        if let Readers::Skipping(count) = readers {
            let file = RingFile::open(&path).expect("it is there");
            for _ in 0..count {
                let reader = file.reader().open();
                opened = opened.reader(move || follow(reader));
            }
        } else {
            opened = with_readers(opened, &handle, readers);
        }
        // It is mapped, and open where it must be.
        let _ = fs::remove_file(path);
        Some(opened)
    }
}

/// A ring in a file; none where the system has no such.
pub(crate) fn open(capacity: usize, notes_crashes: bool) -> Option<Ring> {
    let shared_memory = Path::new("/dev/shm");
    let dir = if shared_memory.is_dir() {
        shared_memory.to_path_buf()
    } else {
        env::temp_dir()
    };
    let ring = Ring::builder().capacity(capacity).keep(0);
    let ring = ring.crash_note(notes_crashes);
    ring.mapped_in(dir, "circular-bench").build().ok()
}

/// Looks at every record by itself, as the others must.
fn follow(mut reader: FileReader) -> u64 {
    let mut received = 0;
    while let Ok(batch) = reader.recv() {
        for record in batch {
            black_box(record.bytes());
            received += 1;
        }
    }
    received
}
