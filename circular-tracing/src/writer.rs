//! From one event of `fmt` to one record: the ring as a `MakeWriter`.

use std::fmt;
use std::io;

use circular_core::{DumpTrigger, Level, Meta, Ring};
use tracing_core::Metadata;
use tracing_subscriber::fmt::MakeWriter;

use crate::level::level;

/// A [`MakeWriter`] that records each event in a [`Ring`], with its level and target.
///
/// See the [crate's page](crate) for examples.
///
/// # Events and records
///
/// `fmt` formats an event, asks [`make_writer_for`](MakeWriter::make_writer_for) for a writer, and
/// hands it the whole text in one call. So an event is one record, of one line or several, and its
/// level and target come without being parsed. The record's time is the ring's own, which is a few
/// milliseconds coarser than the one in the text.
///
/// [`make_writer`](MakeWriter::make_writer), for whoever has no metadata, writes records without
/// level and target. Layers other than `fmt`'s that take a `MakeWriter` may ask that way, as `tracing-tree`'s
/// does: then readers cannot filter by level or target, and [`dump_on`](RingWriter::dump_on) does nothing.
///
/// # When the ring is closed
///
/// The event is dropped, and counted in the ring's statistics as refused. The writer returns no
/// error: `tracing_subscriber::fmt()` would print each one on stderr, which may be stuck, and would
/// panic if stderr is gone.
#[derive(Clone, Debug)]
pub struct RingWriter {
    ring: Ring,
    trigger: Option<DumpTrigger>,
}

impl RingWriter {
    /// A writer that records in `ring`, and keeps it open.
    pub fn new(ring: Ring) -> RingWriter {
        RingWriter {
            ring,
            trigger: None,
        }
    }

    /// Dumps what the ring holds when an event of `trigger`'s level comes: see [`DumpTrigger`]. A second
    /// trigger takes the place of the first.
    ///
    /// The level comes from the metadata. Under a layer that asks for a writer without them, as `tracing-tree`'s
    /// does, no event sets off anything: call [`DumpTrigger::saw`] by yourself then, or record with a
    /// [`RingLayer`](crate::RingLayer).
    ///
    /// ```
    /// use circular_core::{DumpTrigger, Ring};
    /// use circular_tracing::RingWriter;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ring = Ring::new(1 << 20)?;
    /// let trigger = DumpTrigger::builder(&ring.handle()).sink(std::io::stderr()).start()?;
    /// let writer = RingWriter::new(ring).dump_on(trigger);
    /// tracing_subscriber::fmt().with_ansi(false).with_writer(writer).init();
    /// # Ok(())
    /// # }
    /// ```
    pub fn dump_on(mut self, trigger: DumpTrigger) -> RingWriter {
        self.trigger = Some(trigger);
        self
    }
}

impl<'a> MakeWriter<'a> for RingWriter {
    type Writer = EventWriter<'a>;

    fn make_writer(&'a self) -> EventWriter<'a> {
        EventWriter {
            ring: &self.ring,
            trigger: None,
            level: None,
            target: Target::new(""),
        }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> EventWriter<'a> {
        EventWriter {
            ring: &self.ring,
            trigger: self.trigger.as_ref(),
            level: Some(level(*meta.level())),
            target: Target::new(meta.target()),
        }
    }
}

/// Writes one event: each `write` is one record. Made by [`RingWriter`].
///
/// `write!` to it makes one record as well. Flushing does nothing, as a write is in the ring when
/// it returns.
pub struct EventWriter<'a> {
    ring: &'a Ring,
    trigger: Option<&'a DumpTrigger>,
    level: Option<Level>,
    target: Target,
}

impl EventWriter<'_> {
    fn meta(&self) -> Meta<'_> {
        let meta = Meta::new().target(self.target.as_str());
        match self.level {
            Some(level) => meta.level(level),
            None => meta,
        }
    }

    /// What there is to do when the event is recorded.
    fn end(&self, written: io::Result<()>) -> io::Result<()> {
        if let (Some(trigger), Some(level)) = (self.trigger, self.level) {
            trigger.saw(level);
        }
        refused_is_fine(written)
    }
}

impl io::Write for EventWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.end(self.ring.record(self.meta(), bytes))?;
        Ok(bytes.len())
    }

    fn write_fmt(&mut self, args: fmt::Arguments<'_>) -> io::Result<()> {
        self.end(self.ring.record_fmt(self.meta(), args))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for EventWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventWriter")
            .field("level", &self.level)
            .field("target", &self.target.as_str())
            .finish_non_exhaustive()
    }
}

/// A closed ring has counted what it refused; see [`RingWriter`] for why that is no error here.
fn refused_is_fine(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// A target of its own: the metadata that it comes from may be gone when the writer writes. No
/// allocation.
struct Target {
    /// Whole characters, as they are cut from a `str`.
    bytes: [u8; Target::MAX],
    len: usize,
}

impl Target {
    /// What the ring keeps of a target.
    const MAX: usize = 255;

    fn new(target: &str) -> Target {
        let mut cut = target.len().min(Target::MAX);
        while !target.is_char_boundary(cut) {
            cut -= 1;
        }
        let mut bytes = [0; Target::MAX];
        bytes[..cut].copy_from_slice(&target.as_bytes()[..cut]);
        Target { bytes, len: cut }
    }

    fn as_str(&self) -> &str {
        // Never fails, as only whole characters are kept.
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}
