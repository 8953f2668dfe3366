//! The table of sections: what else is in the file, and where.
//!
//! Invariant: sections begin at whole pages, are in the file as long as it says it is, and do not overlap, not even
//! those that are of no interest here.

use super::refused::Refused;
use crate::format::bytes::{put, u32_at, u64_at};
use crate::format::layout::{Layout, META, META_BYTES, PAGE};
use crate::format::word::WORD;

/// Bytes in a row.
const ROW: usize = 32;
/// How many rows there are at most.
const MOST: usize = 32;

/// Kinds. 6 is for a history, and 7 and 8 are reserved.
const LIVE: u32 = 1;
const INDEX: u32 = 2;
const META_KIND: u32 = 3;
const DATA: u32 = 4;
const REACH: u32 = 5;
const KNOWN: [u32; 5] = [LIVE, INDEX, META_KIND, DATA, REACH];

/// A flag: who does not know the kind of a section must refuse the file.
const MUST_KNOW: u32 = 1;

/// Where a file ends at the latest: offsets in files are signed.
const LARGEST: u64 = i64::MAX as u64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) offset: u64,
    pub(crate) len: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sections {
    pub(crate) live: Section,
    pub(crate) index: Section,
    /// What is of interest to people only; a ring can do without.
    pub(crate) meta: Option<Section>,
    /// Of the whole section.
    pub(crate) meta_checksum: u32,
    pub(crate) data: Section,
    pub(crate) reach: Section,
}

impl Section {
    fn new(offset: usize, len: usize) -> Self {
        Self {
            offset: offset as u64,
            len: len as u64,
        }
    }
}

impl Sections {
    /// As this version lays a file out.
    pub(crate) fn of(layout: &Layout, meta_checksum: u32) -> Self {
        let index_bytes = layout.blocks * layout.entry_words * WORD;
        Self {
            live: Section::new(layout.live, PAGE),
            index: Section::new(layout.index, index_bytes),
            meta: Some(Section::new(META, META_BYTES)),
            meta_checksum,
            data: Section::new(layout.data, layout.capacity),
            reach: Section::new(layout.reach, PAGE),
        }
    }

    /// Writes the rows, and tells how many they are.
    pub(super) fn encode(&self, table: &mut [u8]) -> u32 {
        let rows = [
            (LIVE, Some(self.live), 0),
            (INDEX, Some(self.index), 0),
            (META_KIND, self.meta, self.meta_checksum),
            (DATA, Some(self.data), 0),
            (REACH, Some(self.reach), 0),
        ];
        let rows = rows
            .into_iter()
            .filter_map(|(kind, section, arg)| Some((kind, section?, arg)));
        let mut count = 0;
        for ((kind, section, arg), row) in rows.zip(table.chunks_exact_mut(ROW)) {
            put(row, 0x00, &kind.to_le_bytes());
            put(row, 0x08, &section.offset.to_le_bytes());
            put(row, 0x10, &section.len.to_le_bytes());
            put(row, 0x18, &u64::from(arg).to_le_bytes());
            count += 1;
        }
        count
    }

    pub(super) fn decode(table: &[u8], count: u32, file_len: u64) -> Result<Self, Refused> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if count > MOST {
            return Err(Refused::Bounds("there are more than 32 sections"));
        }
        let rows = || table.chunks_exact(ROW).take(count);
        // First, so that a later format is not taken for a broken one.
        for row in rows() {
            let kind = u32_at(row, 0x00);
            if u32_at(row, 0x04) & MUST_KNOW != 0 && !KNOWN.contains(&kind) {
                return Err(Refused::Section(kind));
            }
        }
        let mut found = Found::default();
        let mut all = Vec::with_capacity(count);
        for row in rows() {
            let kind = u32_at(row, 0x00);
            let section = Section {
                offset: u64_at(row, 0x08),
                len: u64_at(row, 0x10),
            };
            let place = match kind {
                LIVE => &mut found.live,
                INDEX => &mut found.index,
                META_KIND => {
                    // What is no checksum fits to nothing.
                    let checksum = u32::try_from(u64_at(row, 0x18)).ok();
                    found.meta_checksum = checksum;
                    &mut found.meta
                }
                DATA => &mut found.data,
                REACH => &mut found.reach,
                _ => &mut None,
            };
            if place.replace(section).is_some() {
                return Err(Refused::Bounds("a section is there twice"));
            }
            all.push(section);
        }
        check(&mut all, file_len)?;
        found
            .sections()
            .ok_or(Refused::Bounds("a section is missing"))
    }
}

/// The sections of a table that is being read.
#[derive(Default)]
struct Found {
    live: Option<Section>,
    index: Option<Section>,
    meta: Option<Section>,
    meta_checksum: Option<u32>,
    data: Option<Section>,
    reach: Option<Section>,
}

impl Found {
    fn sections(self) -> Option<Sections> {
        Some(Sections {
            live: self.live?,
            index: self.index?,
            meta: self.meta.filter(|_| self.meta_checksum.is_some()),
            meta_checksum: self.meta_checksum.unwrap_or(0),
            data: self.data?,
            reach: self.reach?,
        })
    }
}

/// Whether they have places of their own behind the first page.
fn check(all: &mut [Section], file_len: u64) -> Result<(), Refused> {
    if file_len > LARGEST {
        return Err(Refused::Bounds("no file is that long"));
    }
    all.sort_unstable_by_key(|section| (section.offset, section.len));
    let mut free = PAGE as u64;
    for section in all {
        if section.offset % PAGE as u64 != 0 {
            return Err(Refused::Bounds("a section does not begin at a page"));
        }
        if section.offset < free {
            return Err(Refused::Bounds("a section is over another"));
        }
        free = section.offset.saturating_add(section.len);
        if free > file_len {
            return Err(Refused::Bounds("a section is beyond the end of the file"));
        }
    }
    Ok(())
}
