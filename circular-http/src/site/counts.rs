//! How many records of each level are held, and when they were written, for a histogram.
//!
//! Of a ring of this program only headers are read: it costs the same whatever the records say. Nothing of that shows in it.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use circular_core::{Level, Record, Redaction, Timestamp, push_json_for_terminal};
use circular_view::Selection;
use tokio::task;

use crate::viewer::log::{Log, Walk};
use crate::viewer::turn::Turn;

/// How many targets are told, and how many are told apart at all.
const TARGETS: usize = 100;
const MOST_TARGETS: usize = 4096;

/// After so many headers it is looked at the clock: others want to be served.
const STRIDE: u32 = 256;

/// The levels in the order of a bar's numbers; what has none is the last.
const LEVELS: [(&str, Option<Level>); 6] = [
    ("error", Some(Level::Error)),
    ("warn", Some(Level::Warn)),
    ("info", Some(Level::Info)),
    ("debug", Some(Level::Debug)),
    ("trace", Some(Level::Trace)),
    ("none", None),
];

type ByLevel = [u64; LEVELS.len()];

/// What is held, and what of it passes.
#[derive(Debug, Default)]
struct Held {
    /// Of the oldest and the newest record, whether it passes or not; in milliseconds, as all times here.
    oldest: Option<u64>,
    newest: Option<u64>,
    /// The earliest and the latest time of what passes: their order is not that of the records.
    span: Option<(u64, u64)>,
}

/// Counts what passes of all rings, in at most so many bars. The hook hides what a target has that must not leave.
pub(crate) async fn json(
    logs: &[&Log],
    selection: &Selection,
    hook: Option<&Redaction>,
    bars: u64,
) -> String {
    let mut held = Held::default();
    let first_id = first_id(logs);
    // The bars are as wide as what is counted in them is long: so it is gone through twice.
    for log in logs {
        let mut ends = None;
        each(log.walk(), |record| {
            let at = millis(record.time());
            ends = Some((ends.map_or(at, |(first, _)| first), at));
            if selection.may_take(record) {
                let (from, to) = held.span.unwrap_or((at, at));
                held.span = Some((from.min(at), to.max(at)));
            }
        })
        .await;
        if let Some((first, last)) = ends {
            held.oldest = Some(held.oldest.map_or(first, |oldest| oldest.min(first)));
            held.newest = Some(held.newest.map_or(last, |newest| newest.max(last)));
        }
    }
    let (from, to) = held.span.unwrap_or_default();
    let width = (to - from + 1).div_ceil(bars.max(1));
    let count = held.span.map_or(0, |(from, to)| (to - from) / width + 1);
    let mut levels = ByLevel::default();
    let mut by_time = vec![ByLevel::default(); usize::try_from(count).unwrap_or(0)];
    let mut targets = TargetCounts::default();
    for log in logs {
        each(log.walk(), |record| {
            if !selection.may_take(record) {
                return;
            }
            let at = millis(record.time());
            // It was written since, and would be cut off.
            if held.span.is_none() || at > to {
                return;
            }
            let bar = usize::try_from((at.max(from) - from) / width).unwrap_or(usize::MAX);
            let level = LEVELS
                .iter()
                .position(|&(_, level)| level == record.level());
            let (Some(bar), Some(level)) = (by_time.get_mut(bar), level) else {
                return;
            };
            bar[level] += 1;
            levels[level] += 1;
            targets.count(record, hook);
        })
        .await;
    }
    let end = from.saturating_add(width.saturating_mul(count));
    let between = held.span.map(|_| (from, end, width));
    let overwritten = logs.iter().filter_map(|log| log.stats().ok());
    let overwritten = overwritten.map(|stats| stats.overwritten).sum();
    written(
        &held,
        first_id.as_deref(),
        between,
        &levels,
        &by_time,
        &targets,
        overwritten,
    )
}

/// The id of the first record of all.
fn first_id(logs: &[&Log]) -> Option<String> {
    let places: Vec<_> = logs.iter().map(|log| log.oldest()).collect();
    let first_of = |(index, log): (usize, &&Log)| {
        let mut walk = log.walk();
        let mut time = None;
        walk.next(|record| time = Some(record.time()));
        Some((time?, index, walk.cursor()))
    };
    let firsts = logs.iter().enumerate().filter_map(first_of);
    let (_, first, place) = firsts.min_by_key(|&(time, index, _)| (time, index))?;
    let mut id = place.to_string();
    for (index, place) in places.iter().enumerate() {
        if index != first {
            let _ = write!(id, ",{}", place.at(place.seq()));
        }
    }
    Some(id)
}

/// Looks at each header, and lets others have their turn.
async fn each(mut walk: Walk, mut look: impl FnMut(&Record<'_>)) {
    let mut turn = Turn::of_search();
    let mut left = STRIDE;
    while walk.next(&mut look) {
        left -= 1;
        if left == 0 {
            left = STRIDE;
            if turn.is_over() {
                task::yield_now().await;
                turn = Turn::of_search();
            }
        }
    }
}

/// How many records each target has.
#[derive(Debug, Default)]
struct TargetCounts {
    /// By the target as it was logged.
    counts: HashMap<Box<str>, Target>,
}

#[derive(Debug)]
struct Target {
    /// What leaves of it; `None` if the hook lets out no record of it.
    shown: Option<Box<str>>,
    records: u64,
}

impl TargetCounts {
    fn count(&mut self, record: &Record<'_>, hook: Option<&Redaction>) {
        let target = record.target();
        if let Some(known) = self.counts.get_mut(target) {
            known.records += 1;
        } else if self.counts.len() < MOST_TARGETS {
            let shown = match hook {
                None => Some(target.into()),
                // It is shown a record without text.
                Some(hook) => hook.record(record).map(|left| left.target.into()),
            };
            self.counts
                .insert(target.into(), Target { shown, records: 1 });
        }
    }

    /// Those with most records, as they are shown.
    fn most(&self) -> Vec<(&str, u64)> {
        let mut shown = HashMap::<&str, u64>::new();
        for target in self.counts.values() {
            if let Some(name) = &target.shown {
                *shown.entry(name).or_default() += target.records;
            }
        }
        let mut most: Vec<_> = shown.into_iter().collect();
        most.sort_unstable_by_key(|&(name, records)| (Reverse(records), name));
        most.truncate(TARGETS);
        most
    }
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn time(millis: Option<u64>) -> String {
    millis.map_or("null".to_owned(), |millis| {
        let time = UNIX_EPOCH + Duration::from_millis(millis);
        format!("\"{}\"", Timestamp::new(time))
    })
}

/// A bar's numbers, or those of all.
fn numbers(by_level: &ByLevel) -> String {
    let numbers: Vec<String> = by_level.iter().map(u64::to_string).collect();
    format!("[{}]", numbers.join(","))
}

fn written(
    held: &Held,
    first_id: Option<&str>,
    between: Option<(u64, u64, u64)>,
    levels: &ByLevel,
    bars: &[ByLevel],
    targets: &TargetCounts,
    overwritten: u64,
) -> String {
    let mut out = String::new();
    let id = first_id.map_or("null".to_owned(), |id| format!("\"{id}\""));
    // Writing to a string does not fail, here and below.
    let _ = write!(
        out,
        r#"{{"oldest":{},"newest":{},"first_id":{id},"records":{},"levels":{{"#,
        time(held.oldest),
        time(held.newest),
        levels.iter().sum::<u64>(),
    );
    for (index, ((name, _), records)) in LEVELS.iter().zip(levels).enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(out, r#"{comma}"{name}":{records}"#);
    }
    let bars: Vec<String> = bars.iter().map(numbers).collect();
    let _ = write!(
        out,
        r#"}},"from":{},"to":{},"width_ms":{},"bars":[{}],"targets":["#,
        time(between.map(|(from, ..)| from)),
        time(between.map(|(_, to, _)| to)),
        between.map_or(0, |(.., width)| width),
        bars.join(","),
    );
    for (index, (name, records)) in targets.most().into_iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let mut json = Vec::new();
        push_json_for_terminal(&mut json, name.as_bytes());
        let name = String::from_utf8_lossy(&json);
        let _ = write!(out, r#"{comma}{{"target":{name},"records":{records}}}"#);
    }
    let _ = writeln!(out, r#"],"overwritten":{overwritten}}}"#);
    out
}
