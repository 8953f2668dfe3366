//! Tables, to be read in a terminal or as markdown.

use super::{Report, distinct, ours_to};
use crate::rounds::{Cell, Found};
use crate::stats::Summary;
use std::fmt::Write as _;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Style {
    Text,
    Markdown,
}

/// Everything; at its end a line that says how many rows are met.
pub(crate) fn text(report: &Report, style: Style) -> String {
    let mut out = String::new();
    let mut line = |line: &str| {
        out.push_str(line);
        out.push('\n');
    };
    line(&format!("{}.", report.machine.line()));
    if report.quick {
        line("");
        line("A quick run: it shows that everything works, and its figures mean nothing.");
    }
    for group in &report.groups {
        line("");
        line(&heading(&format!("{}, {}", group.name, group.unit), style));
        line("");
        line(table(&of_group(group), style).trim_end());
    }
    line("");
    line(&notes(report));
    line(&heading("What each does", style));
    line("");
    let all = report.groups.iter().flat_map(|group| &group.cells);
    for (name, does) in distinct(all.map(|cell| (cell.contender, cell.does))) {
        line(&format!("- {}: {does}", verbatim(name, style)));
    }
    line("");
    line(&heading("What it must show", style));
    line("");
    line(table(&of_rows(report), style).trim_end());
    line("");
    line(&summary(report));
    out
}

fn summary(report: &Report) -> String {
    let reached = report.count("aim reached");
    format!(
        "{} rows: {} met, of which {reached} reach the aim; {} missed; {} not measured.",
        report.rows.len(),
        report.count("met") + reached,
        report.count("missed"),
        report.count("not measured"),
    )
}

fn notes(report: &Report) -> String {
    format!(
        "The medians of all rounds; behind them, what ours takes divided by that, round by round: the median and the\n\
         quartiles of the ratio. Below 1, ours is faster. In ours' own line, the quartiles of the time. `lost`: what\n\
         got to no reader. `*`: more threads than the {} cores.\n",
        report.machine.cores
    )
}

fn heading(text: &str, style: Style) -> String {
    match style {
        Style::Text => format!("{text}\n{}", "-".repeat(text.chars().count())),
        Style::Markdown => format!("### {text}"),
    }
}

/// Names of types have brackets that markdown would take for its own.
fn verbatim(name: &str, style: Style) -> String {
    match style {
        Style::Markdown if name.contains('<') => format!("`{name}`"),
        _ => name.into(),
    }
}

fn of_group(group: &Found) -> Vec<Vec<String>> {
    let cases = distinct(group.cells.iter().map(|cell| &cell.case));
    let mut head = vec![String::new()];
    for case in &cases {
        let mark = if case.oversubscribed { " *" } else { "" };
        head.push(format!("{}{mark}", case.name));
    }
    let mut lines = vec![head];
    for contender in distinct(group.cells.iter().map(|cell| cell.contender)) {
        let mut line = vec![contender.to_string()];
        for case in &cases {
            let cell = group.cell(contender, &case.name);
            line.push(cell.map_or(String::new(), |cell| of_cell(group, cell)));
        }
        lines.push(line);
    }
    lines
}

fn of_cell(group: &Found, cell: &Cell) -> String {
    let Some(value) = Summary::of(&cell.values) else {
        return String::new();
    };
    let mut text = figure(value.median);
    if let Some(ratio) = ours_to(group, cell) {
        let ratio = match cell.values.len() {
            1 => figure(ratio.median),
            _ => spread(ratio),
        };
        let _ = write!(text, "; {ratio}");
    } else if cell.values.len() > 1 {
        let _ = write!(text, " ({}–{})", figure(value.q1), figure(value.q3));
    }
    let lost = Summary::of(&cell.lost).map_or(0.0, |lost| lost.median);
    if lost > 0.0 {
        let _ = write!(text, "; lost {:.0} %", lost * 100.0);
    }
    text
}

fn of_rows(report: &Report) -> Vec<Vec<String>> {
    let head = ["what", "found (quartiles)", "at most", "aim", ""];
    let mut lines = vec![head.map(String::from).to_vec()];
    for row in &report.rows {
        lines.push(vec![
            row.name.into(),
            row.found.map_or("–".into(), spread),
            figure(row.at_most),
            figure(row.aim),
            row.verdict().into(),
        ]);
    }
    lines
}

fn spread(found: Summary) -> String {
    format!(
        "{} ({}–{})",
        figure(found.median),
        figure(found.q1),
        figure(found.q3)
    )
}

/// Three digits that count, and all of those before the point.
pub(super) fn figure(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$}")
}

/// Columns as wide as what is in them, but that markdown's text is between bars.
fn table(lines: &[Vec<String>], style: Style) -> String {
    let lines: Vec<Vec<String>> = lines
        .iter()
        .map(|line| line.iter().map(|cell| verbatim(cell, style)).collect())
        .collect();
    let columns = lines[0].len();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let mut out = String::new();
    for (number, line) in lines.iter().enumerate() {
        let padded: Vec<String> = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        match style {
            Style::Text => out.push_str(padded.join("   ").trim_end()),
            Style::Markdown => out.push_str(&format!("| {} |", padded.join(" | "))),
        }
        out.push('\n');
        if number == 0 && style == Style::Markdown {
            let rule = widths.iter().map(|width| "-".repeat(width + 2));
            out.push_str(&format!("|{}|\n", rule.collect::<Vec<_>>().join("|")));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_or_what_is_before_the_point() {
        let figures = [0.0, 0.204, 1.5, 12.345, 999.6, 123456.0].map(figure);
        assert_eq!(figures, ["0", "0.20", "1.50", "12.3", "1000", "123456"]);
    }

    #[test]
    fn both_styles() {
        let lines = [["", "a"], ["VecDeque<u8>", "1 – 2"]];
        let lines = lines.map(|line| line.map(String::from).to_vec());
        assert_eq!(
            table(&lines, Style::Text),
            "               a\nVecDeque<u8>   1 – 2\n"
        );
        assert_eq!(
            table(&lines, Style::Markdown),
            "|                | a     |\n|----------------|-------|\n| `VecDeque<u8>` | 1 – 2 |\n"
        );
    }
}
