//! Memory that is a file's: what is stored there is in the file, whatever becomes of the process.
//!
//! Invariant: all pages are there before the first write of a record, so that none waits for one, or dies of one that the
//! system has not. A file that somebody cuts meanwhile is another matter.

use crate::format::word::WORD;
use crate::sys::sync::{self, AtomicU64};
use memmap2::{Advice, MmapOptions, MmapRaw};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::ptr::NonNull;

/// The memory of a file, unmapped when it is dropped.
#[derive(Debug)]
pub(crate) struct Mapping(MmapRaw);

impl Mapping {
    /// Maps the first `len` bytes of a file, which has as many, and nobody else writes to.
    pub(crate) fn of(file: &File, len: usize) -> io::Result<Self> {
        if sync::IS_MODEL {
            // loom's atomics are larger than a word.
            return Err(ErrorKind::Unsupported.into());
        }
        MmapOptions::new().len(len).map_raw(file).map(Self)
    }

    pub(crate) fn words(&self) -> NonNull<[AtomicU64]> {
        let begin = self.0.as_mut_ptr().cast::<AtomicU64>();
        let count = self.0.len() / WORD;
        let begin = NonNull::new(begin).expect("a mapping is nowhere near zero");
        NonNull::slice_from_raw_parts(begin, count)
    }

    /// Has the system hand out every page, and tells whether it could be asked to: not before Linux 5.14.
    ///
    /// # Errors
    ///
    /// There is a page that it has not. Who stored to that one would die of it.
    pub(crate) fn populate(&self) -> io::Result<bool> {
        match self.0.advise(Advice::PopulateWrite) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(false),
            Err(error) => Err(error),
        }
    }
}
