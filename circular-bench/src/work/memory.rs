//! How many bytes of memory a record takes, its own included, when everything is full. What the allocator
//! takes for itself is not in it: the contenders that ask for each record's memory take more.

use super::drive::record;
use crate::contenders::{self, Bounds, Circular, Contender, Readers, Visit, Writer};
use crate::counting;
use crate::effort::Effort;
use crate::rounds::{Case, Group, Sample, Task};

pub(crate) fn group(effort: &Effort) -> Group {
    let mut tasks = Tasks {
        effort,
        tasks: Vec::new(),
    };
    contenders::each(&mut tasks);
    Group {
        name: "memory".into(),
        unit: "bytes per record",
        ours: Circular::NAME,
        // It is always the same.
        rounds: 1,
        tasks: tasks.tasks,
    }
}

struct Tasks<'a> {
    effort: &'a Effort,
    tasks: Vec<Task>,
}

impl Visit for Tasks<'_> {
    fn visit<C: Contender>(&mut self) {
        for len in [64, 128, 512, 4096] {
            let bounds = Bounds {
                capacity: self.effort.capacity,
                len,
            };
            // Those that always have a reader hold something only when it is stuck.
            let open = move || {
                C::open(bounds, 1, Readers::Stuck).or_else(|| C::open(bounds, 1, Readers::None))
            };
            // That one would wait for it.
            if C::NAME == contenders::AppenderLossless::NAME {
                continue;
            }
            self.tasks.push(Task {
                contender: C::NAME,
                does: C::DOES,
                cases: vec![Case::new(format!("{len} B"), 1)],
                run: Box::new(move || {
                    let text = record(len);
                    let holds = C::holds(bounds);
                    let (opened, bytes) = counting::held(|| {
                        let mut opened = open().expect("everybody can do that");
                        for _ in 0..holds {
                            opened.writers[0].write(&text);
                        }
                        opened
                    });
                    drop(opened);
                    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
                    let each = bytes as f64 / holds as f64;
                    vec![Sample::of(each)]
                }),
            });
        }
    }
}
