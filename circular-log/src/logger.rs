//! The logger: from a `log` record to a record of the ring, with nothing in between.

use std::panic;
use std::time::Duration;

use circular_core::{DumpTrigger, Level, Meta, Ring, Targets, Timestamp};
use log::{Log, Metadata, Record};

use crate::format::push_line;

/// How long a flush waits for a reader that may be stuck.
const FLUSH_PATIENCE: Duration = Duration::from_secs(1);

/// A [`log::Log`] that records everything it is given.
///
/// Unless [`filter`](RingLogger::filter) says otherwise, it filters nothing beyond [`log::max_level`], which is
/// `Off` until the program sets it. [`init`](crate::init()) and [`recorder`](crate::recorder()) do that; this
/// type is for programs that want it otherwise:
///
/// ```
/// use circular_core::Ring;
/// use circular_log::RingLogger;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ring = Ring::new(1 << 20)?;
/// log::set_boxed_logger(Box::new(RingLogger::new(ring.clone())))?;
/// log::set_max_level(log::LevelFilter::Debug);
///
/// log::debug!("connected");
/// log::trace!("not kept: above the maximum level");
/// assert_eq!(ring.handle().snapshot().record_count(), 1);
/// # Ok(())
/// # }
/// ```
///
/// In a static:
///
/// ```
/// use std::sync::OnceLock;
///
/// use circular_core::Ring;
/// use circular_log::RingLogger;
///
/// static LOGGER: OnceLock<RingLogger> = OnceLock::new();
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ring = Ring::new(1 << 20)?;
/// log::set_logger(LOGGER.get_or_init(|| RingLogger::new(ring)))?;
/// log::set_max_level(log::LevelFilter::Info);
/// # Ok(())
/// # }
/// ```
///
/// # The line
///
/// The time (RFC 3339, UTC, microseconds), the level, the target, the message, and each key-value
/// as ` key=value`, then a newline. The same time goes into the record. Message and values stand as
/// their `Display` writes them: text with a newline makes a record of several lines, and escaping
/// is left to whoever shows the record.
///
/// # Values that fail
///
/// Where a `Display` returns an error, the line says `<error>` after what it had written, and goes
/// on with the next key-value; what follows in the same message is lost with it, since formatting
/// ends at the first error. Where one panics, the line says `<panic>` and ends. It is recorded, and then
/// the panic goes on to the one who logged.
///
/// # Flush
///
/// [`Log::flush`] waits for the ring's lossless readers, but no longer than a second: whoever calls
/// it through the facade does not know who reads. [`Handle::flush`](circular_core::Handle::flush)
/// waits for as long as it takes.
#[derive(Clone, Debug)]
pub struct RingLogger {
    ring: Ring,
    trigger: Option<DumpTrigger>,
    targets: Option<Targets>,
}

impl RingLogger {
    /// Makes a logger that records in `ring`, and keeps it open.
    pub fn new(ring: Ring) -> RingLogger {
        RingLogger {
            ring,
            trigger: None,
            targets: None,
        }
    }

    /// Records only what `targets` want, of what [`log::max_level`] lets through: `log` asks that first, so set
    /// it to the least level of `targets`.
    pub fn filter(mut self, targets: Targets) -> RingLogger {
        self.targets = Some(targets);
        self
    }

    /// Dumps what the ring holds when a record of `trigger`'s level comes: see [`DumpTrigger`]. A second
    /// trigger takes the place of the first.
    ///
    /// ```
    /// use circular_core::{DumpTrigger, Ring};
    /// use circular_log::RingLogger;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ring = Ring::new(1 << 20)?;
    /// let trigger = DumpTrigger::builder(&ring.handle()).sink(std::io::stderr()).start()?;
    /// log::set_boxed_logger(Box::new(RingLogger::new(ring).dump_on(trigger)))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn dump_on(mut self, trigger: DumpTrigger) -> RingLogger {
        self.trigger = Some(trigger);
        self
    }
}

impl From<Ring> for RingLogger {
    fn from(ring: Ring) -> RingLogger {
        RingLogger::new(ring)
    }
}

impl Log for RingLogger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.targets
            .as_ref()
            .is_none_or(|targets| targets.enabled(metadata.level().into(), metadata.target()))
    }

    fn log(&self, record: &Record<'_>) {
        // The macros do not ask.
        if !self.enabled(record.metadata()) {
            return;
        }
        let time = Timestamp::now();
        let level = Level::from(record.level());
        let meta = Meta::new()
            .level(level)
            .target(record.target())
            .timestamp(time);
        let mut panic = None;
        // A closed ring is the one error, and it has counted the record as refused.
        let _ = self.ring.record_with(meta, |text| {
            panic = push_line(text, time, record);
        });
        if let Some(trigger) = &self.trigger {
            trigger.observe(level);
        }
        if let Some(panic) = panic {
            // On to the one who logged.
            panic::resume_unwind(panic);
        }
    }

    fn flush(&self) {
        self.ring.handle().flush_timeout(FLUSH_PATIENCE);
    }
}
