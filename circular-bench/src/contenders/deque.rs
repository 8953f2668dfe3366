//! What one writes by hand in ten minutes: a queue under a lock.

use super::{Bounds, Contender, Opened, Readers, Shared};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::str;
use std::sync::Arc;

pub(crate) struct DequeOfStrings;
pub(crate) struct DequeOfBytes;

pub(crate) struct Strings {
    held: Mutex<VecDeque<String>>,
    most: usize,
}

impl Shared for Strings {
    #[inline]
    fn write(&self, record: &[u8]) {
        // Asking for memory and giving it back, without the lock.
        let text = str::from_utf8(record).expect("records are text").to_owned();
        let mut held = self.held.lock();
        let oldest = if held.len() == self.most {
            held.pop_front()
        } else {
            None
        };
        held.push_back(text);
        drop(held);
        drop(oldest);
    }
}

impl Contender for DequeOfStrings {
    const NAME: &'static str = "Mutex<VecDeque<String>>";
    const DOES: &'static str = "makes a String; under a parking_lot::Mutex, takes the oldest one out and puts it in; frees the oldest one";
    type Writer = Arc<Strings>;

    fn open(bounds: Bounds, writers: usize, readers: Readers) -> Option<Opened<Arc<Strings>>> {
        let most = bounds.records();
        let held = Mutex::new(VecDeque::with_capacity(most));
        (readers == Readers::None).then(|| Opened::shared(Strings { held, most }, writers))
    }
}

pub(crate) struct Bytes {
    held: Mutex<VecDeque<u8>>,
    most: usize,
}

impl Shared for Bytes {
    #[inline]
    fn write(&self, record: &[u8]) {
        let mut held = self.held.lock();
        let too_many = (held.len() + record.len()).saturating_sub(self.most);
        held.drain(..too_many);
        held.extend(record);
    }
}

impl Contender for DequeOfBytes {
    const NAME: &'static str = "Mutex<VecDeque<u8>>";
    const DOES: &'static str = "under a parking_lot::Mutex, takes as many bytes out at the front and puts its own in at the back; keeps no lengths";
    type Writer = Arc<Bytes>;

    fn open(bounds: Bounds, writers: usize, readers: Readers) -> Option<Opened<Arc<Bytes>>> {
        let most = bounds.capacity;
        let held = Mutex::new(VecDeque::with_capacity(most));
        (readers == Readers::None).then(|| Opened::shared(Bytes { held, most }, writers))
    }

    fn holds(bounds: Bounds) -> usize {
        bounds.capacity / bounds.len
    }
}
