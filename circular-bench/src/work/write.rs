//! Writing while nobody reads: by one thread, and by several at once.

use super::drive::{Load, Paced, drive, nanos_each};
use crate::contenders::{self, Bounds, Circular, Contender, Readers, Visit, Writer};
use crate::effort::Effort;
use crate::rounds::{Case, Group, Sample, Task};
use std::hint::black_box;

pub(crate) fn group(effort: &Effort, len: usize) -> Group {
    let mut tasks = Tasks {
        effort,
        len,
        tasks: Vec::new(),
    };
    contenders::each(&mut tasks);
    Group {
        name: format!("write {len} B"),
        unit: "ns per record",
        ours: Circular::NAME,
        rounds: effort.rounds,
        tasks: tasks.tasks,
    }
}

/// As a case's name has it.
pub(crate) fn writers(count: usize) -> String {
    if count == 1 {
        "1 writer".into()
    } else {
        format!("{count} writers")
    }
}

struct Tasks<'a> {
    effort: &'a Effort,
    len: usize,
    tasks: Vec<Task>,
}

impl Visit for Tasks<'_> {
    fn visit<C: Contender>(&mut self) {
        let bounds = Bounds {
            capacity: self.effort.capacity,
            len: self.len,
        };
        for count in [1, 2, 4, 8] {
            if C::open(bounds, count, Readers::None).is_none() {
                continue;
            }
            let target = if count == 1 {
                self.effort.alone
            } else {
                self.effort.together
            };
            let load = Load {
                len: self.len,
                warm: C::holds(bounds) as u64 + 1,
                pause: self.effort.pause,
            };
            let mut paced = Paced::new(target);
            self.tasks.push(Task {
                contender: C::NAME,
                does: C::DOES,
                cases: vec![Case::new(writers(count), count)],
                run: Box::new(move || {
                    let share = |times| times / count as u64;
                    let (times, took, lost) = paced.run(|times| {
                        let opened = C::open(bounds, count, Readers::None);
                        let opened = opened.expect("it could before");
                        let driven = drive(opened, load, |writer, bytes| {
                            write(writer, bytes, share(times));
                        });
                        (driven.written, driven.lost(share(times) * count as u64))
                    });
                    let value = nanos_each(took, share(times) * count as u64);
                    vec![Sample { value, lost }]
                }),
            });
        }
    }
}

/// Writes so many records.
pub(crate) fn write(writer: &mut impl Writer, record: &[u8], times: u64) {
    for _ in 0..times {
        writer.write(black_box(record));
    }
}
