//! The whole file of a ring as bytes, made, damaged and read without a file system.
//!
//! Invariant: it is opened by the same steps as a file is, and by nothing that trusts it more.

use crate::error::OutOfMemory;
use crate::file::opened;
use crate::format::crc32c::crc32c;
use crate::format::file_header::Identity;
use crate::format::layout::{IDENTITY, Layout, META_BYTES, PAGE};
use crate::format::live::{self, Live};
use crate::read::follow::{Followed, Follower};
use crate::record::cursor::Cursor;
use crate::record::level::Level;
use crate::record::missed::Missed;
use crate::record::part::Part;
use crate::ring::policy::Start;
use crate::select::Select;
use crate::select::targets::Targets;
use crate::sys::read_at::ReadAt;
use crate::tape::batch::Batch;
use crate::tape::image::Image;
use crate::tape::image_writer::{About, ImageWriter, Source};
use crate::tape::recover;
use crate::tape::snapshot::Snapshot;
use crate::time::clock::Stamp;
use std::io;
use std::sync::Arc;

/// The id of every ring that is made here.
pub const RING: u64 = 0x17;

/// One record, or one part of one.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its level.
    pub level: Option<Level>,
    /// Its target, of at most 255 bytes.
    pub target: String,
    /// Nanoseconds since 1970.
    pub nanos: u64,
    /// What it is of what was written.
    pub part: Part,
    /// One byte or more, and no more than fit.
    pub payload: Vec<u8>,
}

/// The file of a ring of `capacity` bytes, a multiple of a page, after all that was written to it.
///
/// # Errors
///
/// There is no memory for it.
pub fn make(capacity: usize, records: &[Written]) -> io::Result<Vec<u8>> {
    let identity = |layout: &Layout, checksum| Identity {
        ring: RING,
        ..Identity::blank(layout, checksum)
    };
    let mut writer = ImageWriter::new(capacity, &[0; META_BYTES], identity)?;
    for record in records {
        let about = About {
            level: record.level,
            target: record.target.as_bytes(),
            stamp: Stamp::given(record.nanos),
            part: record.part,
        };
        writer.append(about, Source::default(), &record.payload[..]);
    }
    let mut image = Vec::new();
    writer.write(&mut |chunk| {
        image.extend_from_slice(chunk.bytes());
        Ok(())
    })?;
    Ok(image)
}

/// Gives IDENTITY the checksum that it must have.
pub fn fix_checksum(image: &mut [u8]) {
    if let Some((page, sum)) = image
        .get_mut(IDENTITY..PAGE)
        .and_then(<[u8]>::split_last_chunk_mut)
    {
        let checked: [u8; 4] = crc32c(page).to_le_bytes();
        *sum = checked;
    }
}

/// The bytes of a file that is a ring's by what it says.
#[derive(Clone, Debug)]
pub struct RingBytes {
    bytes: Arc<[u8]>,
    identity: Identity,
    layout: Layout,
    is_copy: bool,
}

/// What a reader got until there was no more.
#[derive(Clone, Copy, Debug)]
pub struct Read {
    /// Where it is.
    pub cursor: Cursor,
    /// What it missed in all.
    pub missed: Missed,
    /// How many times it could not read on.
    pub damaged: u64,
}

impl RingBytes {
    /// Opens `bytes`, as a copy or as the file itself.
    ///
    /// # Errors
    ///
    /// Why it is no ring.
    pub fn open(bytes: Arc<[u8]>, is_copy: bool) -> Result<Self, String> {
        let mut page = [0; PAGE];
        // It is in memory.
        let _ = bytes.read_at(&mut page, IDENTITY as u64);
        let identity = Identity::decode(&page).map_err(|refused| refused.to_string())?;
        let layout = identity.layout().map_err(|refused| refused.to_string())?;
        Ok(Self {
            bytes,
            identity,
            layout,
            is_copy,
        })
    }

    /// Bytes of DATA, by what it says.
    pub fn capacity(&self) -> u64 {
        self.layout.capacity as u64
    }

    #[cfg(all(test, not(loom)))]
    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// What can be recovered.
    ///
    /// # Errors
    ///
    /// There is no memory for it.
    pub fn snapshot(&self) -> Result<Snapshot, OutOfMemory> {
        recover::all(&self.image()).map(Snapshot::new)
    }

    /// Gives to `out` what a reader gets until there is no more now.
    ///
    /// # Errors
    ///
    /// There is no memory for its buffers.
    pub fn read(
        &self,
        start: Start,
        least: Option<Level>,
        targets: Option<Targets>,
        out: &mut dyn FnMut(&Batch<'_>),
    ) -> io::Result<Read> {
        let targets = targets.map(Arc::new);
        let select = Select { least, targets };
        let mut follower = Follower::begin(self.image(), self.identity.ring, start, select)?;
        loop {
            match follower.next()? {
                Followed::Batch => {}
                Followed::More => continue,
                Followed::Drained => break,
            }
            let missed = follower.take_untold();
            out(&Batch {
                missed,
                end: follower.cursor(),
                buffer: follower.buffer(),
            });
        }
        Ok(Read {
            cursor: follower.cursor(),
            missed: follower.missed(),
            damaged: follower.damaged(),
        })
    }

    /// What else is shown of a ring: whatever it says, there is an end to it.
    pub fn describe(&self) -> String {
        let mut live = [0; live::BYTES];
        // It is in memory.
        let _ = self.bytes.read_at(&mut live, self.layout.live as u64);
        let origin = opened::origin(&self.bytes, &self.identity);
        format!("{:?} {:?} {origin:?}", self.identity, Live::decode(&live))
    }

    fn image(&self) -> Image<Arc<[u8]>> {
        Image::new(Arc::clone(&self.bytes), self.layout, self.is_copy)
    }
}
