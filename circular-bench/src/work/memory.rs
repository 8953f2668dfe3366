//! How many bytes of memory a record takes, its own included, when everything is full. What the allocator
//! takes for itself is not in it: the contenders that ask for each record's memory take more.

use super::drive::record;
use crate::contenders::{
    self, AppenderLossless, AppenderLossy, Bounds, Circular, Contender, Readers, Visit, Writer,
};
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
            // What always has a reader holds something only when that is stuck; the other one of its kind would
            // wait for it.
            let readers = match C::NAME {
                AppenderLossless::NAME => continue,
                AppenderLossy::NAME => Readers::Stuck,
                _ => Readers::None,
            };
            self.tasks.push(Task {
                contender: C::NAME,
                does: C::DOES,
                cases: vec![Case::new(format!("{len} B"), 1)],
                run: Box::new(move || {
                    let text = record(len);
                    let holds = C::holds(bounds);
                    let (opened, bytes) = counting::held(|| {
                        let opened = C::open(bounds, 1, readers);
                        let mut opened = opened.expect("everybody can do that");
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
