//! IDENTITY: the first page of a ring's file, which says what the file is, whose, and where its sections lie.
//!
//! Invariant: it is written once, before the file has its public name. What is decoded was checked, so that no section
//! is outside of the file that it describes, and none is over another. The file itself may be shorter all the same: it
//! may have been cut (see [`Identity::is_cut`]).
//!
//! Versions: an unknown major is refused, by name. A minor decides nothing. What changes the meaning of a section that
//! is known here is a bit of `incompat`, or a section that must be known.

use self::refused::Refused;
use self::sections::Sections;
use crate::format::bytes::{array, cut, put, text, u16_at, u32_at, u64_at};
use crate::format::crc32c::crc32c;
use crate::format::layout::{FILE_ENTRY, Layout, MOST_BLOCKS, PAGE};
use crate::format::word::WORD;

/// The first bytes of the file: one that is no text, the name, and line ends that no transfer may have mended.
pub(crate) const MAGIC: [u8; 8] = *b"\x89CRING\r\n";
/// What is written, and the only major that is understood.
const MAJOR: u16 = 1;
const MINOR: u16 = 0;
/// A bit of `compat`: the writer notes crashes, so one that was killed without a note did not crash.
pub(crate) const NOTES_CRASHES: u64 = 1;

/// The bits of `incompat` that are understood.
const KNOWN: u64 = 0;

/// A program's name has at most so many bytes.
pub(crate) const PROGRAM_BYTES: usize = 64;
const WRITER_BYTES: usize = 32;

const SMALLEST: u64 = 4096;
pub(crate) const LARGEST: u64 = 1 << 40;

/// Bytes in an entry of the index.
#[expect(clippy::cast_possible_truncation, reason = "it is 64")]
const ENTRY: u32 = (FILE_ENTRY * WORD) as u32;

/// How it is told that the writer lives: not at all.
pub(crate) const LOCK_NONE: u32 = 0;
/// By a write lock of an open file description.
pub(crate) const LOCK_OFD: u32 = 1;

/// Where each field stands.
mod at {
    pub(super) const MAJOR: usize = 0x008;
    pub(super) const MINOR: usize = 0x00a;
    pub(super) const DEFINED: usize = 0x00c;
    pub(super) const INCOMPAT: usize = 0x010;
    pub(super) const COMPAT: usize = 0x018;
    pub(super) const RING: usize = 0x020;
    pub(super) const FILE_LEN: usize = 0x028;
    pub(super) const CAPACITY: usize = 0x030;
    pub(super) const BLOCKS: usize = 0x038;
    pub(super) const ENTRY: usize = 0x03c;
    pub(super) const BEFORE: usize = 0x040;
    pub(super) const CREATED: usize = 0x048;
    pub(super) const CREATED_BOOTTIME: usize = 0x050;
    pub(super) const BOOT_ID: usize = 0x058;
    pub(super) const PID: usize = 0x068;
    pub(super) const PID_STARTED: usize = 0x070;
    pub(super) const PID_NAMESPACE: usize = 0x078;
    pub(super) const FILE: usize = 0x088;
    pub(super) const UID: usize = 0x098;
    pub(super) const GID: usize = 0x09c;
    pub(super) const LOCK: usize = 0x0a0;
    pub(super) const PAGE_SIZE: usize = 0x0a4;
    pub(super) const PROGRAM: usize = 0x0c0;
    pub(super) const WRITER: usize = 0x100;
    pub(super) const SECTIONS: usize = 0x1fc;
    pub(super) const TABLE: usize = 0x200;
    pub(super) const CHECKSUM: usize = 0xffc;
}

/// Which file, or namespace, something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileId {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Of no consequence, but to be shown.
    pub(crate) minor: u16,
    /// What a reader need not understand.
    pub(crate) compat: u64,
    pub(crate) ring: u64,
    /// What the file's length is, unless it was cut.
    pub(crate) file_len: u64,
    pub(crate) capacity: u64,
    /// How many blocks the capacity is split into.
    pub(crate) blocks: u32,
    /// The ring of this program's run before, or 0.
    pub(crate) before: u64,
    /// Nanoseconds since 1970, and since the system was started.
    pub(crate) created: u64,
    pub(crate) created_boottime: u64,
    pub(crate) boot_id: [u8; 16],
    /// The process that writes, as it is called in its namespace, and when it was started: field 22 of proc_pid_stat(5).
    pub(crate) pid: u64,
    pub(crate) pid_started: u64,
    pub(crate) pid_namespace: FileId,
    /// The file itself. A copy is another.
    pub(crate) file: FileId,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// How it is told whether the writer lives.
    pub(crate) lock: u32,
    /// The machine's. What the format calls a page is 4 KiB always.
    pub(crate) page_size: u32,
    pub(crate) program: String,
    /// Which library has written it, and which version of that.
    pub(crate) writer: String,
    pub(crate) sections: Sections,
}

impl Identity {
    pub(crate) fn encode(&self) -> [u8; PAGE] {
        let mut page = [0; PAGE];
        self.encode_to(&mut page);
        page
    }

    /// The same into a page of the caller's, whatever it holds: for who has little stack.
    pub(crate) fn encode_to(&self, page: &mut [u8; PAGE]) {
        page.fill(0);
        let count = self.sections.encode(&mut page[at::TABLE..at::CHECKSUM]);
        let defined = 0x200 + 0x20 * count;
        put(page, 0, &MAGIC);
        put(page, at::MAJOR, &MAJOR.to_le_bytes());
        put(page, at::MINOR, &self.minor.to_le_bytes());
        for (at, number) in [
            (at::DEFINED, defined),
            (at::BLOCKS, self.blocks),
            (at::ENTRY, ENTRY),
            (at::UID, self.uid),
            (at::GID, self.gid),
            (at::LOCK, self.lock),
            (at::PAGE_SIZE, self.page_size),
            (at::SECTIONS, count),
        ] {
            put(page, at, &number.to_le_bytes());
        }
        for (at, number) in [
            (at::INCOMPAT, KNOWN),
            (at::COMPAT, self.compat),
            (at::RING, self.ring),
            (at::FILE_LEN, self.file_len),
            (at::CAPACITY, self.capacity),
            (at::BEFORE, self.before),
            (at::CREATED, self.created),
            (at::CREATED_BOOTTIME, self.created_boottime),
            (at::PID, self.pid),
            (at::PID_STARTED, self.pid_started),
        ] {
            put(page, at, &number.to_le_bytes());
        }
        for (at, id) in [
            (at::PID_NAMESPACE, self.pid_namespace),
            (at::FILE, self.file),
        ] {
            put(page, at, &id.device.to_le_bytes());
            put(page, at + WORD, &id.inode.to_le_bytes());
        }
        put(page, at::BOOT_ID, &self.boot_id);
        let program = cut(&self.program, PROGRAM_BYTES);
        put(page, at::PROGRAM, program.as_bytes());
        let writer = cut(&self.writer, WRITER_BYTES);
        put(page, at::WRITER, writer.as_bytes());
        let checksum = crc32c(&page[..at::CHECKSUM]);
        put(page, at::CHECKSUM, &checksum.to_le_bytes());
    }

    pub(crate) fn decode(page: &[u8; PAGE]) -> Result<Self, Refused> {
        if !page.starts_with(&MAGIC) {
            return Err(Refused::NotARing);
        }
        // Another major may have its checksum elsewhere.
        let major = u16_at(page, at::MAJOR);
        if major != MAJOR {
            return Err(Refused::Major(major));
        }
        if crc32c(&page[..at::CHECKSUM]) != u32_at(page, at::CHECKSUM) {
            return Err(Refused::Damaged);
        }
        let unknown = u64_at(page, at::INCOMPAT) & !KNOWN;
        if unknown != 0 {
            return Err(Refused::Incompatible(unknown));
        }
        let count = u32_at(page, at::SECTIONS);
        let file_len = u64_at(page, at::FILE_LEN);
        let table = &page[at::TABLE..at::CHECKSUM];
        let id_at = |at| FileId {
            device: u64_at(page, at),
            inode: u64_at(page, at + WORD),
        };
        let identity = Self {
            minor: u16_at(page, at::MINOR),
            compat: u64_at(page, at::COMPAT),
            ring: u64_at(page, at::RING),
            file_len,
            capacity: u64_at(page, at::CAPACITY),
            blocks: u32_at(page, at::BLOCKS),
            before: u64_at(page, at::BEFORE),
            created: u64_at(page, at::CREATED),
            created_boottime: u64_at(page, at::CREATED_BOOTTIME),
            boot_id: array(page, at::BOOT_ID),
            pid: u64_at(page, at::PID),
            pid_started: u64_at(page, at::PID_STARTED),
            pid_namespace: id_at(at::PID_NAMESPACE),
            file: id_at(at::FILE),
            uid: u32_at(page, at::UID),
            gid: u32_at(page, at::GID),
            lock: u32_at(page, at::LOCK),
            page_size: u32_at(page, at::PAGE_SIZE),
            program: text(&page[at::PROGRAM..at::PROGRAM + PROGRAM_BYTES]),
            writer: text(&page[at::WRITER..at::WRITER + WRITER_BYTES]),
            sections: Sections::decode(table, count, file_len)?,
        };
        identity.check()?;
        if u32_at(page, at::ENTRY) != ENTRY {
            return Err(Refused::Bounds("an entry of the index is not 64 bytes"));
        }
        Ok(identity)
    }

    /// What the sections have to agree with.
    fn check(&self) -> Result<(), Refused> {
        let Sections {
            live,
            index,
            data,
            reach,
            ..
        } = self.sections;
        let (capacity, blocks) = (self.capacity, u64::from(self.blocks));
        let index_bytes = blocks * u64::from(ENTRY);
        // A plain copy of a live ring is made from front to back, and what tells what is whole in it lies around the data.
        let in_order = [live, index, data, reach].map(|section| section.offset);
        let wrong = if !(SMALLEST..=LARGEST).contains(&capacity) {
            "the capacity is not between 4 KiB and 1 TiB"
        } else if capacity % SMALLEST != 0 {
            "the capacity is not in whole pages"
        } else if blocks == 0 || blocks > MOST_BLOCKS as u64 {
            "the number of blocks is not between 1 and 256"
        } else if capacity % (blocks * WORD as u64) != 0 {
            "the blocks are not in whole words"
        } else if data.len != capacity {
            "the data's length is not the capacity"
        } else if index.len < index_bytes {
            "the index has no room for its entries"
        } else if live.len < PAGE as u64 || reach.len < WORD as u64 {
            "a section is too short"
        } else if !in_order.is_sorted() {
            "the sections are in another order"
        } else {
            return Ok(());
        };
        Err(Refused::Bounds(wrong))
    }

    /// Where everything lies.
    ///
    /// # Errors
    ///
    /// It is more than this machine can address, which those with 32 bits have to say.
    pub(crate) fn layout(&self) -> Result<Layout, Refused> {
        let Sections {
            live,
            index,
            data,
            reach,
            ..
        } = self.sections;
        let here = |number: u64| usize::try_from(number).map_err(|_| Refused::TooLarge);
        Ok(Layout {
            live: here(live.offset)?,
            index: here(index.offset)?,
            blocks: here(self.blocks.into())?,
            entry_words: FILE_ENTRY,
            data: here(data.offset)?,
            capacity: here(self.capacity)?,
            reach: here(reach.offset)?,
            len: here(self.file_len)?,
        })
    }

    /// Whether a file that is so long has lost its end.
    pub(crate) fn is_cut(&self, actual: u64) -> bool {
        actual < self.file_len
    }

    /// A new ring's, of which nothing is known but where its sections lie.
    pub(crate) fn blank(layout: &Layout, meta_checksum: u32) -> Self {
        Self {
            minor: MINOR,
            compat: 0,
            ring: 0,
            file_len: layout.len as u64,
            capacity: layout.capacity as u64,
            blocks: u32::try_from(layout.blocks).unwrap_or(u32::MAX),
            before: 0,
            created: 0,
            created_boottime: 0,
            boot_id: [0; 16],
            pid: 0,
            pid_started: 0,
            pid_namespace: FileId::default(),
            file: FileId::default(),
            uid: 0,
            gid: 0,
            lock: LOCK_OFD,
            page_size: 0,
            program: String::new(),
            writer: String::from(WRITER),
            sections: Sections::of(layout, meta_checksum),
        }
    }
}

const WRITER: &str = concat!("circular-core ", env!("CARGO_PKG_VERSION"));

pub(crate) mod refused;
pub(crate) mod sections;
#[cfg(test)]
mod tests;
