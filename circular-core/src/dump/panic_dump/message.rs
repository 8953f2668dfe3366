//! What a panic says, as one record: a log line such as the adapters write, and more lines as it needs
//! them.
//!
//! Invariant: nothing is allocated. The pieces lie where they are, and the ring takes several.

use super::thread_name::ThreadName;
use crate::dump::image::RingImage;
use crate::dump::select::DumpSelect;
use crate::memory::payload::Slices;
use crate::record::Record;
use crate::record::level::Level;
use crate::record::part::Part;
use crate::sink::feed::SinkWriter;
use crate::text::fixed_text::FixedText;
use crate::time::clock::Stamp;
use crate::time::timestamp::Timestamp;
use std::fmt::Write as _;
use std::io::{self, IoSlice, Write};
use std::ops::Range;
use std::panic::PanicHookInfo;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The target of the record that a panic becomes.
pub(super) const TARGET: &str = "panic";

/// Room for the beginning of the line, and for the place in the file: more than either takes.
const BEGIN: usize = 80;
const PLACE: usize = 32;

/// How many pieces a panic's text has.
const PIECES: usize = 9;

/// The small pieces, which have to be written first.
pub(super) struct Pieces<'a> {
    begin: FixedText<BEGIN>,
    name: &'a str,
    file: &'a str,
    place: FixedText<PLACE>,
    message: &'a str,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(
        time: SystemTime,
        thread: &'a ThreadName,
        info: &'a PanicHookInfo<'_>,
    ) -> Self {
        let mut begin = FixedText::new();
        line_begin(&mut begin, time);
        let mut place = FixedText::new();
        let location = info.location();
        if let Some(location) = location {
            let (line, column) = (location.line(), location.column());
            let _ = write!(place, ":{line}:{column}");
        }
        Self {
            begin,
            name: thread.as_str(),
            file: location.map_or("", |location| location.file()),
            place,
            message: message(info),
        }
    }

    pub(super) fn message(&self) -> &'a str {
        self.message
    }

    pub(super) fn all(&self) -> [&[u8]; PIECES] {
        let at = if self.file.is_empty() { "" } else { " at " };
        [
            self.begin.as_bytes(),
            self.name.as_bytes(),
            b"' panicked",
            at.as_bytes(),
            self.file.as_bytes(),
            self.place.as_bytes(),
            b":\n",
            self.message.as_bytes(),
            b"\n",
        ]
    }
}

/// Up to the name of the thread.
pub(super) fn line_begin(out: &mut impl std::fmt::Write, time: SystemTime) {
    let (time, level) = (Timestamp::new(time), Level::Error);
    // What it is written to does not fail.
    let _ = write!(out, "{time} {level:>5} {TARGET}: thread '");
}

fn message<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    let payload = info.payload();
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "Box<dyn Any>"
    }
}

/// What one panic is to a dump.
pub(super) struct Panic<'a> {
    /// The record that it became, or would have.
    pub(super) pieces: &'a [&'a [u8]; PIECES],
    pub(super) time: SystemTime,
    /// Among which seqs that is, if the ring took it.
    pub(super) recorded: Option<Range<u64>>,
    pub(super) aborts: bool,
    /// Whether the ring's lock is to be had.
    pub(super) can_lock: bool,
}

impl Panic<'_> {
    /// Hands on what may leave of the record.
    pub(super) fn feed<W: Write>(
        &self,
        select: &DumpSelect,
        writer: &mut SinkWriter<'_, W>,
    ) -> io::Result<()> {
        if select.is_none() {
            return self.pieces.iter().try_for_each(|piece| writer.take(piece));
        }
        writer.take(&self.text(select))
    }

    /// Adds the same to an image.
    pub(super) fn add_to(&self, select: &DumpSelect, image: &mut RingImage) {
        let record = record(0, self.time, &[]);
        if select.is_none() {
            let mut slices = [IoSlice::new(&[]); PIECES];
            for (slice, piece) in slices.iter_mut().zip(self.pieces) {
                *slice = IoSlice::new(piece);
            }
            image.add(&record, Slices::new(&slices));
        } else {
            image.add(&record, &self.text(select)[..]);
        }
    }

    /// The same, in one piece. This allocates.
    pub(super) fn text(&self, select: &DumpSelect) -> Vec<u8> {
        let bytes = self.pieces.concat();
        let seq = self.recorded.as_ref().map_or(0, |seqs| seqs.start);
        select.text(&record(seq, self.time, &bytes))
    }
}

/// A panic's record, as a redaction hook sees it.
pub(super) fn record(seq: u64, time: SystemTime, bytes: &[u8]) -> Record<'_> {
    let since = time
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_nanos();
    Record {
        seq,
        stamp: Stamp::given(u64::try_from(since).unwrap_or(u64::MAX)),
        level: Some(Level::Error),
        part: Part::Whole,
        target: TARGET.as_bytes(),
        bytes,
    }
}
