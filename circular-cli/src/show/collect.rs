//! The last so many records that are wanted.
//!
//! Where all are wanted, the reader begins there. Where something is searched for, nobody knows how far back that is: so
//! ever more of the newest are looked at, sixteen times as many each time, until there are enough. That is a sixteenth more
//! than all at most.

use std::collections::VecDeque;
use std::time::Duration;

use circular_core::{Missed, Start};

use crate::failure::Failure;
use crate::show::choice::Choice;
use crate::show::source::{self, Kept, Pulled, Source};

/// How many are looked at first.
const FIRST: u64 = 4096;

/// Returns the last `count` records that are wanted, the oldest first. The reader of `source` goes on behind them.
///
/// # Errors
///
/// The ring cannot be read.
pub(crate) fn last(
    source: &mut Source,
    start: Option<Start>,
    choice: &Choice,
    count: u64,
) -> Result<VecDeque<Kept>, Failure> {
    if let Some(start) = start {
        source.reader = source::reader(&source.file, start)?;
        return newest(source, choice, count);
    }
    if choice.takes_all() {
        source.reader = source::reader(&source.file, Start::Last(count))?;
        let found = newest(source, choice, count)?;
        if !found.is_empty() || count == 0 {
            return Ok(found);
        }
        // Of a file that was cut the newest are gone, and there are older ones.
        source.reader = source::reader(&source.file, Start::Oldest)?;
        return newest(source, choice, count);
    }
    let mut looked_at = FIRST;
    loop {
        let begin = if looked_at == u64::MAX {
            Start::Oldest
        } else {
            Start::Last(looked_at)
        };
        source.reader = source::reader(&source.file, begin)?;
        let found = newest(source, choice, count)?;
        let is_enough = found.len() as u64 >= count;
        if is_enough || begin == Start::Oldest {
            return Ok(found);
        }
        // What a reader of so many begins at is the oldest once there are no more.
        looked_at = looked_at.saturating_mul(16);
        if looked_at > source.reader.cursor().seq() {
            looked_at = u64::MAX;
        }
    }
}

/// Reads up to the newest, and keeps the last `count`.
fn newest(source: &mut Source, choice: &Choice, count: u64) -> Result<VecDeque<Kept>, Failure> {
    let end = source::reader(&source.file, Start::Newest)?.cursor().seq();
    let mut kept = VecDeque::new();
    source.untold = Missed::default();
    while source.reader.cursor().seq() < end {
        let mut missed = source.untold;
        match source.pull(Duration::ZERO)? {
            Pulled::Batch(batch) => {
                let most = usize::try_from(count).unwrap_or(usize::MAX);
                let mut last: Vec<_> = source::keep_last(&batch, choice, most);
                source::add(&mut missed, batch.missed());
                if let Some(first) = last.first_mut() {
                    first.missed = std::mem::take(&mut missed);
                }
                let surplus = (kept.len() + last.len()).saturating_sub(most);
                kept.drain(..surplus);
                kept.extend(last);
                source.untold = missed;
            }
            Pulled::Nothing | Pulled::Ended => break,
        }
    }
    Ok(kept)
}
