//! `tokio::sync::broadcast`: the one that is nearest, a ring that overtakes its readers and tells them.

use super::{Bounds, Contender, Opened, Readers, Shared};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use tokio::sync::broadcast::{self, Receiver, Sender, error::RecvError};

pub(crate) struct Broadcast;

pub(crate) struct Sending {
    sender: Sender<Arc<[u8]>>,
    /// Sending never waits, so for a reader that must get everything the writer has to: when it has
    /// sent half of what the ring holds, until no more than the other half is unread.
    paced: Option<Pace>,
}

struct Pace {
    sent: AtomicUsize,
    half: usize,
}

impl Shared for Sending {
    #[inline]
    fn write(&self, record: &[u8]) {
        if let Some(pace) = &self.paced {
            if pace.sent.fetch_add(1, Relaxed) % pace.half == 0 {
                while self.sender.len() > pace.half {
                    thread::yield_now();
                }
            }
        }
        self.sender
            .send(record.into())
            .expect("there is a receiver");
    }
}

impl Contender for Broadcast {
    const NAME: &'static str = "tokio broadcast";
    const DOES: &'static str = "makes an Arc<[u8]>, and under a lock puts it into the place of the oldest; 'no reader' is one that is stuck, as without any it keeps nothing";
    type Writer = Arc<Sending>;

    fn open(bounds: Bounds, writers: usize, readers: Readers) -> Option<Opened<Arc<Sending>>> {
        let (sender, receiver) = broadcast::channel(bounds.records());
        if readers == Readers::Lossless && writers > 1 {
            return None;
        }
        let paced = (readers == Readers::Lossless).then(|| Pace {
            sent: AtomicUsize::new(0),
            half: Self::holds(bounds) / 2,
        });
        let receivers: Vec<_> = (0..readers.count()).map(|_| sender.subscribe()).collect();
        let mut opened = Opened::shared(Sending { sender, paced }, writers);
        for receiver in receivers {
            opened = opened.reader(move || read(receiver));
        }
        Some(match readers {
            Readers::None | Readers::Stuck => opened.keep(receiver),
            Readers::Lossless | Readers::Skipping(_) => opened,
        })
    }

    fn holds(bounds: Bounds) -> usize {
        bounds.records().next_power_of_two()
    }
}

fn read(mut receiver: Receiver<Arc<[u8]>>) -> u64 {
    let mut received = 0;
    loop {
        match receiver.blocking_recv() {
            Ok(record) => {
                black_box(&record);
                received += 1;
            }
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return received,
        }
    }
}
