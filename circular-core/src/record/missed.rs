//! Loss, counted.

use std::fmt;
use std::ops::AddAssign;

/// How much a reader missed, because it was overwritten before it could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Missed {
    /// Records, those that the reader would have filtered out included.
    pub records: u64,
    /// Their bytes, as they were written.
    pub bytes: u64,
}

impl Missed {
    /// Returns whether nothing was missed.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Returns it as a JSON object, without a line end.
    ///
    /// ```
    /// use circular_core::Missed;
    ///
    /// let missed = Missed { records: 1234, bytes: 152_340 };
    /// assert_eq!(missed.to_json(), r#"{"records":1234,"bytes":152340}"#);
    /// ```
    pub fn to_json(&self) -> String {
        AsJson((*self).into()).to_string()
    }
}

impl AddAssign for Missed {
    fn add_assign(&mut self, other: Self) {
        // Damaged memory may add up to anything.
        self.records = self.records.saturating_add(other.records);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "missed {} records ({} bytes)", self.records, self.bytes)
    }
}

/// What a reader missed, and why.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Loss {
    pub(crate) missed: Missed,
    pub(crate) why: Why,
}

/// Why something was missed. Where there are several reasons, it is the last one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// Others wrote over it.
    #[default]
    Overtaken,
    /// The memory that it was in is gone: see [`crate::tape::lost`].
    LostMemory,
    /// There was no memory for a record of so many bytes, which is among what was missed.
    NoMemory(usize),
}

impl From<Missed> for Loss {
    fn from(missed: Missed) -> Self {
        Self {
            missed,
            why: Why::default(),
        }
    }
}

/// What was missed, as a JSON object.
pub(crate) struct AsJson(pub(crate) Loss);

impl fmt::Display for AsJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Missed { records, bytes } = self.0.missed;
        write!(f, r#"{{"records":{records},"bytes":{bytes}"#)?;
        match self.0.why {
            Why::Overtaken => {}
            Why::LostMemory => f.write_str(r#","lost_memory":true"#)?,
            Why::NoMemory(size) => write!(f, r#","no_memory_for":{size}"#)?,
        }
        f.write_str("}")
    }
}
