//! `rtrb`: bytes from one thread to one other, without a lock and without sleeping.

use super::{Bounds, Contender, Opened, Readers, Writer};
use rtrb::{Consumer, Producer, RingBuffer};
use std::hint::black_box;
use std::{mem, thread};

pub(crate) struct Rtrb;

/// Before each record.
const LEN: usize = size_of::<u64>();

pub(crate) struct Sending {
    producer: Producer<u8>,
    full: Full,
}

enum Full {
    TakeOldest(Consumer<u8>),
    Drop,
    Yield,
}

impl Writer for Sending {
    #[inline]
    fn write(&mut self, record: &[u8]) {
        let needed = LEN + record.len();
        while self.producer.slots() < needed {
            match &mut self.full {
                Full::TakeOldest(consumer) => {
                    take(consumer, |_, _| ());
                }
                Full::Drop => return,
                Full::Yield => thread::yield_now(),
            }
        }
        // Both at once, so that a reader never finds one without the other.
        let mut place = self.producer.write_chunk(needed).expect("there is room");
        let (mut first, mut second) = place.as_mut_slices();
        let len = (record.len() as u64).to_le_bytes();
        for part in [&len[..], record] {
            let (here, there) = part.split_at(part.len().min(first.len()));
            first[..here.len()].copy_from_slice(here);
            second[..there.len()].copy_from_slice(there);
            first = &mut mem::take(&mut first)[here.len()..];
            second = &mut mem::take(&mut second)[there.len()..];
        }
        place.commit_all();
    }
}

/// Takes one record out, if there is one, which may lie around the end.
fn take(consumer: &mut Consumer<u8>, look: impl FnOnce(&[u8], &[u8])) -> bool {
    let mut len = [0; LEN];
    if consumer.pop_entire_slice(&mut len).is_err() {
        return false;
    }
    let len = usize::try_from(u64::from_le_bytes(len)).expect("a length that was one before");
    let record = consumer
        .read_chunk(len)
        .expect("all of the record is there");
    let (first, second) = record.as_slices();
    look(first, second);
    record.commit_all();
    true
}

impl Contender for Rtrb {
    const NAME: &'static str = "rtrb";
    const DOES: &'static str = "copies a length and the bytes, one thread only; if it is full: without a reader takes the oldest one out, with a lossless one yields until there is room, with a skipping one throws it away";
    type Writer = Sending;

    fn open(bounds: Bounds, writers: usize, readers: Readers) -> Option<Opened<Sending>> {
        if writers > 1 {
            return None;
        }
        let (producer, consumer) = RingBuffer::new(bounds.capacity);
        let mut read = None;
        let full = match readers {
            Readers::None => Full::TakeOldest(consumer),
            Readers::Lossless => {
                read = Some(consumer);
                Full::Yield
            }
            Readers::Skipping(1) => {
                read = Some(consumer);
                Full::Drop
            }
            Readers::Stuck | Readers::Skipping(_) => return None,
        };
        let opened = Opened {
            writers: vec![Sending { producer, full }],
            readers: Vec::new(),
            keep: Box::new(()),
        };
        Some(match read {
            Some(consumer) => opened.reader(move || self::read(consumer)),
            None => opened,
        })
    }

    fn holds(bounds: Bounds) -> usize {
        bounds.capacity / (LEN + bounds.len)
    }
}

fn read(mut consumer: Consumer<u8>) -> u64 {
    let mut received = 0;
    loop {
        // Asked before looking: what was written before is there then.
        let is_last = consumer.is_abandoned();
        while take(&mut consumer, |first, second| {
            black_box((first, second));
        }) {
            received += 1;
        }
        if is_last {
            return received;
        }
        thread::yield_now();
    }
}
