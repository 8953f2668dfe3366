//! What is recovered from an image, compared with what must be.
//!
//! Invariant: the records are a run of what was written, without a gap, up to the last one that is committed; each is
//! what was written byte for byte; and none is missing at the old end that the index lets a reader find.

use crate::model::{self, Model};
use circular_core::Record;

/// What is known of an image beside its records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Writes that have begun, and that are completed.
    pub(crate) begun: usize,
    pub(crate) completed: usize,
    pub(crate) committed: u64,
    /// Up to where DATA may have changed.
    pub(crate) end: u64,
}

/// How many records there are, or what is wrong.
pub(crate) fn check<'a>(
    model: &Model,
    moment: &Moment,
    records: impl Iterator<Item = Record<'a>>,
) -> Result<usize, String> {
    let committed = moment.committed;
    let count = model
        .count_below(committed)
        .ok_or_else(|| format!("no record ends where `committed` is, at {committed}"))?;
    let least = model.records_after(moment.completed);
    let most = model.records_after(moment.begun);
    if count < least || count > most {
        return Err(format!(
            "{count} records are committed, not {least} to {most}"
        ));
    }
    let mut first = None;
    let mut next = 0;
    for record in records {
        let number = usize::try_from(record.seq()).unwrap_or(usize::MAX);
        if first.is_some() && number != next {
            return Err(format!("record {number} comes instead of {next}"));
        }
        first.get_or_insert(number);
        next = number.saturating_add(1);
        if number >= count {
            return Err(format!(
                "record {number} is there, and {count} are committed"
            ));
        }
        compare(model, number, record)?;
    }
    let first = first.unwrap_or(count);
    if count > 0 && next != count {
        return Err(format!("the last of {count} records is not there"));
    }
    let found = model.first_found(count, moment.end);
    if first > found {
        return Err(format!(
            "record {found} could be found, and {first} is the first"
        ));
    }
    let intact = model.first_intact(count, moment.end);
    if first < intact {
        return Err(format!("record {first} is there, and partly overwritten"));
    }
    Ok(count - first)
}

fn compare(model: &Model, number: usize, record: Record<'_>) -> Result<(), String> {
    let expected = &model.records[number];
    let time = expected.time.map(model::time);
    let is_same = record.level() == expected.level
        && record.target() == expected.target
        && record.part() == expected.part
        && time.is_none_or(|time| time == record.time())
        && record.bytes() == expected.payload;
    if is_same {
        return Ok(());
    }
    Err(format!(
        "record {number} is {record:?} with the text {:?}, and was written as {expected:?}",
        record.text()
    ))
}
