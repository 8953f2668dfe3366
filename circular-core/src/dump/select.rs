//! What of the log goes into a dump, and what becomes of it on the way.
//!
//! Invariant: nothing leaves but what the filter wants and the hook was then shown.

use crate::dump::redaction::{RedactedRecord, Redaction};
use crate::error::OutOfMemory;
use crate::record::Record;
use crate::select::targets::Targets;
use crate::sink::feed::SinkWriter;
use crate::sys::fork::Generation;
use crate::sys::underway;
use crate::tape::batch::Records;
use crate::tape::buffer::Buffer;
use std::borrow::Cow;
use std::io::{self, Write};

/// What a dump leaves out or changes.
#[derive(Debug, Default)]
pub(crate) struct DumpSelect {
    pub(crate) redaction: Option<Redaction>,
    /// Those that it does not want are left out.
    pub(crate) targets: Option<Targets>,
}

impl DumpSelect {
    /// Whether everything leaves as it is.
    pub(crate) fn is_none(&self) -> bool {
        self.redaction.is_none() && self.targets.is_none()
    }

    /// A buffer for dumps that go through this.
    pub(crate) fn buffer(&self, capacity: u64) -> Result<Buffer, OutOfMemory> {
        Buffer::for_reader(capacity, !self.is_none())
    }

    /// Hands on what leaves of `records`, which are in a buffer of [`buffer`](Self::buffer).
    pub(crate) fn feed<W: Write>(
        &self,
        records: &Buffer,
        writer: &mut SinkWriter<'_, W>,
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
                    writer.take(bytes.get(begin..end).unwrap_or_default())?;
                    writer.take(&text)?;
                    begin = behind;
                }
                end = behind;
            }
        }
        writer.take(bytes.get(begin..).unwrap_or_default())
    }

    /// Hands on each of `records` of which something leaves, and what that is. They are in a buffer that has all that is
    /// known of them.
    pub(crate) fn each(
        &self,
        records: &Buffer,
        out: &mut dyn FnMut(&Record<'_>, &[u8]),
    ) -> io::Result<()> {
        let generation = Generation::current();
        for record in Records::new(records) {
            let left = self.left(&record);
            if generation.is_past() {
                // As above.
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            if let Some(left) = left.filter(|left| !left.text.is_empty()) {
                out(&record.with_target(&left.target), &left.text);
            }
        }
        Ok(())
    }

    /// What leaves of one record.
    pub(crate) fn text(&self, record: &Record<'_>) -> Vec<u8> {
        let changed = self.changed(record);
        changed.unwrap_or_else(|| record.bytes().to_vec())
    }

    /// The same, if it is other than the record.
    fn changed(&self, record: &Record<'_>) -> Option<Vec<u8>> {
        match self.left(record).map(|left| left.text) {
            Some(Cow::Borrowed(_)) => None,
            Some(Cow::Owned(text)) => Some(text),
            None => Some(Vec::new()),
        }
    }

    /// What leaves of one record, with its target; `None` if nothing does.
    fn left<'a>(&self, record: &Record<'a>) -> Option<RedactedRecord<'a>> {
        let targets = self.targets.as_ref();
        if targets.is_some_and(|targets| !targets.fits(record.level, record.target)) {
            return None;
        }
        let Some(redaction) = &self.redaction else {
            return Some(RedactedRecord::of(record));
        };
        // It may be slow, and there are as many records as fit into a piece before a byte is written.
        underway::got_on();
        redaction.record(record)
    }
}
