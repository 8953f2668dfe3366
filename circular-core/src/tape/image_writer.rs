//! The file of a ring, made in memory out of records, one after the other: an image.
//!
//! Invariant: what stands in it was appended since the last [`begin`](ImageWriter::begin), by the code that a ring is
//! written with; nothing that was there before gets out. But for making one, it asks for no memory. It takes address
//! space for a whole ring at once, and memory for what is appended, if the allocator has pages that are zeroed on demand.

use crate::error::OutOfMemory;
use crate::format::crc32c::crc32c;
use crate::format::file_header::Identity;
use crate::format::header;
use crate::format::layout::{LIVE, Layout, META, META_BYTES, NOWHERE, PAGE};
use crate::format::live;
use crate::format::prepared::PreparedHeader;
use crate::format::word::WORD;
use crate::memory::block::{Block, Line, Words};
use crate::memory::copy;
use crate::memory::parts::parts;
use crate::memory::payload::Payload;
use crate::record::level::Level;
use crate::record::missed::Missed;
use crate::record::part::Part;
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use crate::tape::{Head, Tape, index};
use crate::time::clock::Stamp;
use std::io;
use std::ops::Range;
use std::sync::atomic::Ordering::Relaxed;

/// So much is written at once: a whole number of pages.
const CHUNK: usize = 16 * PAGE;

/// What a file is written in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Chunk<'a> {
    Bytes(&'a [u8]),
    /// Bytes as well, where nothing was ever written: a file may have a hole there. The last chunk is none of these.
    Zeroes(&'a [u8]),
}

impl<'a> Chunk<'a> {
    pub(crate) fn bytes(self) -> &'a [u8] {
        match self {
            Self::Bytes(bytes) | Self::Zeroes(bytes) => bytes,
        }
    }
}

/// Takes one chunk after the other.
pub(crate) type Out<'a> = dyn FnMut(Chunk<'_>) -> io::Result<()> + 'a;

pub(crate) struct ImageWriter {
    layout: Layout,
    identity: Identity,
    /// All of the file but its first page.
    words: Words,
    state: Line,
    counters: Line,
    tape: Tape,
    head: Head,
    /// Where the first record was put.
    begin: Position,
    /// For each block that of the records that its entry in the index may name, and where that came from.
    sources: Box<[(u64, Source)]>,
    piece: Box<[u8]>,
}

/// Where a record was that is appended: its seq there, and the payload bytes before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) seq: u64,
    pub(crate) bytes: u64,
}

impl Source {
    /// How much lies from here up to `end`.
    pub(crate) fn missed_up_to(self, end: Self) -> Missed {
        Missed {
            records: end.seq.saturating_sub(self.seq),
            bytes: end.bytes.saturating_sub(self.bytes),
        }
    }
}

/// What a record is beside its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    pub(crate) level: Option<Level>,
    pub(crate) target: &'a [u8],
    pub(crate) stamp: Stamp,
    pub(crate) part: Part,
}

impl ImageWriter {
    /// An empty one of a ring of `capacity` bytes, a multiple of a page. `meta` is as long as its section; `identity` is
    /// given where everything lies, and the checksum of `meta`.
    pub(crate) fn new(
        capacity: usize,
        meta: &[u8],
        identity: impl FnOnce(&Layout, u32) -> Identity,
    ) -> Result<Self, OutOfMemory> {
        let layout = Layout::file(capacity, index::block_count(capacity));
        let layout = layout.ok_or(OutOfMemory { bytes: capacity })?;
        let out_of_memory = OutOfMemory { bytes: layout.len };
        let block = Block::on_heap(&layout).map_err(|_| out_of_memory)?;
        let mut piece = Vec::new();
        let reserved = piece.try_reserve_exact(CHUNK);
        reserved.map_err(|_| out_of_memory)?;
        piece.resize(CHUNK, 0);
        let mut sources = Vec::new();
        let reserved = sources.try_reserve_exact(layout.blocks);
        reserved.map_err(|_| out_of_memory)?;
        sources.resize(layout.blocks, (NOWHERE, Source::default()));
        copy::store(&block.words(META, META_BYTES), meta);
        Ok(Self {
            identity: identity(&layout, crc32c(meta)),
            words: block.words(PAGE, layout.len - PAGE),
            state: block.line(layout.live + live::STATE),
            counters: block.line(layout.live + live::COUNTERS),
            tape: Tape::new(&block, &layout),
            layout,
            head: Head::default(),
            begin: Position::default(),
            sources: sources.into(),
            piece: piece.into(),
        })
    }

    /// Forgets what there is. The next record has that seq, and lies there.
    pub(crate) fn begin(&mut self, position: Position) {
        self.tape.forget();
        self.head = Head::at(position);
        self.begin = position;
        self.sources.fill((NOWHERE, Source::default()));
    }

    /// Appends a record that came from there; one that is longer than fits in parts. What it is over is gone.
    pub(crate) fn append(&mut self, about: About<'_>, source: Source, payload: impl Payload) {
        let capacity = self.layout.capacity;
        let room = |bytes: usize| bytes - header::BYTES - about.target.len();
        let most = u32::MAX as usize;
        if payload.len() <= room(capacity).min(most) {
            return self.append_one(about, source, payload);
        }
        // As a ring does.
        let len = room(capacity / 4).min(most);
        for (part, piece) in parts(payload, about.part, len) {
            self.append_one(About { part, ..about }, source, piece);
        }
    }

    fn append_one(&mut self, about: About<'_>, source: Source, payload: impl Payload) {
        let part = (about.part, payload.len());
        let prepared = PreparedHeader::new(about.level, about.target, about.stamp, part);
        let begin = self.head.position;
        self.tape.append(&mut self.head, prepared, payload);
        let blocks = self.tape.blocks();
        let own = begin.word / blocks.words;
        // The second is named if the record covers it.
        for number in [own, (own + 1) % blocks.count] {
            let entry = self.tape.entry(number, self.head.position.offset);
            if entry.is_some_and(|entry| entry.position.offset == begin.offset) {
                self.sources[number] = (begin.offset, source);
            }
        }
    }

    /// Where the oldest came from that is there still, of those that came from `begin` up to `end`; or its end, if it was in
    /// parts. Later ones may be over the others, or they cannot be found.
    pub(crate) fn oldest(&self, begin: Source, end: Source) -> Source {
        let behind = self.head.position.offset;
        if behind == self.begin.offset {
            return begin;
        }
        let Some(oldest) = self.tape.entry_from(0, behind) else {
            return end;
        };
        if oldest.position.offset == self.begin.offset {
            return begin;
        }
        let is_it = |(offset, _): &&(u64, Source)| *offset == oldest.position.offset;
        let source = self.sources.iter().find(is_it);
        source.map_or(end, |(_, source)| *source)
    }

    /// Whether there is no record.
    pub(crate) fn is_empty(&self) -> bool {
        self.tape.committed() == 0
    }

    /// Says of which ring it is, and when it was made, by both clocks.
    pub(crate) fn set_identity(&mut self, ring: u64, created: u64, created_boottime: u64) {
        self.identity.ring = ring;
        self.identity.created = created;
        self.identity.created_boottime = created_boottime;
    }

    /// Says how the ring is, since when, and what it has counted.
    pub(crate) fn set_live(
        &mut self,
        state: u64,
        when: u64,
        counters: impl IntoIterator<Item = u64>,
    ) {
        self.state[0].store(state, Relaxed);
        self.state[(live::WHEN - live::STATE) / WORD].store(when, Relaxed);
        for (word, value) in self.counters.iter().zip(counters) {
            word.store(value, Relaxed);
        }
    }

    /// Says that nobody goes on writing it, so all that is there can be found in it.
    pub(crate) fn finish(&mut self) {
        if !self.is_empty() {
            self.tape.end_at(self.head.position.offset);
        }
    }

    /// Hands the file to `out`, from its beginning to its end.
    pub(crate) fn write(&mut self, out: &mut Out<'_>) -> io::Result<()> {
        if let Some((page, _)) = self.piece.split_first_chunk_mut::<PAGE>() {
            self.identity.encode_to(page);
            out(Chunk::Bytes(page))?;
        }
        for (range, is_written) in self.ranges() {
            let words = self.words.get(range).unwrap_or_default();
            for words in words.chunks(CHUNK / WORD) {
                let piece = self.piece.get_mut(..words.len() * WORD);
                let piece = piece.unwrap_or_default();
                if is_written {
                    copy::load(words, piece);
                    out(Chunk::Bytes(piece))?;
                } else {
                    piece.fill(0);
                    out(Chunk::Zeroes(piece))?;
                }
            }
        }
        Ok(())
    }

    /// What is to be written of the words, and where zeroes stand for what an earlier image has left.
    fn ranges(&self) -> [(Range<usize>, bool); 5] {
        let word = |offset: usize| (offset - LIVE) / WORD;
        let (data, reach) = (word(self.layout.data), word(self.layout.reach));
        let (begin, end) = (self.begin, self.head.position);
        let (from, to) = (data + begin.word, data + end.word);
        let written = if self.is_empty() {
            [
                (data..data, true),
                (data..reach, false),
                (reach..reach, true),
            ]
        } else if end.offset - begin.offset >= self.layout.capacity as u64 {
            [
                (data..reach, true),
                (reach..reach, true),
                (reach..reach, true),
            ]
        } else if from < to {
            [(data..from, false), (from..to, true), (to..reach, false)]
        } else {
            [(data..to, true), (to..from, false), (from..reach, true)]
        };
        let [first, second, third] = written;
        [
            (0..data, true),
            first,
            second,
            third,
            (reach..self.words.len(), true),
        ]
    }
}
