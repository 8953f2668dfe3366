//! How long a write takes in a ring that is new, and how long when it has been around once: memory that the system hands
//! out when it is first touched makes the first lap a slow one.

use super::USUAL;
use super::drive::record;
use crate::contenders::{Bounds, Circular, Contender, Mapped, Shared, mapped};
use crate::effort::Effort;
use crate::rounds::{Case, Group, Sample, Task};
use crate::stats::per_mille;
use circular_core::Ring;
use std::hint::black_box;
use std::time::Instant;

pub(crate) const CASES: [&str; 2] = ["first, p99", "second, p99"];

pub(crate) fn group(effort: &Effort) -> Group {
    let capacity = effort.large;
    let on_heap = move || Ring::new(capacity).expect("there is memory for a ring");
    let mut tasks = vec![task::<Circular>(capacity, on_heap)];
    if mapped::open(4096, false).is_some() {
        tasks.push(task::<Mapped<false>>(capacity, move || {
            let ring = mapped::open(capacity, false).expect("it could before");
            let handle = ring.handle();
            // It is mapped.
            let _ = handle.path().map(std::fs::remove_file);
            ring
        }));
    }
    Group {
        name: "laps of a new ring".into(),
        unit: "ns",
        ours: Circular::NAME,
        rounds: effort.rounds,
        tasks,
    }
}

fn task<C: Contender>(capacity: usize, open: impl Fn() -> Ring + 'static) -> Task {
    let len = USUAL;
    let records = Bounds { capacity, len }.records();
    Task {
        contender: C::NAME,
        does: C::DOES,
        cases: CASES.map(|case| Case::new(case, 1)).to_vec(),
        run: Box::new(move || {
            let ring = open();
            let text = record(len);
            CASES
                .map(|_| {
                    let mut times = lap(&ring, &text, records);
                    times.sort_unstable();
                    Sample::of(f64::from(per_mille(&times, 990)))
                })
                .to_vec()
        }),
    }
}

/// How long each of so many writes takes, in nanoseconds.
fn lap(ring: &Ring, text: &[u8], records: usize) -> Vec<u32> {
    // Touched, so that no page of it is made while it is timed.
    let mut times = vec![1; records];
    let mut before = Instant::now();
    for time in &mut times {
        Shared::write(ring, black_box(text));
        let after = Instant::now();
        *time = u32::try_from((after - before).as_nanos()).unwrap_or(u32::MAX);
        before = after;
    }
    times
}
