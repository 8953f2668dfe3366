//! What all others are compared with.

use super::{Bounds, Contender, Opened, Readers, Shared};
use circular_core::{Handle, Meta, Policy, Reader, Ring};
use std::hint::black_box;
use std::sync::Arc;

pub(crate) struct Circular;

impl Shared for Ring {
    #[inline]
    fn write(&self, record: &[u8]) {
        self.record(Meta::new(), record)
            .expect("nobody has closed the ring");
    }
}

impl Contender for Circular {
    const NAME: &'static str = "circular";
    const DOES: &'static str = "reads the coarse clock, and under a lock copies the record behind the newest one, over the oldest ones";
    type Writer = Arc<Ring>;

    fn open(bounds: Bounds, writers: usize, readers: Readers) -> Option<Opened<Arc<Ring>>> {
        let ring = Ring::new(bounds.capacity).expect("there is memory for a ring");
        let handle = ring.handle();
        Some(with_readers(
            Opened::shared(ring, writers),
            &handle,
            readers,
        ))
    }
}

/// With readers in the process.
pub(super) fn with_readers(
    mut opened: Opened<Arc<Ring>>,
    handle: &Handle,
    readers: Readers,
) -> Opened<Arc<Ring>> {
    match readers {
        Readers::None => {}
        Readers::Stuck => {
            let mut stuck = handle.reader().open();
            Shared::write(&*opened.writers[0], b"the one record that it reads");
            stuck.recv().expect("the ring is open");
            opened = opened.keep(stuck);
        }
        Readers::Lossless => {
            let reader = handle.reader().policy(Policy::Block).open();
            opened = opened.reader(move || read(reader));
        }
        Readers::Skipping(count) => {
            for _ in 0..count {
                let reader = handle.reader().open();
                opened = opened.reader(move || read(reader));
            }
        }
    }
    opened
}

/// Looks at every record by itself, as the others must.
fn read(mut reader: Reader) -> u64 {
    let mut received = 0;
    while let Ok(batch) = reader.recv() {
        for record in batch {
            black_box(record.bytes());
            received += 1;
        }
    }
    received
}
