//! What was found, for people and for machines.

mod json;
mod svg;
mod table;

pub(crate) use self::json::json;
pub(crate) use self::svg::svg;
pub(crate) use self::table::{Style, text};

use crate::machine::Machine;
use crate::rounds::{Cell, Found};
use crate::rows::Row;
use crate::stats::{Summary, ratios};

#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) quick: bool,
    pub(crate) groups: Vec<Found>,
    pub(crate) rows: Vec<Row>,
}

impl Report {
    fn group(&self, name: &str) -> Option<&Found> {
        self.groups.iter().find(|found| found.name == name)
    }

    /// How many rows have this verdict.
    fn count(&self, verdict: &str) -> usize {
        let is_it = |row: &&Row| row.verdict() == verdict;
        self.rows.iter().filter(is_it).count()
    }
}

/// What ours takes, divided by what `cell` does, round by round; nothing for ours itself, and where one of the
/// two is nothing.
fn ours_to(group: &Found, cell: &Cell) -> Option<Summary> {
    if cell.contender == group.ours {
        return None;
    }
    let ours = group.cell(group.ours, &cell.case.name)?;
    let summary = Summary::of(&ratios(&ours.values, &cell.values))?;
    (summary.median.is_finite() && summary.median > 0.0).then_some(summary)
}

/// Without what is repeated, in the order in which it came.
fn distinct<T: PartialEq>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for one in all {
        if !distinct.contains(&one) {
            distinct.push(one);
        }
    }
    distinct
}
