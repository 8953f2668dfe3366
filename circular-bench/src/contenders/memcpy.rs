//! The least that can be done: copy the bytes to the next place in a block, around its end. They keep no
//! lengths, and nobody can read them.

use super::{Bounds, Contender, Opened, Readers, Shared, Writer};
use crate::os::coarse_clock;
use parking_lot::Mutex;
use std::hint::black_box;
use std::sync::Arc;

/// For one thread.
pub(crate) struct Memcpy;
pub(crate) struct LockedMemcpy;
pub(crate) struct ClockAndLockedMemcpy;

pub(crate) struct Block {
    bytes: Box<[u8]>,
    next: usize,
}

impl Block {
    fn new(capacity: usize) -> Block {
        Block {
            bytes: vec![0; capacity].into_boxed_slice(),
            next: 0,
        }
    }
}

impl Writer for Block {
    #[inline]
    fn write(&mut self, record: &[u8]) {
        let room = self.bytes.len() - self.next;
        if let Some(place) = self.bytes.get_mut(self.next..self.next + record.len()) {
            place.copy_from_slice(record);
            self.next += record.len();
        } else {
            let (first, second) = record.split_at(room);
            self.bytes[self.next..].copy_from_slice(first);
            self.bytes[..second.len()].copy_from_slice(second);
            self.next = second.len();
        }
        // The bytes count as looked at, so that they have to be there.
        black_box(&mut self.bytes);
    }
}

impl Contender for Memcpy {
    const NAME: &'static str = "memcpy";
    const DOES: &'static str = "copies the bytes into a block, around its end; one thread only";
    type Writer = Block;

    fn open(bounds: Bounds, writers: usize, readers: Readers) -> Option<Opened<Block>> {
        if writers > 1 || readers != Readers::None {
            return None;
        }
        Some(Opened {
            writers: vec![Block::new(bounds.capacity)],
            readers: Vec::new(),
            keep: Box::new(()),
        })
    }

    fn holds(bounds: Bounds) -> usize {
        bounds.capacity / bounds.len
    }
}

/// A block that threads share; with `CLOCK`, as in a recorder that knows when a record was made.
pub(crate) struct Locked<const CLOCK: bool>(Mutex<Block>);

impl<const CLOCK: bool> Locked<CLOCK> {
    fn open(bounds: Bounds, writers: usize, readers: Readers) -> Option<Opened<Arc<Self>>> {
        let block = Mutex::new(Block::new(bounds.capacity));
        (readers == Readers::None).then(|| Opened::shared(Locked(block), writers))
    }
}

impl<const CLOCK: bool> Shared for Locked<CLOCK> {
    #[inline]
    fn write(&self, record: &[u8]) {
        if CLOCK {
            black_box(coarse_clock());
        }
        self.0.lock().write(record);
    }
}

impl Contender for LockedMemcpy {
    const NAME: &'static str = "Mutex, memcpy";
    const DOES: &'static str = "copies the bytes into a block, under a parking_lot::Mutex";
    type Writer = Arc<Locked<false>>;

    fn open(bounds: Bounds, writers: usize, readers: Readers) -> Option<Opened<Self::Writer>> {
        Locked::open(bounds, writers, readers)
    }

    fn holds(bounds: Bounds) -> usize {
        Memcpy::holds(bounds)
    }
}

impl Contender for ClockAndLockedMemcpy {
    const NAME: &'static str = "clock, Mutex, memcpy";
    const DOES: &'static str =
        "reads the coarse clock, then copies the bytes into a block, under a parking_lot::Mutex";
    type Writer = Arc<Locked<true>>;

    fn open(bounds: Bounds, writers: usize, readers: Readers) -> Option<Opened<Self::Writer>> {
        Locked::open(bounds, writers, readers)
    }

    fn holds(bounds: Bounds) -> usize {
        Memcpy::holds(bounds)
    }
}
