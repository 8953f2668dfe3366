//! What circular is to show: each row a comparison, with the most that it may come to, and what is aimed at.

use crate::rounds::{Cell, Found};
use crate::stats::{Summary, ratios};
use crate::work::rows::{CATCH_UP, ENV, FMT, FMT_JSON, MEMCPY, RING, RING_JSON, RING_TEXT};

/// A cell, by its group, contender and case.
type Place = [&'static str; 3];

#[derive(Clone, Copy, Debug)]
enum Measure {
    /// The one divided by the other, round by round.
    Ratio(Place, Place),
    /// None at all, or something does not work.
    Nothing(Place),
}

#[derive(Clone, Copy, Debug)]
struct Rule {
    name: &'static str,
    measure: Measure,
    at_most: f64,
    aim: f64,
}

/// A rule, and what was found.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) at_most: f64,
    pub(crate) aim: f64,
    /// Nothing if it was not measured.
    pub(crate) found: Option<Summary>,
    must_be_met: bool,
}

impl Row {
    pub(crate) fn is_met(&self) -> Option<bool> {
        self.found.map(|found| found.median <= self.at_most)
    }

    pub(crate) fn is_aim_reached(&self) -> Option<bool> {
        self.found.map(|found| found.median <= self.aim)
    }

    pub(crate) fn verdict(&self) -> &'static str {
        match (self.is_met(), self.is_aim_reached()) {
            (Some(true), Some(true)) => "aim reached",
            (Some(true), _) => "met",
            (Some(false), _) => "missed",
            (None, _) => "not measured",
        }
    }
}

/// All rows, in the order in which they are to be read.
pub(crate) fn judge(groups: &[Found]) -> Vec<Row> {
    rules().iter().map(|rule| rule.judge(groups)).collect()
}

/// Those that tell of something that does not work, and not that it is slow.
pub(crate) fn broken(rows: &[Row]) -> Vec<&Row> {
    let is_broken = |row: &&Row| row.must_be_met && row.is_met() == Some(false);
    rows.iter().filter(is_broken).collect()
}

impl Rule {
    fn judge(&self, groups: &[Found]) -> Row {
        let cell = |[group, contender, case]: Place| -> Option<&Cell> {
            let group = groups.iter().find(|found| found.name == group)?;
            group.cell(contender, case)
        };
        let values = match self.measure {
            Measure::Ratio(top, bottom) => cell(top)
                .zip(cell(bottom))
                .map(|(top, bottom)| ratios(&top.values, &bottom.values)),
            Measure::Nothing(place) => cell(place).map(|cell| cell.values.clone()),
        };
        Row {
            name: self.name,
            at_most: self.at_most,
            aim: self.aim,
            found: values.as_deref().and_then(Summary::of),
            must_be_met: matches!(self.measure, Measure::Nothing(_)),
        }
    }
}

fn rules() -> Vec<Rule> {
    use Measure::{Nothing, Ratio};

    const RINGS: &str = "circular";
    const LINE: &str = "write 128 B";
    const PAGE: &str = "write 4096 B";
    const READ: &str = "write 128 B beside readers";
    const FILE: &str = "circular, in a file";
    const NOTED: &str = "circular, crashes noted";
    const LAPS: &str = "laps of a new ring";
    const WAKE: &str = "wake-up of a sleeping reader";
    const STRINGS: &str = "Mutex<VecDeque<String>>";
    const TOKIO: &str = "tokio broadcast";
    const CROSSBEAM: &str = "crossbeam-channel";

    let rule = |name, measure, at_most, aim| Rule {
        name,
        measure,
        at_most,
        aim,
    };
    let write = |writers, to| Ratio([LINE, RINGS, writers], [LINE, to, writers]);
    let lossless = |to| Ratio([READ, RINGS, "1 lossless"], [READ, to, "1 lossless"]);
    let clock = "clock, Mutex, memcpy";
    vec![
        rule(
            "write 128 B, 1 writer / clock, Mutex, memcpy",
            write("1 writer", clock),
            1.5,
            1.2,
        ),
        rule(
            "write 128 B, 2 writers / clock, Mutex, memcpy",
            write("2 writers", clock),
            1.8,
            1.4,
        ),
        rule(
            "write 128 B, 8 writers / 1 writer",
            Ratio([LINE, RINGS, "8 writers"], [LINE, RINGS, "1 writer"]),
            2.5,
            1.5,
        ),
        rule(
            "write 128 B, 1 writer / VecDeque<String>",
            write("1 writer", STRINGS),
            1.0,
            0.7,
        ),
        rule(
            "write 128 B, 1 writer / broadcast",
            write("1 writer", TOKIO),
            0.8,
            0.5,
        ),
        rule(
            "write 128 B, 1 writer / crossbeam",
            write("1 writer", CROSSBEAM),
            0.8,
            0.5,
        ),
        rule(
            "write 128 B, 2 writers / VecDeque<String>",
            write("2 writers", STRINGS),
            0.5,
            0.3,
        ),
        rule(
            "write 128 B, 2 writers / broadcast",
            write("2 writers", TOKIO),
            0.5,
            0.3,
        ),
        rule(
            "write 128 B, 2 writers / crossbeam",
            write("2 writers", CROSSBEAM),
            0.5,
            0.3,
        ),
        rule(
            "1 writer, 1 lossless reader / broadcast",
            lossless(TOKIO),
            0.2,
            0.1,
        ),
        rule(
            "1 writer, 1 lossless reader / crossbeam",
            lossless(CROSSBEAM),
            0.2,
            0.1,
        ),
        rule(
            "1 writer, 1 lossless reader / appender lossless",
            lossless("appender, lossless"),
            0.2,
            0.1,
        ),
        rule(
            "write 4096 B, 1 writer / Mutex, memcpy",
            Ratio(
                [PAGE, RINGS, "1 writer"],
                [PAGE, "Mutex, memcpy", "1 writer"],
            ),
            1.5,
            1.1,
        ),
        rule(
            "stuck skipping reader / no reader",
            Ratio([READ, RINGS, "1 stuck"], [READ, RINGS, "no reader"]),
            1.1,
            1.0,
        ),
        rule(
            "write 128 B, 1 writer, in a file / on the heap",
            Ratio([LINE, FILE, "1 writer"], [LINE, RINGS, "1 writer"]),
            1.05,
            1.0,
        ),
        rule(
            "write 128 B, 2 writers, in a file / on the heap",
            Ratio([LINE, FILE, "2 writers"], [LINE, RINGS, "2 writers"]),
            1.05,
            1.0,
        ),
        rule(
            "write 128 B, 1 writer, crashes noted / in a file",
            Ratio([LINE, NOTED, "1 writer"], [LINE, FILE, "1 writer"]),
            1.05,
            1.0,
        ),
        rule(
            "in a file, first lap p99 / second lap p99",
            Ratio([LAPS, FILE, "first, p99"], [LAPS, FILE, "second, p99"]),
            2.0,
            1.2,
        ),
        rule(
            "in a file, 1 follower / no reader",
            Ratio([READ, FILE, "1 skipping"], [READ, FILE, "no reader"]),
            1.05,
            1.0,
        ),
        rule(
            "event, RingLayer / fmt to sink",
            Ratio(
                ["event as text", RING_TEXT, "event"],
                ["event as text", FMT, "event"],
            ),
            0.3,
            0.2,
        ),
        rule(
            "JSON event, RingLayer / fmt JSON to sink",
            Ratio(
                ["event as JSON", RING_JSON, "event"],
                ["event as JSON", FMT_JSON, "event"],
            ),
            0.3,
            0.2,
        ),
        rule(
            "log record, RingLogger / env_logger to sink",
            Ratio(
                ["log record", RING, "record"],
                ["log record", ENV, "record"],
            ),
            0.35,
            0.25,
        ),
        rule(
            "catch-up of a full ring, into a sink / memcpy",
            Ratio(["catch-up", CATCH_UP, "full"], ["catch-up", MEMCPY, "full"]),
            1.5,
            1.2,
        ),
        rule(
            "wake-up p50 / bare futex",
            Ratio([WAKE, RINGS, "p50"], [WAKE, "bare futex", "p50"]),
            1.3,
            1.1,
        ),
        rule(
            "allocations per write",
            Nothing(["allocations", RINGS, "write"]),
            0.0,
            0.0,
        ),
        rule(
            "allocations per write, in a file",
            Nothing(["allocations", FILE, "write"]),
            0.0,
            0.0,
        ),
        rule(
            "allocations per event",
            Nothing(["allocations", RING_TEXT, "event"]),
            0.0,
            0.0,
        ),
        rule(
            "allocations per event in spans",
            Nothing(["allocations", RING_TEXT, "event in 2 spans"]),
            0.0,
            0.0,
        ),
        rule(
            "allocations per JSON event",
            Nothing(["allocations", RING_JSON, "event"]),
            0.0,
            0.0,
        ),
        rule(
            "allocations per JSON event in spans",
            Nothing(["allocations", RING_JSON, "event in 2 spans"]),
            0.0,
            0.0,
        ),
        rule(
            "allocations per log record",
            Nothing(["allocations", RING, "log record"]),
            0.0,
            0.0,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effort::Effort;
    use crate::rounds::Case;

    fn found(cells: &[(&'static str, &'static str, &[f64])]) -> Found {
        Found {
            name: "write 128 B".into(),
            unit: "",
            ours: "circular",
            cells: cells
                .iter()
                .map(|(contender, case, values)| Cell {
                    contender,
                    does: "",
                    case: Case::new(*case, 1),
                    values: values.to_vec(),
                    lost: vec![0.0; values.len()],
                })
                .collect(),
        }
    }

    fn row<'a>(rows: &'a [Row], name: &str) -> &'a Row {
        rows.iter().find(|row| row.name == name).unwrap()
    }

    #[test]
    fn a_row_is_met_if_the_median_of_its_ratios_is() {
        let group = found(&[
            ("circular", "1 writer", &[14.0, 28.0, 13.0]),
            ("clock, Mutex, memcpy", "1 writer", &[10.0, 20.0, 10.0]),
            ("tokio broadcast", "1 writer", &[10.0, 20.0, 10.0]),
            (
                "Mutex<VecDeque<String>>",
                "1 writer",
                &[100.0, 100.0, 100.0],
            ),
        ]);
        let rows = judge(&[group]);
        let met = row(&rows, "write 128 B, 1 writer / clock, Mutex, memcpy");
        assert_eq!(met.found.unwrap().median, 1.4);
        assert_eq!(met.verdict(), "met");
        let missed = row(&rows, "write 128 B, 1 writer / broadcast");
        assert_eq!(missed.verdict(), "missed");
        let aim = row(&rows, "write 128 B, 1 writer / VecDeque<String>");
        assert_eq!(aim.verdict(), "aim reached");
        let absent = row(&rows, "write 128 B, 1 writer / crossbeam");
        assert_eq!(absent.verdict(), "not measured");
        // A time that is too long breaks nothing.
        assert!(broken(&rows).is_empty());
    }

    #[test]
    fn one_allocation_is_one_too_many() {
        let mut group = found(&[("circular", "write", &[0.001])]);
        group.name = "allocations".into();
        let rows = judge(&[group]);
        let broken = broken(&rows);
        assert_eq!(broken.len(), 1);
        assert_eq!(broken[0].name, "allocations per write");
    }

    /// Otherwise it would never be measured, and nobody would notice.
    #[test]
    fn every_rule_is_about_cells_that_there_are() {
        let groups = crate::work::groups(&Effort::quick());
        let is_there = |[group, contender, case]: Place| {
            groups
                .iter()
                .filter(|found| found.name == group)
                .any(|found| {
                    found.tasks.iter().any(|task| {
                        task.contender == contender
                            && task.cases.iter().any(|found| found.name == case)
                    })
                })
        };
        for rule in rules() {
            let places = match rule.measure {
                Measure::Ratio(top, bottom) => vec![top, bottom],
                Measure::Nothing(place) => vec![place],
            };
            for place in places {
                assert!(is_there(place), "{}: no {place:?}", rule.name);
            }
        }
    }
}
