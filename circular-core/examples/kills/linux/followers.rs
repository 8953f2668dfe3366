//! One that follows a ring of another process: at a million records a second, and flat out.

use super::assemble::Assembler;
use super::child::Child;
use super::idle;
use super::place::Place;
use super::random::Random;
use super::roles::{Orders, Role};
use super::say;
use circular_core::{FileRecvError, RingFile};
use std::time::Duration;

const CAPACITY: usize = 16 << 20;

pub(crate) fn run(place: &Place, time: Duration, random: &mut Random) -> Result<(), String> {
    for (role, name) in [
        (Role::Paced, "a million a second"),
        (Role::FlatOut, "flat out"),
    ] {
        let mut orders = Orders::new(role, place.dir("followers")?, CAPACITY, random);
        orders.time = time;
        let line = follow(&orders).map_err(|wrong| format!("{name}, {orders:?}: {wrong}"))?;
        say(&format!("follower, {name}: {line}"));
    }
    idle::run(place, random)
}

fn follow(orders: &Orders) -> Result<String, String> {
    let mut child = Child::start(orders)?;
    let file = RingFile::open(&child.path).map_err(|error| error.to_string())?;
    let mut reader = file.reader().open();
    let _running = child.go()?;
    let mut found = Assembler::following(orders.plan);
    let mut batches = 0_u64;
    loop {
        match reader.recv() {
            Ok(batch) => {
                batches += 1;
                found.miss(batch.missed().records);
                let mut records = batch.into_iter();
                let taken = records.try_for_each(|record| found.take(record));
                taken.map_err(|wrong| wrong.to_string())?;
            }
            Err(FileRecvError::Ended) => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    found.finish().map_err(|wrong| wrong.to_string())?;
    let written = child.written()?;
    let (received, missed) = (found.records, reader.missed().records);
    if received + missed != written || found.next_seq != written {
        return Err(format!(
            "received {received}, missed {missed}, but {written} were written"
        ));
    }
    if reader.damaged() > 0 {
        return Err(format!(
            "it calls the ring damaged, {} times",
            reader.damaged()
        ));
    }
    let rate = written as f64 / orders.time.as_secs_f64() / 1e6;
    Ok(format!(
        "written {written} ({rate:.2} million a second), received {received} in {batches} batches, missed {missed}, torn 0"
    ))
}
