//! How often a reader asks the system for a piece of a ring's file.

use crate::format::file_header::Identity;
use crate::format::layout::PAGE;
use crate::fuzzing::image::{self, RING, Written};
use crate::read::follow::Follower;
use crate::record::level::Level;
use crate::record::part::Part;
use crate::ring::policy::Start;
use crate::select::Select;
use crate::sys::read_at::ReadAt;
use crate::tape::image::Image;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bytes, and how many reads there were of them.
#[derive(Default)]
struct Counted {
    bytes: Vec<u8>,
    reads: AtomicU64,
}

impl ReadAt for Counted {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.reads.fetch_add(1, Relaxed);
        self.bytes.read_at(bytes, offset)
    }
}

/// Who looks for the last few errors may have to go back to the oldest record. It looks at each entry of the index once,
/// and not at all of them for each block.
#[test]
fn going_back_through_a_ring_takes_reads_for_each_block() {
    let blocks = 256;
    let record = |number| Written {
        level: Some(Level::Info),
        target: String::new(),
        nanos: number,
        part: Part::Whole,
        payload: vec![b'x'; 100],
    };
    let written: Vec<Written> = (0..5000).map(record).collect();
    let bytes = image::make(256 << 10, &written).unwrap();
    let page = <&[u8; PAGE]>::try_from(&bytes[..PAGE]).unwrap();
    let layout = Identity::decode(page).unwrap().layout().unwrap();
    assert_eq!(layout.blocks, blocks);
    let counted = Arc::new(Counted {
        bytes,
        ..Counted::default()
    });
    let file = Image::new(Arc::clone(&counted), layout, false);
    let errors = Select::at_least(Level::Error);
    let mut follower = Follower::begin(file, RING, Start::Last(10), errors).unwrap();
    follower.next().unwrap();
    let reads = counted.reads.load(Relaxed);
    assert!(reads < 64 * blocks as u64, "{reads} reads");
}
