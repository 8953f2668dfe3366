//! `crossbeam_channel`, bounded: the queue that most people take.

use super::{Bounds, Contender, Opened, Readers, Shared};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use std::hint::black_box;
use std::sync::Arc;
use std::thread;

pub(crate) struct Crossbeam;

pub(crate) struct Sending {
    sender: Sender<Vec<u8>>,
    full: Full,
}

/// What is done when there is no room.
enum Full {
    TakeOldest(Receiver<Vec<u8>>),
    Drop,
    Wait,
}

impl Shared for Sending {
    #[inline]
    fn write(&self, record: &[u8]) {
        let mut record = record.to_vec();
        match &self.full {
            Full::TakeOldest(receiver) => {
                while let Err(TrySendError::Full(refused)) = self.sender.try_send(record) {
                    record = refused;
                    if receiver.try_recv().is_err() {
                        // Full, and yet nothing to take: another thread is in the midst of its write.
                        thread::yield_now();
                    }
                }
            }
            Full::Drop => drop(self.sender.try_send(record)),
            Full::Wait => self.sender.send(record).expect("there is a reader"),
        }
    }
}

impl Contender for Crossbeam {
    const NAME: &'static str = "crossbeam-channel";
    const DOES: &'static str = "makes a Vec and sends it; if the channel is full: without a reader takes the oldest one out and frees it, with a lossless one waits, with a skipping one throws it away";
    type Writer = Arc<Sending>;

    fn open(bounds: Bounds, writers: usize, readers: Readers) -> Option<Opened<Arc<Sending>>> {
        let (sender, receiver) = bounded(bounds.records());
        let full = match readers {
            Readers::None => Full::TakeOldest(receiver.clone()),
            Readers::Lossless => Full::Wait,
            Readers::Skipping(1) => Full::Drop,
            Readers::Stuck | Readers::Skipping(_) => return None,
        };
        let opened = Opened::shared(Sending { sender, full }, writers);
        Some(if readers.count() > 0 {
            opened.reader(move || read(&receiver))
        } else {
            opened
        })
    }
}

fn read(receiver: &Receiver<Vec<u8>>) -> u64 {
    let mut received = 0;
    for record in receiver {
        black_box(&record);
        received += 1;
    }
    received
}
