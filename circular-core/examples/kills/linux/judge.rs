//! Whether what a killed program has left is what it had written.
//!
//! Every acknowledged record that the ring can still hold must be there: none that is missing may be newer than the oldest
//! that is found, and the oldest must be as old as overwriting explains.

use super::acks::Acks;
use super::assemble::{Assembler, Wrong, index};
use super::plan::{Kind, Plan, Stamp, THREADS};
use circular_core::{FileRecvError, RingFile, Snapshot};

/// What was found in a ring.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    pub(crate) records: u64,
    /// Older records were overwritten.
    pub(crate) is_wrapped: bool,
    /// What the records found take, of the ring.
    pub(crate) share: f64,
}

pub(crate) fn judge(plan: Plan, acks: &Acks, file: &RingFile) -> Result<Found, Wrong> {
    let cannot = |error| Wrong::Other(format!("cannot read the ring: {error}"));
    let snapshot = file.snapshot().map_err(cannot)?;
    let stats = file.stats().map_err(cannot)?;
    let mut found = Assembler::new(plan, Some(acks.numbers()));
    for record in snapshot.records() {
        found.take(record)?;
    }
    found.finish()?;
    read(file, &snapshot)?;
    let first = found.first_seq.unwrap_or(0);
    if found.records == 0 && acks.numbers() != [0; 4] {
        return Err(Wrong::Lost(String::from("everything")));
    }
    for thread in 0..THREADS {
        newest(thread, acks, &found, first)?;
    }
    totals(plan, acks, stats.bytes, &found)?;
    if found.next_seq != stats.written {
        let (next, written) = (found.next_seq, stats.written);
        return Err(Wrong::Other(format!(
            "records up to {next}, but {written} are counted"
        )));
    }
    let is_wrapped = first > 0;
    if is_wrapped {
        oldest(plan, acks, &found)?;
    }
    Ok(Found {
        records: found.records,
        is_wrapped,
        share: found.span as f64 / plan.capacity as f64,
    })
}

/// A reader gets what is in the snapshot of a ring that nobody writes any more, and finds no damage: a ring that was left
/// amid a write has none. But a copy that was made while all of it was overwritten has nothing else.
pub(crate) fn read(file: &RingFile, snapshot: &Snapshot) -> Result<(), Wrong> {
    let mut reader = file.reader().open();
    let mut bytes = Vec::new();
    loop {
        match reader.recv() {
            Ok(batch) => bytes.extend_from_slice(batch.bytes()),
            Err(FileRecvError::Ended) => break,
            Err(error) => return Err(Wrong::Other(error.to_string())),
        }
    }
    let (damaged, missed) = (reader.damaged(), reader.missed().records);
    let is_overwritten = file.info().is_copy && snapshot.is_empty();
    if damaged > 0 && !is_overwritten {
        return Err(Wrong::Other(format!("it is damaged, in {damaged} places")));
    }
    if bytes != snapshot.bytes() {
        let (len, expected) = (bytes.len(), snapshot.bytes().len());
        let text = format!(
            "a reader gets {len} bytes and misses {missed} records, a snapshot has {expected} bytes"
        );
        return Err(Wrong::Lost(text));
    }
    Ok(())
}

/// A thread's acknowledged records are there, from the oldest one found on.
fn newest(thread: u64, acks: &Acks, found: &Assembler, first: u64) -> Result<(), Wrong> {
    let at = index(Stamp { thread, number: 0 });
    let count = acks.numbers()[at];
    let numbers = found.numbers[at];
    let (lowest, next) = numbers.unwrap_or((count, count));
    if next < count {
        return Err(Wrong::Lost(format!(
            "{next} of thread {thread}, of {count}"
        )));
    }
    // The seq of each is at least what the ring had before it was written.
    let floors = &acks.floors[at];
    let lost = (0..lowest).zip(floors).find(|(_, floor)| **floor >= first);
    match lost {
        Some((number, floor)) => Err(Wrong::Lost(format!(
            "{number} of thread {thread}, not before record {floor}, while {first} is there"
        ))),
        None => Ok(()),
    }
}

/// Nothing more and nothing less was ever written than was acknowledged and was under way.
fn totals(plan: Plan, acks: &Acks, bytes: u64, found: &Assembler) -> Result<(), Wrong> {
    let (mut least, mut most) = (0, 0);
    for (thread, count) in (0..THREADS).zip(acks.numbers()) {
        let len = |number| plan.len(Stamp { thread, number }) as u64;
        least += (0..count).map(len).sum::<u64>();
        most += len(count);
    }
    most += least;
    if !(least..=most).contains(&bytes) {
        let text = format!("{bytes} bytes are counted, and {least} to {most} were written");
        return Err(Wrong::Other(text));
    }
    let counts: u64 = acks.numbers().iter().sum();
    // Long ones are several records each.
    let is_one_each = matches!(plan.kind, Kind::Small | Kind::Vectored);
    if is_one_each && !(counts..=counts + THREADS).contains(&found.next_seq) {
        let text = format!(
            "the ring had {} records, and {counts} were acknowledged",
            found.next_seq
        );
        return Err(Wrong::Other(text));
    }
    Ok(())
}

/// The ring is full, but for what one record in flight, one that it has overwritten in part, and the way to the next
/// entry of the index can take.
fn oldest(plan: Plan, acks: &Acks, found: &Assembler) -> Result<(), Wrong> {
    let largest = |numbers: [u64; 4]| {
        let stamps = (0..THREADS).zip(numbers);
        let sizes = stamps.map(|(thread, number)| plan.largest_part(Stamp { thread, number }));
        sizes.max().unwrap_or(0)
    };
    // The newest that is gone of each thread is the one before the first that is found. That may lack its beginning. If
    // none is found, it is the last one that the thread wrote, which may not be acknowledged.
    let lowest = |at: usize| found.numbers[at].map_or(acks.numbers()[at], |(lowest, _)| lowest);
    let lowest = [0, 1, 2, 3].map(lowest);
    let before = lowest.map(|number| number.saturating_sub(1));
    let overwritten = largest(lowest).max(largest(before));
    let capacity = plan.capacity as u64;
    let least = capacity.saturating_sub(capacity / 64 + largest(acks.numbers()) + overwritten);
    if found.span < least {
        let text = format!(
            "{} of {capacity} bytes are there, {least} at least should be",
            found.span
        );
        return Err(Wrong::Lost(text));
    }
    Ok(())
}
