//! `thingbuf`: a lock-free queue that uses its places' memory again.

use super::{Bounds, Contender, Opened, Readers, Shared};
use std::hint::black_box;
use std::sync::Arc;
use std::thread;
use thingbuf::ThingBuf;
use thingbuf::mpsc::blocking::{Receiver, Sender, with_recycle};
use thingbuf::recycling::WithCapacity;

pub(crate) struct Thingbuf;

pub(crate) enum Sending {
    Queue(Box<ThingBuf<Vec<u8>, WithCapacity>>),
    Lossless(Sender<Vec<u8>, WithCapacity>),
    Lossy(Sender<Vec<u8>, WithCapacity>),
}

impl Shared for Sending {
    #[inline]
    fn write(&self, record: &[u8]) {
        match self {
            Sending::Queue(queue) => loop {
                if let Ok(mut place) = queue.push_ref() {
                    place.extend_from_slice(record);
                    break;
                }
                if queue.pop_ref().is_none() {
                    // Full, and yet nothing to take: another thread is in the midst of its write.
                    thread::yield_now();
                }
            },
            Sending::Lossless(sender) => {
                let mut place = sender.send_ref().expect("there is a reader");
                place.extend_from_slice(record);
            }
            Sending::Lossy(sender) => {
                if let Ok(mut place) = sender.try_send_ref() {
                    place.extend_from_slice(record);
                }
            }
        }
    }
}

impl Contender for Thingbuf {
    const NAME: &'static str = "thingbuf";
    const DOES: &'static str = "copies the bytes into a Vec that is there already; if all are taken: without a reader empties the oldest, with a lossless one waits, with a skipping one throws it away";
    type Writer = Arc<Sending>;

    fn open(bounds: Bounds, writers: usize, readers: Readers) -> Option<Opened<Arc<Sending>>> {
        let (most, recycle) = (bounds.records(), WithCapacity::new());
        Some(match readers {
            Readers::None => {
                let queue = ThingBuf::with_recycle(most, recycle);
                Opened::shared(Sending::Queue(Box::new(queue)), writers)
            }
            Readers::Lossless => {
                let (sender, receiver) = with_recycle(most, recycle);
                Opened::shared(Sending::Lossless(sender), writers).reader(move || read(&receiver))
            }
            Readers::Skipping(1) => {
                let (sender, receiver) = with_recycle(most, recycle);
                Opened::shared(Sending::Lossy(sender), writers).reader(move || read(&receiver))
            }
            Readers::Stuck | Readers::Skipping(_) => return None,
        })
    }
}

fn read(receiver: &Receiver<Vec<u8>, WithCapacity>) -> u64 {
    let mut received = 0;
    while let Some(record) = receiver.recv_ref() {
        black_box(&*record);
        received += 1;
    }
    received
}
