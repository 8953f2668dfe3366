//! What the file of a ring must hold, worked out from the list of writes and from `docs/FORMAT.md`, and from nothing that
//! the library does.
//!
//! Invariant: it never looks at a ring.

use circular_core::{Level, Meta, Part};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A ring of less than 256 KiB has so many blocks.
const BLOCKS: usize = 128;
const WORD: u64 = 8;
const HEADER: u64 = 2 * WORD;

/// One call of the logger.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) call: Call,
    pub(crate) level: Option<Level>,
    pub(crate) target: String,
    /// Nanoseconds since 1970; if there are none, the ring takes the coarse clock's.
    pub(crate) time: Option<u64>,
    pub(crate) payload: Vec<u8>,
}

/// By which method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Record,
    /// Of text only.
    Formatted,
    /// In so many pieces, without level, target or time.
    Vectored(usize),
}

/// What a write must have left.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) position: u64,
    pub(crate) level: Option<Level>,
    pub(crate) target: String,
    pub(crate) time: Option<u64>,
    pub(crate) part: Part,
    pub(crate) payload: Vec<u8>,
    end: u64,
}

/// All that is written to one ring, in order.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) capacity: u64,
    pub(crate) records: Vec<Expected>,
    /// How many records there are after each write.
    after: Vec<usize>,
}

impl Write {
    pub(crate) fn new(payload: Vec<u8>) -> Self {
        Self {
            call: Call::Record,
            level: None,
            target: String::new(),
            time: None,
            payload,
        }
    }

    pub(crate) fn meta(&self) -> Meta<'_> {
        let meta = Meta::new().level(self.level).target(&self.target);
        match self.time {
            Some(nanos) => meta.time(time(nanos)),
            None => meta,
        }
    }
}

/// So many nanoseconds since 1970.
pub(crate) fn time(nanos: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(nanos)
}

impl Model {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity as u64,
            records: Vec::new(),
            after: Vec::new(),
        }
    }

    /// Where the next record begins.
    pub(crate) fn end(&self) -> u64 {
        self.records.last().map_or(0, |last| last.end)
    }

    /// Words from there to the end of DATA.
    pub(crate) fn words_left(&self) -> u64 {
        (self.capacity - self.end() % self.capacity) / WORD
    }

    pub(crate) fn write(&mut self, write: &Write) {
        for (part, payload) in self.parts(write) {
            let position = self.end();
            let content = (payload.len() + write.target.len()) as u64;
            self.records.push(Expected {
                position,
                level: write.level,
                target: write.target.clone(),
                time: write.time,
                part,
                end: position + HEADER + content.next_multiple_of(WORD),
                payload,
            });
        }
        self.after.push(self.records.len());
    }

    /// What takes more than a quarter of the ring goes in parts. How long they are is this version's own choice.
    fn parts(&self, write: &Write) -> Vec<(Part, Vec<u8>)> {
        let most = usize::try_from(self.capacity / 4 - HEADER).unwrap_or(0);
        if write.payload.len() + write.target.len() <= most {
            return vec![(Part::Whole, write.payload.clone())];
        }
        let each = most - write.target.len() - 16;
        let count = write.payload.len().div_ceil(each);
        let pieces = write.payload.chunks(each).enumerate();
        let part = |number| match number {
            0 => Part::First,
            _ if number + 1 == count => Part::Last,
            _ => Part::Middle,
        };
        pieces
            .map(|(number, piece)| (part(number), piece.to_vec()))
            .collect()
    }

    /// After how many of their words those of the first `count` records go around that do.
    pub(crate) fn wraps(&self, count: usize) -> impl Iterator<Item = u64> {
        self.records[..count].iter().filter_map(|record| {
            let left = self.capacity - record.position % self.capacity;
            (left < record.end - record.position).then_some(left / WORD)
        })
    }

    /// How many records there are after the first `writes` writes.
    pub(crate) fn records_after(&self, writes: usize) -> usize {
        writes.checked_sub(1).map_or(0, |last| self.after[last])
    }

    /// How many records end at `committed` or before it, if one ends just there.
    pub(crate) fn count_below(&self, committed: u64) -> Option<usize> {
        let count = self
            .records
            .partition_point(|record| record.end <= committed);
        let end = count
            .checked_sub(1)
            .map_or(0, |last| self.records[last].end);
        (end == committed).then_some(count)
    }

    /// The first of the `count` records of which nothing is overwritten, if DATA may have changed up to `end`.
    pub(crate) fn first_intact(&self, count: usize, end: u64) -> usize {
        let lost = |record: &Expected| record.position + self.capacity < end;
        self.records[..count].partition_point(lost)
    }

    /// The first of the `count` records that a reader must find, whether the record that is being written has its entry
    /// in the index or not.
    pub(crate) fn first_found(&self, count: usize, end: u64) -> usize {
        let mut newest = [usize::MAX; BLOCKS];
        let intact = self.first_intact(count, end);
        let written = self.records.len().min(count + 1);
        for number in intact..written {
            for block in self.named_in(number) {
                newest[usize::try_from(block % BLOCKS as u64).unwrap_or(0)] = number;
            }
        }
        let found = newest.into_iter().filter(|&number| number < count);
        found.min().unwrap_or(count)
    }

    /// The blocks whose entries name the record.
    fn named_in(&self, number: usize) -> impl Iterator<Item = u64> {
        let size = self.capacity / BLOCKS as u64;
        let record = &self.records[number];
        let own = record.position / size;
        let before = number.checked_sub(1).map(|before| &self.records[before]);
        let is_first = before.is_none_or(|before| before.position / size < own);
        let covers_next = record.end >= (own + 2) * size;
        let own_entry = is_first.then_some(own);
        own_entry.into_iter().chain(covers_next.then_some(own + 1))
    }
}
