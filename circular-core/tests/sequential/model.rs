//! What a ring is to hold, as a plain queue.
//!
//! The one thing that is taken from the ring's design is where its records lie: 16 bytes of header,
//! payload and target, rounded up to 8; a record that does not fit goes in parts of a quarter of the
//! ring. From that follows when a record is gone.

use circular_core::{Level, Part};
use std::collections::VecDeque;

const WORD: usize = 8;
/// What is not found at the oldest end is less than this share of the ring, and the record that
/// reaches out of it.
const BLOCKS: u64 = 64;

/// Between two records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Bytes of storage before it, in all.
    pub(crate) position: u64,
    /// Records before it.
    pub(crate) seq: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

/// One record that was written, and where.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) place: Place,
    pub(crate) size: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) level: Option<Level>,
    pub(crate) target: String,
    /// In seconds.
    pub(crate) time: u64,
    pub(crate) part: Part,
}

pub(crate) struct Model {
    pub(crate) capacity: u64,
    pub(crate) head: Place,
    /// The records that are held, and the one before them.
    records: VecDeque<Written>,
}

impl Model {
    pub(crate) const HEADER: usize = 16;

    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity as u64,
            head: Place::default(),
            records: VecDeque::new(),
        }
    }

    /// Into which lengths a write of `length` bytes is split.
    pub(crate) fn parts(&self, length: usize, target: usize) -> Vec<usize> {
        let capacity = usize::try_from(self.capacity).unwrap();
        if Self::HEADER + length + target <= capacity {
            return vec![length];
        }
        let part = capacity / 4 - Self::HEADER - target;
        let whole_parts = (length - 1) / part;
        let mut parts = vec![part; whole_parts];
        parts.push(length - whole_parts * part);
        parts
    }

    /// What a record takes.
    pub(crate) fn size(length: usize, target: usize) -> u64 {
        (Self::HEADER + (length + target).next_multiple_of(WORD)) as u64
    }

    /// Appends a record at the head; the record says what, and this where.
    pub(crate) fn append(&mut self, mut record: Written) {
        record.place = self.head;
        record.size = Self::size(record.bytes.len(), record.target.len());
        self.head.position += record.size;
        self.head.seq += 1;
        self.head.bytes += record.bytes.len() as u64;
        self.records.push_back(record);
        while self.records.len() > 1 && self.is_overtaken(self.records[1].place) {
            self.records.pop_front();
        }
    }

    /// Whether the record at `place` is overwritten, and be it in part.
    pub(crate) fn is_overtaken(&self, place: Place) -> bool {
        place.position + self.capacity < self.head.position
    }

    /// The records that are held from `from` up to before `to`.
    pub(crate) fn between(&self, from: Place, to: Place) -> impl Iterator<Item = &Written> {
        let seqs = from.seq..to.seq;
        self.records
            .iter()
            .filter(move |record| seqs.contains(&record.place.seq))
            .inspect(|record| assert!(!self.is_overtaken(record.place)))
    }

    /// The place before the first record that is whole.
    pub(crate) fn first_held(&self) -> Place {
        let places = self.records.iter().map(|record| record.place);
        let mut held = places.filter(|place| !self.is_overtaken(*place));
        held.next().unwrap_or(self.head)
    }

    /// The place before record `seq`, if that is held or the next to be written.
    pub(crate) fn place_of(&self, seq: u64) -> Option<Place> {
        if seq == self.head.seq {
            return Some(self.head);
        }
        let mut places = self.records.iter().map(|record| record.place);
        let place = places.find(|place| place.seq == seq)?;
        (!self.is_overtaken(place)).then_some(place)
    }

    /// Whether one who looks for what there is from `position` on may find `found` and nothing
    /// before it.
    pub(crate) fn may_be_first_found(&self, found: Place, position: u64) -> bool {
        if found.position <= position || found.seq == 0 {
            return true;
        }
        let mut records = self.records.iter();
        let before = records.find(|record| record.place.seq + 1 == found.seq);
        let reaches_in = before.map_or(0, |record| record.size);
        found.position - position < self.capacity / BLOCKS + reaches_in
    }
}
