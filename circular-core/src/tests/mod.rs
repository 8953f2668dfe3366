//! Models of what must always hold, run by loom on the real code.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p circular-core --release --lib loom`
//!
//! Records are three words, header, time and payload, each of which tells which record it is; rings
//! hold two or four. Loom knows no time: a nap returns at once.

mod loom_read;
mod loom_wait;

use crate::pass::{Idle, Outcome, Pass};
use crate::payload::Payload;
use crate::shared::Shared;
use crate::storage::{Storage, WORD};
use crate::{Meta, Policy, Record, Start};
use std::io::IoSlice;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// Words in a record of the models.
const RECORD: usize = 3;

/// A ring that holds this many records.
fn ring(records: usize) -> Arc<Shared> {
    Arc::new(Shared::with_storage(
        Storage::zeroed(records * RECORD * WORD).unwrap(),
    ))
}

/// Writes the record that `name` names in each of its words; false if it was refused.
fn write(shared: &Shared, name: u8) -> bool {
    write_words(shared, name, 1)
}

/// The same with a payload of so many words.
fn write_words(shared: &Shared, name: u8, words: usize) -> bool {
    let time = UNIX_EPOCH + Duration::from_nanos(u64::from(name));
    let bytes = vec![name; words * WORD];
    shared
        .write(
            Meta::new().time(time),
            Payload::new(&[IoSlice::new(&bytes)]),
        )
        .is_ok()
}

/// The name of a record that is whole, or a panic.
fn name(record: Record<'_>) -> u8 {
    let name = record.bytes()[0];
    assert_eq!(record.bytes(), [name; WORD], "torn payload");
    let nanos = record.time().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    assert_eq!(nanos, u128::from(name), "torn time");
    name
}

fn reader(shared: &Arc<Shared>, policy: Policy) -> Pass {
    Pass::join(Arc::clone(shared), Start::Oldest, policy, None, true)
}

/// What a reader got until the ring was closed: names, and how many records it missed.
fn read_all(mut pass: Pass) -> (Vec<u8>, u64) {
    let mut names = Vec::new();
    let mut next_seq = None;
    loop {
        pass.release();
        match pass.next(Idle::Sleep { until: None }) {
            Outcome::Batch => {
                let missed = pass.take_untold().records;
                for record in crate::Records::new(pass.buffer()) {
                    if let Some(next) = next_seq {
                        assert!(record.seq() >= next, "went back");
                    }
                    next_seq = Some(record.seq() + 1);
                    names.push(name(record));
                }
                let _ = missed;
            }
            Outcome::Drained => unreachable!("nothing was held"),
            Outcome::Ended => return (names, pass.missed().records),
        }
    }
}

/// Runs a model with preemptions bounded, unless the environment bounds them otherwise.
fn model(preemptions: usize, run: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.check(run);
}
