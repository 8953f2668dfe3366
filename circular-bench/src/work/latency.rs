//! How long a single write takes: most, nearly all, and all but one in a thousand. What the clock takes, which is
//! read between any two, is in it, and stands in a line of its own.

use super::USUAL;
use super::drive::{Load, drive};
use super::write::writers;
use crate::contenders::{self, Bounds, Circular, Contender, Opened, Readers, Visit, Writer};
use crate::effort::Effort;
use crate::rounds::{Case, Group, Sample, Task};
use crate::stats::per_mille;
use std::hint::black_box;
use std::time::Instant;

const PERCENTILES: [(&str, usize); 3] = [("p50", 500), ("p99", 990), ("p99.9", 999)];

pub(crate) fn group(effort: &Effort) -> Group {
    let mut tasks = Tasks {
        effort,
        tasks: Vec::new(),
    };
    tasks.visit::<Nothing>();
    contenders::each(&mut tasks);
    Group {
        name: format!("latency of writing {USUAL} B"),
        unit: "ns",
        ours: Circular::NAME,
        rounds: effort.rounds,
        tasks: tasks.tasks,
    }
}

struct Tasks<'a> {
    effort: &'a Effort,
    tasks: Vec<Task>,
}

impl Visit for Tasks<'_> {
    fn visit<C: Contender>(&mut self) {
        let bounds = Bounds {
            capacity: self.effort.capacity,
            len: USUAL,
        };
        let cases = [
            (1, Readers::None, String::new()),
            (1, Readers::Lossless, ", 1 lossless".into()),
            (2, Readers::None, String::new()),
            (8, Readers::None, String::new()),
        ];
        for (count, readers, with) in cases {
            if C::open(bounds, count, readers).is_none() {
                continue;
            }
            let load = Load {
                len: USUAL,
                warm: C::holds(bounds) as u64 + 1,
                pause: self.effort.pause,
            };
            let each = self.effort.latencies;
            self.tasks.push(Task {
                contender: C::NAME,
                does: C::DOES,
                cases: PERCENTILES
                    .map(|(name, _)| {
                        let name = format!("{}{with}, {name}", writers(count));
                        Case::new(name, count + readers.count())
                    })
                    .to_vec(),
                run: Box::new(move || {
                    let opened = C::open(bounds, count, readers).expect("it could before");
                    let driven = drive(opened, load, |writer, bytes| times(writer, bytes, each));
                    let mut all = driven.results.concat();
                    all.sort_unstable();
                    PERCENTILES
                        .map(|(_, part)| Sample::of(f64::from(per_mille(&all, part))))
                        .to_vec()
                }),
            });
        }
    }
}

/// Writes so many records, and how long each took, in nanoseconds.
fn times(writer: &mut impl Writer, record: &[u8], each: u32) -> Vec<u32> {
    // Touched, so that no page of it is made while it is timed.
    let mut times = vec![1; each as usize];
    let mut before = Instant::now();
    for time in &mut times {
        writer.write(black_box(record));
        let after = Instant::now();
        *time = u32::try_from((after - before).as_nanos()).unwrap_or(u32::MAX);
        before = after;
    }
    times
}

/// What is left when nothing is written.
struct Nothing;

impl Writer for () {
    fn write(&mut self, record: &[u8]) {
        black_box(record);
    }
}

impl Contender for Nothing {
    const NAME: &'static str = "nothing";
    const DOES: &'static str = "only the clock is read";
    type Writer = ();

    fn open(_: Bounds, writers: usize, readers: Readers) -> Option<Opened<()>> {
        (readers == Readers::None).then(|| Opened {
            writers: vec![(); writers],
            readers: Vec::new(),
            keep: Box::new(()),
        })
    }
}
