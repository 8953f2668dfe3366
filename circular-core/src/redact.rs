//! What must not leave: a hook that is given each record before it does.
//!
//! The ring holds everything as it was said. What goes to people and to files that outlive the program, a
//! dump or what `circular-http` shows, passes the hook first. [`keys`] is a ready-made one.

use crate::buffer::Buffer;
use crate::fork::Generation;
use crate::record::{Record, Records};
use crate::sink::Feeder;
use crate::targets::Targets;
use crate::{OutOfMemory, underway};
use std::fmt;
use std::io::{self, Write};

pub use self::keys::{SECRET_KEYS, redact_keys};

/// What a hook makes of a record: see [`PanicDumpBuilder::redact`](crate::PanicDumpBuilder::redact) and
/// [`DumpTriggerBuilder::redact`](crate::DumpTriggerBuilder::redact).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redacted {
    /// It leaves as it is.
    Keep,
    /// This text leaves in its place. If the record ends with a line end, so does this.
    Text(Vec<u8>),
    /// It does not leave. That is not told, but the numbers of the records have a gap.
    Drop,
}

type Hook = dyn Fn(&Record<'_>) -> Redacted + Send + Sync;

/// What a dump leaves out or changes.
#[derive(Default)]
pub(crate) struct Redaction {
    hook: Option<Box<Hook>>,
    targets: Option<Targets>,
}

impl Redaction {
    pub(crate) fn set_hook(
        &mut self,
        hook: impl Fn(&Record<'_>) -> Redacted + Send + Sync + 'static,
    ) {
        self.hook = Some(Box::new(hook));
    }

    /// Has those left out that `targets` does not want.
    pub(crate) fn set_targets(&mut self, targets: Targets) {
        self.targets = Some(targets);
    }

    /// Whether everything leaves as it is.
    pub(crate) fn is_none(&self) -> bool {
        self.hook.is_none() && self.targets.is_none()
    }

    /// A buffer for dumps that go through this.
    pub(crate) fn buffer(&self, capacity: u64) -> Result<Buffer, OutOfMemory> {
        Buffer::for_dump(capacity, !self.is_none())
    }

    /// Hands on what the hook leaves of `records`, which are in a buffer of [`buffer`](Self::buffer).
    pub(crate) fn feed<W: Write>(
        &self,
        records: &Buffer,
        feeder: &mut Feeder<'_, W>,
    ) -> io::Result<()> {
        let bytes = records.bytes();
        // What is kept is handed on in one run.
        let (mut begin, mut end) = (0, 0);
        if !self.is_none() {
            let generation = Generation::current();
            for record in Records::new(records) {
                let behind = end + record.bytes().len();
                let changed = self.changed(&record);
                if generation.is_past() {
                    // The hook has forked. Where this goes is the parent's.
                    return Err(io::ErrorKind::BrokenPipe.into());
                }
                if let Some(text) = changed {
                    feeder.take(bytes.get(begin..end).unwrap_or_default())?;
                    feeder.take(&text)?;
                    begin = behind;
                }
                end = behind;
            }
        }
        feeder.take(bytes.get(begin..).unwrap_or_default())
    }

    /// What the hook leaves of one record.
    pub(crate) fn text(&self, record: &Record<'_>) -> Vec<u8> {
        let changed = self.changed(record);
        changed.unwrap_or_else(|| record.bytes().to_vec())
    }

    /// The same, if it is other than the record. The next one stays a line of its own.
    fn changed(&self, record: &Record<'_>) -> Option<Vec<u8>> {
        let targets = self.targets.as_ref();
        if targets.is_some_and(|targets| !targets.fits(record.level, record.target)) {
            return Some(Vec::new());
        }
        let hook = self.hook.as_ref()?;
        // It may be slow, and there are as many records as fit into a piece before a byte is written.
        underway::got_on();
        match hook(record) {
            Redacted::Keep => None,
            Redacted::Drop => Some(Vec::new()),
            Redacted::Text(mut text) => {
                let is_line = record.bytes().ends_with(b"\n");
                if is_line && !text.is_empty() && !text.ends_with(b"\n") {
                    text.push(b'\n');
                }
                Some(text)
            }
        }
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redaction")
            .field("hooks", &self.hook.is_some())
            .field("targets", &self.targets)
            .finish()
    }
}

mod keys;
