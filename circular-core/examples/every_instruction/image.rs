//! The bytes of a ring's file that change, looked at while its writer stands still.
//!
//! Invariant: the places are those of `docs/FORMAT.md`, version 1.0.

use memmap2::{MmapOptions, MmapRaw};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::ptr;

const LIVE: Range<usize> = 0x1000..0x1100;
const INDEX: Range<usize> = 0x2000..0x4000;
const DATA: usize = 0x10000;

pub(crate) struct Image {
    map: MmapRaw,
    regions: [Range<usize>; 4],
    now: Vec<u8>,
    last: Vec<u8>,
}

impl Image {
    pub(crate) fn of(path: &Path, capacity: usize) -> io::Result<Self> {
        let map = MmapOptions::new().map_raw_read_only(&File::open(path)?)?;
        let end = DATA + capacity;
        let regions = [LIVE, INDEX, DATA..end, end..end + 8];
        if map.len() < end + 8 {
            return Err(io::Error::other("the file is shorter than it must be"));
        }
        let bytes = regions.iter().map(Range::len).sum();
        let mut image = Self {
            map,
            regions,
            now: vec![0; bytes],
            last: vec![0; bytes],
        };
        image.has_changed();
        Ok(image)
    }

    /// Whether a byte is another than when this was last asked.
    #[expect(unsafe_code, reason = "another process writes the bytes")]
    pub(crate) fn has_changed(&mut self) -> bool {
        std::mem::swap(&mut self.now, &mut self.last);
        let mut to = &mut self.now[..];
        for region in &self.regions {
            let (into, rest) = to.split_at_mut(region.len());
            let from = self.map.as_ptr().wrapping_add(region.start);
            // SAFETY: the region is in the mapping, and the process that writes it stands still.
            unsafe { ptr::copy_nonoverlapping(from, into.as_mut_ptr(), into.len()) };
            to = rest;
        }
        self.now != self.last
    }

    pub(crate) fn committed(&self) -> u64 {
        self.word(0)
    }

    pub(crate) fn reserved(&self) -> u64 {
        self.word(8)
    }

    pub(crate) fn reach(&self) -> u64 {
        self.word(self.now.len() - 8)
    }

    fn word(&self, at: usize) -> u64 {
        let mut word = [0; 8];
        word.copy_from_slice(&self.now[at..at + 8]);
        u64::from_le_bytes(word)
    }
}
