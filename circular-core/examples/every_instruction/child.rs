//! The process that writes, one instruction at a time.
//!
//! Invariant: it says which write it begins before it does, and which one it has completed after that, in words that its
//! parent sees.

use crate::model::{Call, Write};
use crate::plan::Plan;
use crate::tracee;
use circular_core::Ring;
use memmap2::{MmapOptions, MmapRaw};
use std::fs::File;
use std::io::{self, IoSlice, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// How many writes have begun, and how many are completed.
pub(crate) struct Told(MmapRaw);

const WORD: usize = 8;

impl Told {
    /// In a file, which both processes map.
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)?;
        file.set_len(2 * WORD as u64)?;
        Ok(Self(MmapOptions::new().map_raw(&file)?))
    }

    #[expect(unsafe_code, reason = "two processes share the words")]
    fn word(&self, number: usize) -> &AtomicU64 {
        assert!(number < 2);
        let place = self.0.as_mut_ptr().cast::<u64>().wrapping_add(number);
        // SAFETY: the mapping has two words, which lie at the beginning of a page, are only ever accessed as atomics, and
        // are there as long as `self`.
        unsafe { AtomicU64::from_ptr(place) }
    }

    pub(crate) fn begun(&self) -> usize {
        usize::try_from(self.word(0).load(SeqCst)).unwrap_or(usize::MAX)
    }

    pub(crate) fn completed(&self) -> usize {
        usize::try_from(self.word(1).load(SeqCst)).unwrap_or(usize::MAX)
    }
}

/// Makes a ring in `dir`, waits to be stepped, and writes.
pub(crate) fn run(dir: &Path, plan: &Plan, told: &Told) -> io::Result<()> {
    let builder = Ring::builder().capacity(plan.capacity);
    let ring = builder
        .mapped_in(dir, "stepped")
        .build()
        .map_err(io::Error::other)?;
    tracee::stop()?;
    for write in &plan.writes {
        told.word(0).fetch_add(1, SeqCst);
        make(&ring, write)?;
        told.word(1).fetch_add(1, SeqCst);
    }
    ring.handle().close();
    Ok(())
}

fn make(mut ring: &Ring, write: &Write) -> io::Result<()> {
    match write.call {
        Call::Record => ring.record(write.meta(), &write.payload),
        Call::Formatted => {
            let text = std::str::from_utf8(&write.payload).map_err(io::Error::other)?;
            let (begin, end) = text.split_at(text.len() / 2);
            ring.record_fmt(write.meta(), format_args!("{begin}{end}"))
        }
        Call::Vectored(count) => {
            let each = write.payload.len().div_ceil(count);
            let slices: Vec<IoSlice<'_>> = write.payload.chunks(each).map(IoSlice::new).collect();
            ring.write_vectored(&slices).map(|_| ())
        }
    }
}
