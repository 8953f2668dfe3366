//! Where the sections of a ring lie: in a block on the heap, and in a file.
//!
//! Invariant: sections do not overlap, each begins at a whole word, and what writers and readers share in nearly
//! every access has a cache line of its own.
//!
//! | section | on the heap | in a file |
//! |---|---|---|
//! | LIVE, of which the heap has the first line | 0 | [`LIVE`] |
//! | INDEX | behind that | [`INDEX`], an entry has [`FILE_ENTRY`] words |
//! | DATA | at the next cache line | [`DATA`] |
//! | REACH | behind that | behind that |

use crate::format::word::WORD;

/// What a file is made of, whatever the machine's own pages are.
pub(crate) const PAGE: usize = 4096;

/// Where the sections of a file begin.
pub(crate) const IDENTITY: usize = 0;
pub(crate) const LIVE: usize = 0x1000;
pub(crate) const INDEX: usize = 0x2000;
pub(crate) const META: usize = 0x6000;
pub(crate) const DATA: usize = 0x10000;
pub(crate) const META_BYTES: usize = DATA - META;

/// Words of the first line of LIVE.
pub(crate) const COMMITTED: usize = 0;
pub(crate) const RESERVED: usize = 1;
/// Of the writer alone.
pub(crate) const NEWEST: usize = 2;

/// Words of an entry of the index. The last one is its guard.
pub(crate) const OFFSET: usize = 0;
pub(crate) const SEQ: usize = 1;
pub(crate) const BYTES: usize = 2;
pub(crate) const BEFORE: usize = 3;

/// Of a block that no record begins in, what its entry has for an offset and a guard.
pub(crate) const NOWHERE: u64 = u64::MAX;

/// How many words an entry has: on the heap, and in a file, where some are reserved.
pub(crate) const HEAP_ENTRY: usize = 5;
pub(crate) const FILE_ENTRY: usize = 8;

/// The most blocks that there is room for in a file.
pub(crate) const MOST_BLOCKS: usize = (META - INDEX) / (FILE_ENTRY * WORD);

/// Bytes in a cache line.
pub(crate) const LINE: usize = 64;

/// Where the sections begin and how large they are, in bytes unless it says words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) live: usize,
    pub(crate) index: usize,
    /// How many entries there are, and how many words each has.
    pub(crate) blocks: usize,
    pub(crate) entry_words: usize,
    pub(crate) data: usize,
    pub(crate) capacity: usize,
    pub(crate) reach: usize,
    /// All of it.
    pub(crate) len: usize,
}

impl Layout {
    /// On the heap; `None` if it is more than an address space holds.
    pub(crate) fn heap(capacity: usize, blocks: usize) -> Option<Self> {
        let index = LINE;
        let data = (index + blocks * HEAP_ENTRY * WORD).next_multiple_of(LINE);
        let reach = data.checked_add(capacity)?;
        Some(Self {
            live: 0,
            index,
            blocks,
            entry_words: HEAP_ENTRY,
            data,
            capacity,
            reach,
            len: reach.checked_add(WORD)?,
        })
    }

    /// In a file; `None` if it is more than an address space holds.
    pub(crate) fn file(capacity: usize, blocks: usize) -> Option<Self> {
        debug_assert!(blocks <= MOST_BLOCKS);
        let reach = DATA.checked_add(capacity)?;
        Some(Self {
            live: LIVE,
            index: INDEX,
            blocks,
            entry_words: FILE_ENTRY,
            data: DATA,
            capacity,
            reach,
            len: reach.checked_add(PAGE)?,
        })
    }
}
