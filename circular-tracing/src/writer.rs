//! From one event of `fmt` to one record: the ring as a `MakeWriter`.

use circular_core::{DumpTrigger, EventWriter, Ring};
use tracing_core::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// A [`MakeWriter`] that records each event in a [`Ring`], with its level and target, and can [dump](Self::dump_on).
///
/// Without that, the ring itself is one: `with_writer(ring.clone())`.
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
    /// Makes a writer that records in `ring`, and keeps it open.
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
    /// does, no event sets off anything: call [`DumpTrigger::observe`] by yourself then, or record with a
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
        EventWriter::new(&self.ring, None)
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> EventWriter<'a> {
        EventWriter::new(&self.ring, Some(meta)).dump_on(self.trigger.as_ref())
    }
}
