//! One thread writes, and others read meanwhile, or do not.
//!
//! With a lossless reader it takes until that has got everything, else until everything is written.

use super::USUAL;
use super::drive::{Load, Paced, drive, nanos_each};
use super::write::write;
use crate::contenders::{self, Bounds, Circular, Contender, Readers, Visit};
use crate::effort::Effort;
use crate::rounds::{Case, Group, Sample, Task};

const CASES: [(&str, Readers); 5] = [
    ("no reader", Readers::None),
    ("1 stuck", Readers::Stuck),
    ("1 lossless", Readers::Lossless),
    ("1 skipping", Readers::Skipping(1)),
    ("8 skipping", Readers::Skipping(8)),
];

pub(crate) fn group(effort: &Effort) -> Group {
    let mut tasks = Tasks {
        effort,
        tasks: Vec::new(),
    };
    contenders::each(&mut tasks);
    Group {
        name: format!("write {USUAL} B beside readers"),
        unit: "ns per record",
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
        // Whose only case is that without a reader, that stands in another table.
        if CASES[1..]
            .iter()
            .all(|(_, readers)| C::open(bounds, 1, *readers).is_none())
        {
            return;
        }
        for (name, readers) in CASES {
            if C::open(bounds, 1, readers).is_none() {
                continue;
            }
            let target = if readers.count() == 0 {
                self.effort.alone
            } else {
                self.effort.together
            };
            let load = Load {
                len: USUAL,
                warm: C::holds(bounds) as u64 + 1,
                pause: self.effort.pause,
            };
            let mut paced = Paced::new(target);
            self.tasks.push(Task {
                contender: C::NAME,
                does: C::DOES,
                cases: vec![Case::new(name, 1 + readers.count())],
                run: Box::new(move || {
                    let (times, took, lost) = paced.run(|times| {
                        let opened = C::open(bounds, 1, readers);
                        let opened = opened.expect("it could before");
                        let driven = drive(opened, load, |writer, bytes| {
                            write(writer, bytes, times);
                        });
                        if readers != Readers::Lossless {
                            return (driven.written, driven.lost(times));
                        }
                        let sent = driven.warmed + times;
                        assert_eq!(driven.received, sent, "{} lost records", C::NAME);
                        (driven.read, 0.0)
                    });
                    let value = nanos_each(took, times);
                    vec![Sample { value, lost }]
                }),
            });
        }
    }
}
