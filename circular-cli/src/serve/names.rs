//! What rings are called on the page.
//!
//! Invariant: of the runs that go on, no two are called the same; and a next run is called as the one that it follows.

use std::collections::HashMap;

use crate::find::rings::Found;

/// So many that have ended are remembered, for what follows them.
const MOST_ENDED: usize = 64;

/// A ring, and which run of a program it is of.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) program: String,
    pub(crate) pid: u64,
    pub(crate) ring: u64,
    pub(crate) previous: Option<u64>,
    pub(crate) rest_of: Option<u64>,
    pub(crate) is_running: bool,
}

impl Run {
    pub(crate) fn of(ring: &Found) -> Self {
        Self {
            program: ring.info.program.clone(),
            pid: ring.pid(),
            ring: ring.info.ring,
            previous: ring.info.previous,
            rest_of: ring.info.rest_of,
            is_running: ring.is_running(),
        }
    }

    /// The same for both rings of a command: what it has printed, and what it left behind.
    fn id(&self) -> u64 {
        self.rest_of.unwrap_or(self.ring)
    }
}

/// Those that are shown, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<(Run, String)>);

impl Names {
    /// Takes note of which have ended.
    pub(crate) fn look(&mut self, is_running: impl Fn(u64) -> bool) {
        for (run, _) in &mut self.0 {
            run.is_running = run.is_running && is_running(run.ring);
        }
        let ended = self.0.iter().filter(|(run, _)| !run.is_running).count();
        let mut surplus = ended.saturating_sub(MOST_ENDED);
        self.0.retain(|(run, _)| {
            let is_kept = run.is_running || surplus == 0;
            surplus -= usize::from(!is_kept);
            is_kept
        });
    }

    /// Returns what those are called that come together.
    pub(crate) fn add(&mut self, runs: Vec<Run>) -> Vec<String> {
        let mut going = HashMap::new();
        for run in runs.iter().filter(|run| run.is_running) {
            let ids: &mut Vec<u64> = going.entry(run.program.clone()).or_default();
            if !ids.contains(&run.id()) {
                ids.push(run.id());
            }
        }
        let mut names = Vec::new();
        for run in runs {
            let has_replicas = going.get(&run.program).is_some_and(|ids| ids.len() > 1);
            let name = self.name(&run, has_replicas);
            names.push(name.clone());
            self.0.push((run, name));
        }
        names
    }

    fn name(&self, run: &Run, has_replicas: bool) -> String {
        // Two rings of one command are one program.
        let is_taken = |name: &str| {
            let mut others = self.0.iter().filter(|(other, _)| other.id() != run.id());
            others.any(|(other, taken)| other.is_running && taken == name)
        };
        let own = self.0.iter().find(|(other, _)| other.id() == run.id());
        if let Some((_, name)) = own.filter(|(_, name)| !is_taken(name)) {
            return name.clone();
        }
        let is_before =
            |(other, name): &&(Run, String)| other.program == run.program && !is_taken(name);
        let before: Vec<_> = self.0.iter().filter(is_before).collect();
        let named = before
            .iter()
            .find(|(other, _)| run.previous == Some(other.ring));
        if let Some((_, name)) = named.or(before.last()) {
            return name.clone();
        }
        // In containers, each may be the process 1.
        let (program, pid, ring) = (&run.program, run.pid, run.ring);
        let choices = [program.clone(), format!("{program}[{pid}]")];
        let mut choices = choices
            .into_iter()
            .skip(usize::from(has_replicas && run.is_running));
        let free = choices.find(|name| !is_taken(name));
        free.unwrap_or_else(|| format!("{program}[{ring:016x}]"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(program: &str, ring: u64, previous: Option<u64>) -> Run {
        Run {
            program: String::from(program),
            pid: 4700 + ring,
            ring,
            previous,
            rest_of: None,
            is_running: true,
        }
    }

    #[test]
    fn programs_are_called_as_they_call_themselves_and_replicas_by_their_processes() {
        let mut names = Names::default();
        let runs = vec![
            run("shop", 1, None),
            run("cart", 2, None),
            run("shop", 3, Some(1)),
        ];
        assert_eq!(names.add(runs), ["shop[4701]", "cart", "shop[4703]"]);
        // One more, later.
        assert_eq!(names.add(vec![run("cart", 4, Some(2))]), ["cart[4704]"]);
    }

    #[test]
    fn a_next_run_is_called_as_the_one_before_it() {
        let mut names = Names::default();
        names.add(vec![run("shop", 1, None), run("shop", 2, None)]);
        names.look(|ring| ring != 1);
        // The one that was made before is the other one, which goes on.
        assert_eq!(names.add(vec![run("shop", 3, Some(2))]), ["shop[4701]"]);
        names.look(|_| false);
        let runs = vec![run("shop", 4, Some(2)), run("shop", 5, Some(3))];
        assert_eq!(names.add(runs), ["shop[4702]", "shop[4701]"]);
    }

    #[test]
    fn two_runs_of_one_program_that_have_ended_are_one_program() {
        let mut names = Names::default();
        let ended = |ring, previous| Run {
            is_running: false,
            ..run("shop", ring, previous)
        };
        let runs = vec![ended(1, None), ended(2, Some(1)), run("shop", 3, Some(2))];
        assert_eq!(names.add(runs), ["shop", "shop", "shop"]);
    }

    #[test]
    fn what_a_command_left_behind_is_called_as_the_command() {
        let mut names = Names::default();
        let rest = |ring| Run {
            rest_of: Some(1),
            ..run("shop", ring, None)
        };
        assert_eq!(
            names.add(vec![run("shop", 1, None), rest(2)]),
            ["shop", "shop"]
        );
        names.look(|ring| ring == 2);
        // It goes on, so this is another one.
        assert_eq!(names.add(vec![run("shop", 3, Some(1))]), ["shop[4703]"]);
    }

    #[test]
    fn what_a_command_left_behind_takes_no_name_that_a_next_run_has_already() {
        let mut names = Names::default();
        names.add(vec![run("shop", 1, None)]);
        names.look(|_| false);
        assert_eq!(names.add(vec![run("shop", 2, Some(1))]), ["shop"]);
        let rest = Run {
            rest_of: Some(1),
            ..run("shop", 3, Some(2))
        };
        assert_eq!(names.add(vec![rest]), ["shop[4703]"]);
    }

    #[test]
    fn processes_of_one_number_are_told_apart() {
        let mut names = Names::default();
        let one = |ring| Run {
            pid: 1,
            ..run("shop", ring, None)
        };
        assert_eq!(
            names.add(vec![one(1), one(2)]),
            ["shop[1]", "shop[0000000000000002]"]
        );
    }

    #[test]
    fn a_program_that_crashes_for_days_takes_no_more_memory_than_for_a_minute() {
        let mut names = Names::default();
        names.add(vec![run("cart", 0, None)]);
        for ring in 1..1000 {
            names.look(|ring| ring == 0);
            assert_eq!(names.add(vec![run("shop", ring, Some(ring - 1))]), ["shop"]);
        }
        assert!(names.0.len() < 100, "{}", names.0.len());
        assert_eq!(names.0[0].0.program, "cart", "it goes on");
    }
}
