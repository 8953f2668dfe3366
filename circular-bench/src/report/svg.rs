//! A plot: for each contender a mark at its median, with a line from quartile to quartile, on a logarithmic
//! scale. Of its own, as it is shorter than what it would take to make a plotting library draw it. It has
//! colours for light and for dark, and each series a shape, too.

use super::table::figure;
use super::{Report, distinct};
use crate::rounds::Cell;
use crate::stats::Summary;
use std::fmt::Write as _;

const WIDTH: f64 = 860.0;
/// Where the scale begins: left of it are the names.
const LEFT: f64 = 250.0;
const RIGHT: f64 = WIDTH - 40.0;
const LINE: f64 = 22.0;

const STYLE: &str = "
  svg { font: 13px system-ui, sans-serif; }
  .ground { fill: #ffffff; } .text { fill: #24292f; } .faint { fill: #57606a; }
  .grid { stroke: #d8dee4; } .ours { font-weight: bold; }
  .s0 { fill: #0b62c4; stroke: #0b62c4; } .s1 { fill: #b35900; stroke: #b35900; }
  .s2 { fill: #1a7f4b; stroke: #1a7f4b; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; } .text { fill: #e6edf3; } .faint { fill: #9198a1; }
    .grid { stroke: #30363d; }
    .s0 { fill: #6cb0ff; stroke: #6cb0ff; } .s1 { fill: #f2a65a; stroke: #f2a65a; }
    .s2 { fill: #62d394; stroke: #62d394; }
  }
";

/// One scale, and what is on it.
struct Panel {
    title: String,
    series: Vec<String>,
    lines: Vec<Line>,
}

struct Line {
    name: &'static str,
    is_ours: bool,
    /// For each series, if it is there.
    marks: Vec<Option<Summary>>,
}

pub(crate) fn svg(report: &Report) -> String {
    let panels = [
        panel(
            report,
            "write 128 B, no reader: ns per record",
            &["write 128 B"],
            &["1 writer", "2 writers", "8 writers"],
        ),
        panel(
            report,
            "write 128 B beside a reader: ns per record",
            &["write 128 B beside readers"],
            &["1 lossless", "1 skipping"],
        ),
        panel(
            report,
            "an event, or a log record, with its time: ns",
            &["event as text", "event as JSON", "log record"],
            &["event", "record"],
        ),
    ];
    let mut body = String::new();
    let mut top = 20.0;
    for panel in panels.iter().filter(|panel| !panel.lines.is_empty()) {
        top = panel.draw(&mut body, top) + 30.0;
    }
    let _ = write!(
        body,
        "<text class=\"faint\" x=\"20\" y=\"{top}\">{}. * More threads than cores.</text>",
        escaped(&report.machine.line())
    );
    let height = top + 20.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\">\n\
         <title>circular beside its peers: medians and quartiles; further left is faster</title>\n\
         <style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n{body}\n</svg>\n"
    )
}

fn panel(report: &Report, title: &str, groups: &[&str], series: &[&str]) -> Panel {
    let mut lines = Vec::new();
    for group in groups.iter().filter_map(|name| report.group(name)) {
        for name in distinct(group.cells.iter().map(|cell| cell.contender)) {
            let mark = |case: &&str| -> Option<Summary> {
                let cell: &Cell = group.cell(name, case)?;
                Summary::of(&cell.values)
            };
            lines.push(Line {
                name,
                is_ours: name == group.ours,
                marks: series.iter().map(mark).collect(),
            });
        }
    }
    let label = |case: &&str| {
        let mut cells = report.groups.iter().flat_map(|group| &group.cells);
        let is_much = cells.any(|cell| cell.case.name == *case && cell.case.oversubscribed);
        format!("{case}{}", if is_much { " *" } else { "" })
    };
    lines.retain(|line| line.marks.iter().any(Option::is_some));
    // The fastest on top.
    let first = |line: &Line| {
        line.marks
            .iter()
            .flatten()
            .next()
            .map_or(0.0, |mark| mark.median)
    };
    lines.sort_by(|a, b| first(a).total_cmp(&first(b)));
    Panel {
        title: format!("{title}; further left is faster"),
        series: series.iter().map(label).collect(),
        lines,
    }
}

impl Panel {
    /// Returns where it ends.
    fn draw(&self, out: &mut String, top: f64) -> f64 {
        let scale = Scale::of(
            self.lines
                .iter()
                .flat_map(|line| line.marks.iter().flatten()),
        );
        let _ = writeln!(
            out,
            "<text class=\"text ours\" x=\"20\" y=\"{}\">{}</text>",
            top + 12.0,
            escaped(&self.title)
        );
        let mut head = top + 12.0;
        head += LINE;
        let mut x = LEFT;
        for (index, name) in self.series.iter().enumerate() {
            draw_mark(out, index, x + 6.0, head - 4.0);
            let _ = writeln!(
                out,
                "<text class=\"text\" x=\"{}\" y=\"{head}\">{name}</text>",
                x + 18.0
            );
            x += 110.0;
        }
        let (first, last) = (head + 14.0, head + 14.0 + LINE * count(self.lines.len()));
        for tick in scale.ticks() {
            let x = scale.place(tick);
            let _ = writeln!(
                out,
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{first}\" y2=\"{last}\"/>\
                 <text class=\"faint\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                last + 16.0,
                tick
            );
        }
        for (number, line) in self.lines.iter().enumerate() {
            line.draw(
                out,
                &scale,
                first + LINE * (count(number) + 0.5),
                self.series.len(),
            );
        }
        last + 20.0
    }
}

impl Line {
    fn draw(&self, out: &mut String, scale: &Scale, y: f64, series: usize) {
        let weight = if self.is_ours { " ours" } else { "" };
        let _ = writeln!(
            out,
            "<text class=\"text{weight}\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            LEFT - 12.0,
            y + 4.0,
            escaped(self.name)
        );
        for (index, mark) in self.marks.iter().enumerate() {
            let Some(mark) = mark else { continue };
            // One beside the other, where they are equally fast.
            let y = y + (count(index) - count(series - 1) / 2.0) * 5.0;
            let _ = writeln!(
                out,
                "<g><title>{}: {} ({}–{})</title>\
                 <line class=\"s{index}\" stroke-width=\"2\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y}\" y2=\"{y}\"/>",
                escaped(self.name),
                figure(mark.median),
                figure(mark.q1),
                figure(mark.q3),
                scale.place(mark.q1),
                scale.place(mark.q3),
            );
            draw_mark(out, index, scale.place(mark.median), y);
            out.push_str("</g>\n");
        }
    }
}

/// A circle, a square or a triangle.
fn draw_mark(out: &mut String, series: usize, x: f64, y: f64) {
    let _ = match series {
        0 => write!(
            out,
            "<circle class=\"s0\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>"
        ),
        1 => write!(
            out,
            "<rect class=\"s1\" x=\"{:.1}\" y=\"{:.1}\" width=\"7\" height=\"7\"/>",
            x - 3.5,
            y - 3.5
        ),
        _ => write!(
            out,
            "<path class=\"s2\" d=\"M{:.1} {:.1}l4.5 8h-9z\"/>",
            x,
            y - 4.5
        ),
    };
}

/// Logarithmic, from one power of ten to another, or to the 2 or 5 times of one.
struct Scale {
    from: f64,
    to: f64,
}

const STEPS: [f64; 3] = [1.0, 2.0, 5.0];

impl Scale {
    fn of<'a>(marks: impl Iterator<Item = &'a Summary>) -> Scale {
        let (mut from, mut to) = (f64::MAX, f64::MIN_POSITIVE);
        for mark in marks {
            from = from.min(mark.q1.max(0.1));
            to = to.max(mark.q3);
        }
        let ticks: Vec<f64> = all_ticks().collect();
        Scale {
            from: ticks
                .iter()
                .copied()
                .filter(|tick| *tick <= from)
                .fold(0.1, f64::max),
            to: ticks
                .iter()
                .copied()
                .filter(|tick| *tick >= to)
                .fold(1e9, f64::min),
        }
    }

    fn place(&self, value: f64) -> f64 {
        let value = value.clamp(self.from, self.to);
        LEFT + (RIGHT - LEFT) * (value / self.from).ln() / (self.to / self.from).ln()
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        all_ticks().filter(|tick| (self.from..=self.to).contains(tick))
    }
}

fn all_ticks() -> impl Iterator<Item = f64> {
    (-1..9).flat_map(|power| STEPS.map(|step| step * 10_f64.powi(power)))
}

#[expect(clippy::cast_precision_loss, reason = "a few lines")]
fn count(count: usize) -> f64 {
    count as f64
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
