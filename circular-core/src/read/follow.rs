//! The read path for a ring in a file: that of [`crate::read::core`] without a lock, as there is none to share.
//!
//! Invariant: delivered + filtered out + missed = written since it began, as far as the file tells. A pass has an end,
//! whatever is in the file and however fast it is written.

use crate::error::OutOfMemory;
use crate::format::header::Header;
use crate::read::place::Place;
use crate::read::start::{self, Begin};
use crate::record::cursor::Cursor;
use crate::record::missed::Missed;
use crate::ring::policy::Start;
use crate::select::Select;
use crate::sys::read_at::ReadAt;
use crate::sys::sync;
use crate::tape::buffer::Buffer;
use crate::tape::image::Image;
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use crate::tape::recover;
use crate::tape::walk::Most;
use std::io;

/// How often it begins anew where writers overtake it, or records are filtered out or damaged, before others have their
/// turn.
const TRIES: u32 = 64;

/// What a batch may be at most.
const BATCH: Most = Most {
    records: 4096,
    bytes: usize::MAX,
};

/// A place among the records of a file, and a buffer for those that come next.
#[derive(Debug)]
pub(crate) struct Follower<B> {
    image: Image<B>,
    /// Whose records they are.
    ring: u64,
    place: Place,
    select: Select,
    buffer: Buffer,
    restarted: bool,
    /// Where to begin, as long as the file could not be read to find that.
    unlocated: Option<Start>,
    /// How many times nothing could be read where a record should be.
    damaged: u64,
    /// Where that was last, as long as nothing is found behind it.
    stuck_at: Option<u64>,
}

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Followed {
    /// There are records in the buffer, or something was missed.
    Batch,
    /// It has got on, and nothing that it came by passed the filter: there is more.
    More,
    /// It has had everything so far.
    Drained,
}

impl<B: ReadAt> Follower<B> {
    /// Begins at `start` among the records of that ring.
    pub(crate) fn begin(
        image: Image<B>,
        ring: u64,
        start: Start,
        select: Select,
    ) -> Result<Self, OutOfMemory> {
        let buffer = Buffer::for_reader(image.capacity(), true)?;
        let mut follower = Self {
            place: Place::at(&Begin::at(Position::default())),
            restarted: false,
            unlocated: Some(start),
            image,
            ring,
            select,
            buffer,
            damaged: 0,
            stuck_at: None,
        };
        // If not, the next call tries again, and tells why.
        let _ = follower.locate();
        Ok(follower)
    }

    fn locate(&mut self) -> io::Result<()> {
        let Some(start) = self.unlocated else {
            return Ok(());
        };
        let begin = locate(&self.image, self.ring, start, &self.select);
        if let Some(error) = self.image.take_error() {
            return Err(error);
        }
        self.place = Place::at(&begin);
        self.restarted = begin.restarted;
        self.unlocated = None;
        Ok(())
    }

    /// Copies the next batch into the buffer.
    pub(crate) fn next(&mut self) -> io::Result<Followed> {
        self.locate()?;
        self.buffer.clear();
        self.buffer.shrink();
        let before = (self.place.clone(), self.damaged, self.stuck_at);
        let begun = self.place.position();
        let mut is_done = false;
        for _ in 0..TRIES {
            is_done = self.pass();
            if let Some(error) = self.image.take_error() {
                // What could not be read is neither missed nor damaged: the next call tries again.
                self.buffer.clear();
                (self.place, self.damaged, self.stuck_at) = before;
                return Err(error);
            }
            if is_done {
                break;
            }
        }
        let has_something = !self.buffer.is_empty() || !self.place.is_told();
        Ok(if has_something {
            Followed::Batch
        } else if !is_done && self.place.position() != begun {
            Followed::More
        } else {
            Followed::Drained
        })
    }

    /// Copies what comes next, or moves to where there is something; tells whether there is no more to be had now.
    fn pass(&mut self) -> bool {
        let (image, before) = (&self.image, self.place.position());
        let committed = image.committed();
        // Nothing new. It is behind this place if somebody has cut the file, and made it longer again.
        if before.offset >= committed {
            return true;
        }
        let copied = image.copy(before, committed, &self.select, BATCH, &mut self.buffer);
        if image.is_overtaken(before.offset, committed) {
            self.buffer.clear();
            return !self.land(committed);
        }
        if let Some(header) = copied.too_large {
            self.make_room_for(header, committed);
            return false;
        }
        self.place.advance_to(copied.position);
        if !self.buffer.is_empty() || copied.position.offset >= committed {
            return true;
        }
        // Filtered out, or no record.
        copied.position == before && !self.pass_over_damage(committed)
    }

    /// Lands half a ring behind the newest record, where writers are not soon again, as one who was overtaken; tells
    /// whether there may be something.
    fn land(&mut self, committed: u64) -> bool {
        let Some(head) = recover::head(&self.image, committed) else {
            if self.image.committed() == committed {
                // It was no writer: no entry of the index is good.
                self.note_damage(committed);
                return false;
            }
            // Overtaken again, and so for the next pass.
            sync::yield_now();
            return true;
        };
        self.place.land_half_way(&self.image, head);
        true
    }

    /// Goes on behind what cannot be read; tells whether there is something.
    fn pass_over_damage(&mut self, committed: u64) -> bool {
        let offset = self.place.position().offset;
        self.note_damage(offset);
        let next = self.image.entry_from(offset + 1, committed);
        let Some(next) = next.filter(|next| next.position.offset > offset) else {
            return false;
        };
        self.place.pass_over(next.position);
        true
    }

    /// Counts what cannot be read at `offset`, once.
    fn note_damage(&mut self, offset: u64) {
        if self.stuck_at != Some(offset) {
            self.stuck_at = Some(offset);
            self.damaged += 1;
        }
    }

    /// Makes the buffer long enough for the next record, or goes on behind it if there is no memory.
    fn make_room_for(&mut self, header: Header, committed: u64) {
        if self.buffer.try_grow_for(header) {
            return;
        }
        let position = self.place.position();
        if let Some((header, _, behind)) = self.image.step(position, committed) {
            self.place.go_without(header.content(), behind);
        }
    }

    pub(crate) fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// What was missed since this was last asked.
    pub(crate) fn take_untold(&mut self) -> Missed {
        self.place.take_loss().missed
    }

    pub(crate) fn missed(&self) -> Missed {
        self.place.missed()
    }

    pub(crate) fn damaged(&self) -> u64 {
        self.damaged
    }

    pub(crate) fn restarted(&self) -> bool {
        self.restarted
    }

    /// Behind the last record that is in the buffer, or was.
    pub(crate) fn cursor(&self) -> Cursor {
        let position = self.place.position();
        Cursor {
            ring: self.ring,
            seq: position.seq,
            bytes: Some(position.bytes),
        }
    }
}

/// Finds where to begin. Where writers overtake every search, it is at the oldest record of the last one, which the first
/// pass will find to be gone.
fn locate<B: ReadAt>(image: &Image<B>, ring: u64, start: Start, select: &Select) -> Begin {
    let mut begin = Begin::at(Position::default());
    for _ in 0..TRIES {
        let committed = image.committed();
        let Some(head) = recover::head(image, committed) else {
            if image.committed() == committed {
                // No entry of the index is good, which the first pass will find as well.
                break;
            }
            sync::yield_now();
            continue;
        };
        begin = match start {
            Start::Last(count) if !select.takes_all() => {
                let seq = start::seq_of_last(image, head, count, select);
                start::from_seq(image, head, seq)
            }
            _ => start::locate(image, ring, head, start),
        };
        if !image.is_overtaken(begin.walked_from, committed) {
            break;
        }
    }
    begin
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::fuzzing::image::{self, RING, RingBytes, Written};
    use crate::record::part::Part;
    use std::cell::Cell;
    use std::sync::Arc;

    const CAPACITY: usize = 4096;

    /// The file of a ring that went round several times.
    fn bytes() -> Vec<u8> {
        let record = |number: u64| Written {
            level: None,
            target: String::new(),
            nanos: number,
            part: Part::Whole,
            payload: format!("record {number}").into_bytes(),
        };
        let records: Vec<Written> = (0..1000).map(record).collect();
        image::make(CAPACITY, &records).unwrap()
    }

    /// A file that cannot be read a few times.
    struct Failing {
        bytes: Arc<[u8]>,
        /// How many times yet.
        times: Cell<u32>,
    }

    impl ReadAt for &Failing {
        fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
            match self.times.get().checked_sub(1) {
                Some(left) => {
                    self.times.set(left);
                    Err(io::Error::other("a test's"))
                }
                None => self.bytes.read_at(bytes, offset),
            }
        }
    }

    #[test]
    fn where_it_begins_does_not_depend_on_an_error() {
        let bytes: Arc<[u8]> = bytes().into();
        let layout = RingBytes::open(Arc::clone(&bytes), false).unwrap().layout();
        for times in 1..40 {
            let file = Failing {
                bytes: Arc::clone(&bytes),
                times: Cell::new(times),
            };
            let image = Image::new(&file, layout, false);
            let begun = Follower::begin(image, RING, Start::Newest, Select::default());
            let mut follower = begun.unwrap();
            let outcome = (0..100).find_map(|_| follower.next().ok());
            assert_eq!(outcome, Some(Followed::Drained), "{times} errors");
            assert_eq!(follower.cursor().seq, 1000, "{times} errors");
        }
    }

    #[test]
    fn a_ring_without_a_good_entry_is_damaged_and_not_just_empty() {
        let mut bytes = bytes();
        let identity = RingBytes::open(bytes.clone().into(), false).unwrap();
        let index = identity.layout().index;
        bytes[index..identity.layout().data].fill(0xff);
        let ring = RingBytes::open(bytes.into(), false).unwrap();
        let read = ring.read(Start::Oldest, None, None, &mut |_| {}).unwrap();
        assert_eq!(read.damaged, 1);
        assert!(ring.snapshot().unwrap().is_empty());
    }
}
