//! Everything that was found, round by round, for programs.

use super::{Report, ours_to};
use crate::rounds::{Cell, Found};
use crate::rows::Row;
use crate::stats::Summary;
use serde_json::{Value, json};

pub(crate) fn json(report: &Report) -> String {
    let machine = &report.machine;
    let value = json!({
        "machine": {
            "processor": machine.processor,
            "cores": machine.cores,
            "system": machine.system,
            "compiler": machine.compiler,
            "load": machine.load,
            "date": machine.date,
        },
        "quick": report.quick,
        "rows": report.rows.iter().map(of_row).collect::<Vec<_>>(),
        "groups": report.groups.iter().map(of_group).collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}

fn of_row(row: &Row) -> Value {
    json!({
        "name": row.name,
        "at_most": row.at_most,
        "aim": row.aim,
        "found": row.found.map(of_summary),
        "is_met": row.is_met(),
        "is_aim_reached": row.is_aim_reached(),
    })
}

fn of_group(group: &Found) -> Value {
    let of_cell = |cell: &Cell| {
        json!({
            "contender": cell.contender,
            "case": cell.case.name,
            "oversubscribed": cell.case.oversubscribed,
            "found": Summary::of(&cell.values).map(of_summary),
            "ours_to_it": ours_to(group, cell).map(of_summary),
            "lost": Summary::of(&cell.lost).map(|lost| lost.median),
            "rounds": cell.values,
        })
    };
    json!({
        "name": group.name,
        "unit": group.unit,
        "ours": group.ours,
        "cells": group.cells.iter().map(of_cell).collect::<Vec<_>>(),
    })
}

fn of_summary(summary: Summary) -> Value {
    json!({ "q1": summary.q1, "median": summary.median, "q3": summary.q3 })
}
