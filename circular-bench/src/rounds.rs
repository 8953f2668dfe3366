//! Groups of things to compare, and the rounds in which they are timed.
//!
//! Invariant: the values of two cells with the same index are of the same round.

use fastrand::Rng;

/// What is compared with each other, in one unit. A table: a line for each contender, a column for each
/// case.
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    /// The contender that is compared with all others, case by case.
    pub(crate) ours: &'static str,
    pub(crate) rounds: usize,
    pub(crate) tasks: Vec<Task>,
}

/// What is timed at once: some cells of one contender.
pub(crate) struct Task {
    pub(crate) contender: &'static str,
    pub(crate) does: &'static str,
    pub(crate) cases: Vec<Case>,
    /// One sample for each case. The first call is not counted: it finds out how much there is to do.
    pub(crate) run: Box<dyn FnMut() -> Vec<Sample>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// More threads than cores.
    pub(crate) oversubscribed: bool,
}

impl Case {
    pub(crate) fn new(name: impl Into<String>, threads: usize) -> Case {
        Case {
            name: name.into(),
            oversubscribed: threads > crate::machine::cores(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) value: f64,
    /// The share of the records that did not get to a reader; 0 where there is none.
    pub(crate) lost: f64,
}

impl Sample {
    pub(crate) fn of(value: f64) -> Sample {
        Sample { value, lost: 0.0 }
    }
}

/// A group that was timed.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) ours: &'static str,
    pub(crate) cells: Vec<Cell>,
}

#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) contender: &'static str,
    pub(crate) does: &'static str,
    pub(crate) case: Case,
    /// One a round.
    pub(crate) values: Vec<f64>,
    pub(crate) lost: Vec<f64>,
}

impl Found {
    pub(crate) fn cell(&self, contender: &str, case: &str) -> Option<&Cell> {
        self.cells
            .iter()
            .find(|cell| cell.contender == contender && cell.case.name == case)
    }
}

/// Times everything of the group once a round, each round in another order. `begins` hears of each round, from 1.
pub(crate) fn run(mut group: Group, random: &mut Rng, mut begins: impl FnMut(usize)) -> Found {
    let mut samples: Vec<Vec<Vec<Sample>>> = Vec::new();
    for task in &mut group.tasks {
        (task.run)();
        samples.push(Vec::new());
    }
    for round in 1..=group.rounds {
        begins(round);
        let mut order: Vec<usize> = (0..group.tasks.len()).collect();
        random.shuffle(&mut order);
        for index in order {
            samples[index].push((group.tasks[index].run)());
        }
    }

    let mut cells = Vec::new();
    for (task, samples) in group.tasks.into_iter().zip(samples) {
        for (index, case) in task.cases.into_iter().enumerate() {
            cells.push(Cell {
                contender: task.contender,
                does: task.does,
                case,
                values: samples.iter().map(|round| round[index].value).collect(),
                lost: samples.iter().map(|round| round[index].lost).collect(),
            });
        }
    }
    Found {
        name: group.name,
        unit: group.unit,
        ours: group.ours,
        cells,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[test]
    fn all_are_timed_once_a_round_and_in_changing_order() {
        let called = Rc::new(RefCell::new(Vec::new()));
        let task = |contender: &'static str| {
            let called = Rc::clone(&called);
            Task {
                contender,
                does: "",
                cases: vec![Case::new("a", 1), Case::new("b", 1)],
                run: Box::new(move || {
                    called.borrow_mut().push(contender);
                    let round = called.borrow().len() as f64;
                    vec![Sample::of(round), Sample::of(-round)]
                }),
            }
        };
        let group = Group {
            name: "group".into(),
            unit: "",
            ours: "x",
            rounds: 50,
            tasks: vec![task("x"), task("y"), task("z")],
        };
        let mut begun = Vec::new();
        let found = run(group, &mut Rng::with_seed(1), |round| begun.push(round));
        assert_eq!(begun, (1..=50).collect::<Vec<_>>());

        let called = called.borrow();
        // The first three are not counted.
        let rounds: Vec<&[&str]> = called[3..].chunks(3).collect();
        assert_eq!(rounds.len(), 50);
        for (number, round) in rounds.iter().enumerate() {
            for contender in ["x", "y", "z"] {
                let place = round.iter().position(|called| *called == contender);
                let value = (3 + number * 3 + place.unwrap() + 1) as f64;
                assert_eq!(found.cell(contender, "a").unwrap().values[number], value);
                assert_eq!(found.cell(contender, "b").unwrap().values[number], -value);
            }
        }
        for first in ["x", "y", "z"] {
            assert!(rounds.iter().any(|round| round[0] == first));
        }
    }
}
