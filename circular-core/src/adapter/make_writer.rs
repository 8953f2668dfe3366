//! The ring as `tracing_subscriber::fmt`'s writer: from one event to one record.

use std::fmt::{self, Write as _};
use std::io;

use tracing_core::Metadata;
use tracing_subscriber::fmt::MakeWriter;

use crate::api::ring::Ring;
use crate::dump::trigger::DumpTrigger;
use crate::record::level::Level;
use crate::record::meta::Meta;
use crate::text::fixed_text::FixedText;

/// Records each event with its level and target.
///
/// It is there with the feature `tracing`, which `circular-tracing` turns on.
///
/// ```
/// use circular_core::{Level, Ring};
///
/// let ring = Ring::new(1 << 20)?;
/// tracing_subscriber::fmt()
///     .with_ansi(false)
///     .with_writer(ring.clone())
///     .init();
/// tracing::warn!(target: "shop", "three left");
/// let held = ring.handle().snapshot();
/// let record = held.records().next().unwrap();
/// assert_eq!((record.level(), record.target()), (Some(Level::Warn), "shop"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Hand in the ring itself: in a `Mutex`, an `Arc` or a closure it compiles as well, and level and target are lost, as
/// only the ring's own implementation is told of them. Then readers cannot filter, and nothing sets off a trigger.
///
/// A writer that is asked for without metadata writes records without level and target. What a closed ring
/// refuses is counted, and no error: `fmt` would print it.
impl<'a> MakeWriter<'a> for Ring {
    type Writer = EventWriter<'a>;

    fn make_writer(&'a self) -> EventWriter<'a> {
        EventWriter::new(self, None)
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> EventWriter<'a> {
        EventWriter::new(self, Some(meta))
    }
}

/// Writes one event: each `write` is one record. Made by a [`Ring`] that `fmt` has as its writer.
///
/// `write!` to it makes one record as well. Flushing does nothing, as a write is in the ring when
/// it returns.
pub struct EventWriter<'a> {
    ring: &'a Ring,
    trigger: Option<&'a DumpTrigger>,
    level: Option<Level>,
    /// What the ring keeps of it. A copy, as the metadata may be gone when the writer writes.
    target: FixedText<{ Meta::MAX_TARGET }>,
}

impl<'a> EventWriter<'a> {
    /// For circular-tracing's writer.
    #[doc(hidden)]
    pub fn new(ring: &'a Ring, meta: Option<&Metadata<'_>>) -> Self {
        let mut target = FixedText::new();
        // It never fails.
        let _ = target.write_str(meta.map_or("", Metadata::target));
        Self {
            ring,
            trigger: None,
            level: meta.map(|meta| Level::from(*meta.level())),
            target,
        }
    }

    /// The same.
    #[doc(hidden)]
    pub fn dump_on(mut self, trigger: Option<&'a DumpTrigger>) -> Self {
        self.trigger = trigger;
        self
    }

    fn meta(&self) -> Meta<'_> {
        Meta::new().level(self.level).target(self.target.as_str())
    }

    /// What there is to do when the event is recorded.
    fn end(&self, written: io::Result<()>) -> io::Result<()> {
        if let (Some(trigger), Some(level)) = (self.trigger, self.level) {
            trigger.observe(level);
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

/// A closed ring has counted what it refused.
fn refused_is_fine(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
