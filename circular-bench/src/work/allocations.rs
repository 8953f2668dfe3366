//! How often the thread that writes asks for memory, once it has written for a while. What other threads do, as
//! readers, is not counted.

use super::drive::record;
use super::{USUAL, events, logs};
use crate::contenders::{self, Bounds, Circular, Contender, Readers, Visit, Writer};
use crate::counting::allocations;
use crate::effort::Effort;
use crate::rounds::{Case, Group, Sample, Task};
use tracing::dispatcher;

const TIMES: u64 = 1000;

pub(crate) fn group(effort: &Effort) -> Group {
    let mut tasks = Tasks {
        effort,
        tasks: Vec::new(),
    };
    contenders::each(&mut tasks);
    let mut tasks = tasks.tasks;
    tasks.extend(events::text_ways().map(|way| of_events(effort, way)));
    tasks.extend(events::json_ways().map(|way| of_events(effort, way)));
    tasks.extend(logs::ways().map(|way| of_logs(effort, way)));
    Group {
        name: "allocations".into(),
        unit: "each",
        ours: Circular::NAME,
        // It is always the same.
        rounds: 1,
        tasks,
    }
}

#[expect(clippy::cast_precision_loss, reason = "below 2^53")]
fn each(asked: u64) -> Sample {
    Sample::of(asked as f64 / TIMES as f64)
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
        self.tasks.push(Task {
            contender: C::NAME,
            does: C::DOES,
            cases: vec![Case::new("write", 1)],
            run: Box::new(move || {
                let opened = C::open(bounds, 1, Readers::None);
                let mut opened = opened.expect("everybody can do that");
                let text = record(USUAL);
                let mut write = |times| {
                    for _ in 0..times {
                        opened.writers[0].write(&text);
                    }
                };
                write(2 * C::holds(bounds) as u64);
                vec![each(allocations(|| write(TIMES)))]
            }),
        });
    }
}

fn of_events(effort: &Effort, way: events::Way) -> Task {
    let bounds = events::bounds(effort);
    Task {
        contender: way.name,
        does: way.does,
        cases: events::CASES.map(|case| Case::new(case, 1)).to_vec(),
        run: Box::new(move || {
            let (dispatch, keep) = (way.open)(bounds);
            let count = || {
                (0..2 * bounds.records() as u64).for_each(events::say);
                each(allocations(|| (0..TIMES).for_each(events::say)))
            };
            let samples =
                dispatcher::with_default(&dispatch, || vec![count(), events::in_spans(count)]);
            drop(dispatch);
            drop(keep);
            samples
        }),
    }
}

fn of_logs(effort: &Effort, way: logs::Way) -> Task {
    let bounds = events::bounds(effort);
    Task {
        contender: way.name,
        does: way.does,
        cases: vec![Case::new("log record", 1)],
        run: Box::new(move || {
            let logger = (way.open)(bounds);
            let say = |number| logs::say(&*logger, number);
            (0..2 * bounds.records() as u64).for_each(say);
            vec![each(allocations(|| (0..TIMES).for_each(say)))]
        }),
    }
}
