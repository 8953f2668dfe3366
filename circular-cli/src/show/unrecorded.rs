//! What `circular run` and `circular tee` say among the records: that a program printed faster than that could be recorded.
//!
//! Invariant: such a notice is told from what the program has printed by its target, which no stream has.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::time::Duration;

use circular_core::{Level, Record, Start, push_json_for_terminal};

use crate::failure::Failure;
use crate::find::rings::Found;
use crate::show::source::{Pulled, Source};

/// The target of what a recorder says itself.
const TARGET: &str = "circular";

/// A notice of what is in no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unrecorded {
    pub(crate) bytes: u64,
    /// The target of the records that they would be; empty if that is not told.
    pub(crate) target: String,
    /// They are all since it began, and those of the notices before are among them.
    pub(crate) is_in_all: bool,
}

impl Unrecorded {
    /// Returns what a record tells, if it is such a notice.
    pub(crate) fn of(record: &Record<'_>) -> Option<Self> {
        if record.target() != TARGET || record.level() != Some(Level::Warn) {
            return None;
        }
        let text = std::str::from_utf8(record.bytes()).ok()?.trim_end();
        let text = text.strip_prefix("--- ")?.strip_suffix(" ---")?;
        let (bytes, rest) = text.split_once(" bytes ")?;
        let whose = rest.strip_prefix("of ").and_then(|of| of.split_once(' '));
        let (target, rest) = whose.unwrap_or(("", rest));
        Some(Self {
            bytes: bytes.parse().ok()?,
            target: String::from(target),
            is_in_all: rest.starts_with("in all "),
        })
    }

    /// Returns it as an object's field.
    pub(crate) fn json(&self) -> String {
        let mut field = format!(r#""lost":{{"bytes":{}"#, self.bytes).into_bytes();
        if !self.target.is_empty() {
            field.extend_from_slice(br#","target":"#);
            push_json_for_terminal(&mut field, self.target.as_bytes());
        }
        if self.is_in_all {
            field.extend_from_slice(br#","in_all":true"#);
        }
        field.push(b'}');
        String::from_utf8_lossy(&field).into_owned()
    }
}

/// Returns how many bytes at least are in no record, by what is held of a ring; 0 if no such notice is. A program's own ring has none,
/// and is not looked through for one.
///
/// # Errors
///
/// The ring cannot be read.
pub(crate) fn bytes(ring: &Found) -> Result<u64, Failure> {
    if !is_recorders(ring) {
        return Ok(0);
    }
    let end = Source::open(ring, 0, Start::Newest)?.reader.cursor().seq();
    let mut source = Source::open(ring, 0, Start::Oldest)?;
    // Of each target one by one, and in all: that tells of those, too, whose notices are overwritten.
    let mut lost: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    while source.reader.cursor().seq() < end {
        let Pulled::Batch(batch) = source.pull(Duration::ZERO)? else {
            break;
        };
        for notice in batch.records().filter_map(|record| Unrecorded::of(&record)) {
            let (one_by_one, in_all) = lost.entry(notice.target).or_default();
            if notice.is_in_all {
                *in_all = notice.bytes.max(*in_all);
            } else {
                *one_by_one = one_by_one.saturating_add(notice.bytes);
            }
        }
    }
    let lost = lost.into_values();
    let most = lost.map(|(one_by_one, in_all)| in_all.max(one_by_one));
    Ok(most.fold(0, u64::saturating_add))
}

/// Whether it was written by this command, whatever that is called there.
fn is_recorders(ring: &Found) -> bool {
    let info = &ring.info;
    let name = info.executable.as_deref().and_then(|path| path.file_name());
    let own = env::current_exe().ok();
    let own = own.as_deref().and_then(|path| path.file_name());
    info.command.is_some()
        || name == Some(OsStr::new("circular"))
        || (name.is_some() && name == own)
}

#[cfg(test)]
mod tests {
    use circular_core::{Meta, Ring};

    use super::*;

    #[test]
    fn only_what_a_recorder_says_is_a_notice() {
        let ring = Ring::new(4096).unwrap();
        let recorders = Meta::new().target("circular").level(Level::Warn);
        let told = "--- 12 bytes came faster than they could be recorded ---\n";
        let some = |bytes, target: &str, is_in_all| {
            let target = String::from(target);
            Some(Unrecorded {
                bytes,
                target,
                is_in_all,
            })
        };
        for (meta, text, expected) in [
            (recorders, told, some(12, "", false)),
            (recorders, told.trim_end(), some(12, "", false)),
            (
                recorders,
                "--- 12 bytes of stderr came faster than they could be recorded ---\n",
                some(12, "stderr", false),
            ),
            (
                recorders,
                "--- 7 bytes of stdout in all came faster than they could be recorded ---\n",
                some(7, "stdout", true),
            ),
            (Meta::new().target("stdout").level(Level::Warn), told, None),
            (Meta::new().target("circular"), told, None),
            (recorders, "--- many bytes came faster ---\n", None),
            (recorders, "--- the terminal has gone ---\n", None),
            (recorders, "12 bytes came faster\n", None),
        ] {
            ring.record(meta, text.as_bytes()).unwrap();
            let held = ring.handle().snapshot();
            let record = held.records().last().unwrap();
            assert_eq!(Unrecorded::of(&record), expected, "{text}");
        }
    }
}
