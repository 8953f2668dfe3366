//! What the ring and the server have done so far, for programs to read.
//!
//! Invariant: who comes and goes leaves nothing behind in what Prometheus keeps. A series of its own has only a
//! reader that writers wait for, or did; the program opens those, and viewers are not among them. All others
//! are told as totals. Of those, what is a counter never goes down, whoever leaves.

use std::fmt::Write as _;

use circular_core::{Policy, ReaderStats, Stats, push_json_for_terminal};

use crate::viewer::viewers::Counts;

/// The numbers of a ring.
#[derive(Debug)]
pub(crate) struct Numbers {
    /// Of its source, if that is said.
    pub(crate) name: Option<Box<str>>,
    pub(crate) stats: Stats,
}

/// All numbers as one JSON object: of one ring, or of several with a name each.
pub(crate) fn json(rings: &[Numbers], viewers: Counts) -> String {
    let mut out = String::from("{");
    match rings {
        [Numbers { name: None, stats }] => push_ring(&mut out, stats),
        _ => push_rings(&mut out, rings),
    }
    // Writing to a string does not fail, here and below.
    let _ = writeln!(
        out,
        r#","viewers":{{"now":{},"limit":{},"admitted":{},"refused":{},"stalled":{}}}}}"#,
        viewers.now, viewers.limit, viewers.admitted, viewers.refused, viewers.stalled,
    );
    out
}

fn push_rings(out: &mut String, rings: &[Numbers]) {
    out.push_str(r#""sources":["#);
    for (index, ring) in rings.iter().enumerate() {
        out.push_str(if index > 0 { ",{" } else { "{" });
        if let Some(name) = &ring.name {
            let mut json = Vec::new();
            push_json_for_terminal(&mut json, name.as_bytes());
            let _ = write!(out, r#""source":{},"#, String::from_utf8_lossy(&json));
        }
        push_ring(out, &ring.stats);
        out.push('}');
    }
    out.push(']');
}

fn push_ring(out: &mut String, stats: &Stats) {
    let oldest_age = stats
        .oldest_age
        .map_or("null".to_owned(), |age| age.as_secs_f64().to_string());
    let _ = write!(
        out,
        r#""capacity":{},"written":{},"bytes":{},"overwritten":{},"refused":{},"oldest_age_seconds":{oldest_age}"#,
        stats.capacity, stats.written, stats.bytes, stats.overwritten, stats.refused,
    );
    let _ = write!(
        out,
        r#","waits":{{"count":{},"total_seconds":{},"longest_seconds":{}}}"#,
        stats.waits.count,
        stats.waits.total.as_secs_f64(),
        stats.waits.longest.as_secs_f64(),
    );
    let _ = write!(
        out,
        r#","overtakes":{},"demotions":{},"failed_sinks":{},"missed":{},"readers":["#,
        stats.overtakes,
        stats.demotions,
        stats.failed_sinks,
        stats.missed.to_json(),
    );
    for (number, reader) in stats.readers.iter().enumerate() {
        let comma = if number > 0 { "," } else { "" };
        let _ = write!(
            out,
            r#"{comma}{{"id":{},"policy":"{}","demoted":{},"failing":{},"lag":{{"records":{},"bytes":{}}},"missed":{}}}"#,
            reader.id,
            reader.policy,
            reader.demoted,
            reader.failing,
            reader.lag_records,
            reader.lag_bytes,
            reader.missed.to_json(),
        );
    }
    out.push(']');
}

/// The same as Prometheus reads it: where rings have names, each of their series has that as `source`.
pub(crate) fn prometheus(rings: &[Numbers], viewers: Counts) -> String {
    let mut out = String::new();
    let mut metric = |name: &str, kind: &str, help: &str, value: &dyn Fn(&Stats) -> f64| {
        push_help(&mut out, name, kind, help);
        for ring in rings {
            let labels = labels(ring, None);
            let _ = writeln!(out, "circular_{name}{labels} {}", value(&ring.stats));
        }
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "Prometheus has no other numbers"
    )]
    {
        metric(
            "capacity_bytes",
            "gauge",
            "Bytes that records with their headers can take.",
            &|stats| stats.capacity as f64,
        );
        metric(
            "records_written_total",
            "counter",
            "Records written.",
            &|stats| stats.written as f64,
        );
        metric(
            "bytes_written_total",
            "counter",
            "Bytes of the records written.",
            &|stats| stats.bytes as f64,
        );
        metric(
            "records_overwritten_total",
            "counter",
            "Records that are gone from the ring.",
            &|stats| stats.overwritten as f64,
        );
        metric(
            "writes_refused_total",
            "counter",
            "Writes after close, or in a forked child.",
            &|stats| stats.refused as f64,
        );
        metric(
            "waits_total",
            "counter",
            "Waits of writers for room.",
            &|stats| stats.waits.count as f64,
        );
        metric(
            "wait_seconds_total",
            "counter",
            "Time that writers waited for room.",
            &|stats| stats.waits.total.as_secs_f64(),
        );
        metric(
            "overtakes_total",
            "counter",
            "Writes that could not wait and overtook a lossless reader.",
            &|stats| stats.overtakes as f64,
        );
        metric(
            "demotions_total",
            "counter",
            "Readers that are not waited for any more.",
            &|stats| stats.demotions as f64,
        );
        metric(
            "failed_sinks_total",
            "counter",
            "Readers that ended because their sink failed.",
            &|stats| stats.failed_sinks as f64,
        );
        metric(
            "missed_records_total",
            "counter",
            "Records that readers of all kinds missed, those that have left included.",
            &|stats| stats.missed.records as f64,
        );
        metric(
            "missed_bytes_total",
            "counter",
            "Bytes that readers of all kinds missed, those that have left included.",
            &|stats| stats.missed.bytes as f64,
        );
        let worst = |stats: &Stats, lag: fn(&ReaderStats) -> u64| {
            skipping(stats).map(lag).max().unwrap_or(0) as f64
        };
        metric(
            "skip_readers",
            "gauge",
            "Readers that writers never wait for, viewers among them.",
            &|stats| skipping(stats).count() as f64,
        );
        metric(
            "skip_readers_failing",
            "gauge",
            "Readers that writers never wait for, and whose sink fails, and is tried again.",
            &|stats| skipping(stats).filter(|reader| reader.failing).count() as f64,
        );
        metric(
            "skip_readers_max_lag_records",
            "gauge",
            "Records that the slowest reader which writers never wait for has not copied yet.",
            &|stats| worst(stats, |reader| reader.lag_records),
        );
        metric(
            "skip_readers_max_lag_bytes",
            "gauge",
            "Bytes that the slowest reader which writers never wait for has not copied yet.",
            &|stats| worst(stats, |reader| reader.lag_bytes),
        );
        metric(
            "oldest_record_age_seconds",
            "gauge",
            "Age of the oldest record; 0 if there is none.",
            &|stats| stats.oldest_age.unwrap_or_default().as_secs_f64(),
        );
        let mut viewers_metric = |name: &str, kind: &str, help: &str, value: f64| {
            push_help(&mut out, name, kind, help);
            let _ = writeln!(out, "circular_{name} {value}");
        };
        viewers_metric(
            "viewers",
            "gauge",
            "Responses that show the log now.",
            viewers.now as f64,
        );
        viewers_metric(
            "viewers_limit",
            "gauge",
            "How many of these there may be.",
            viewers.limit as f64,
        );
        viewers_metric(
            "viewers_admitted_total",
            "counter",
            "Responses that have shown the log.",
            viewers.admitted as f64,
        );
        viewers_metric(
            "viewers_refused_total",
            "counter",
            "Requests beyond the limit.",
            viewers.refused as f64,
        );
        viewers_metric(
            "viewers_stalled_total",
            "counter",
            "Viewers dropped because they took nothing.",
            viewers.stalled as f64,
        );
    }
    per_reader(
        &mut out,
        rings,
        "reader_lag_records",
        "gauge",
        "Records that a lossless reader has not copied yet.",
        |reader| reader.lag_records,
    );
    per_reader(
        &mut out,
        rings,
        "reader_lag_bytes",
        "gauge",
        "Bytes that a lossless reader has not copied yet.",
        |reader| reader.lag_bytes,
    );
    per_reader(
        &mut out,
        rings,
        "reader_missed_records_total",
        "counter",
        "Records that a lossless reader missed.",
        |reader| reader.missed.records,
    );
    per_reader(
        &mut out,
        rings,
        "reader_missed_bytes_total",
        "counter",
        "Bytes that a lossless reader missed.",
        |reader| reader.missed.bytes,
    );
    per_reader(
        &mut out,
        rings,
        "reader_demoted",
        "gauge",
        "1 if a lossless reader is not waited for any more.",
        |reader| reader.demoted.into(),
    );
    per_reader(
        &mut out,
        rings,
        "reader_failing",
        "gauge",
        "1 while a lossless reader's sink fails, and is tried again.",
        |reader| reader.failing.into(),
    );
    out
}

/// Whether writers wait for it, or did until it was demoted, which is when somebody wants to know of it.
fn is_lossless(reader: &ReaderStats) -> bool {
    reader.policy != Policy::Skip
}

fn skipping(stats: &Stats) -> impl Iterator<Item = &ReaderStats> {
    stats.readers.iter().filter(|reader| !is_lossless(reader))
}

fn push_help(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(
        out,
        "# HELP circular_{name} {help}\n# TYPE circular_{name} {kind}"
    );
}

/// What tells a series from others: of a reader, or of all of a ring.
fn labels(ring: &Numbers, reader: Option<&ReaderStats>) -> String {
    let mut labels = Vec::new();
    if let Some(name) = &ring.name {
        // As the text format has it.
        let name = name
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        labels.push(format!("source=\"{name}\""));
    }
    if let Some(reader) = reader {
        labels.push(format!(
            "reader=\"{}\",policy=\"{}\"",
            reader.id, reader.policy
        ));
    }
    match labels.is_empty() {
        true => String::new(),
        false => format!("{{{}}}", labels.join(",")),
    }
}

fn per_reader(
    out: &mut String,
    rings: &[Numbers],
    name: &str,
    kind: &str,
    help: &str,
    value: impl Fn(&ReaderStats) -> u64,
) {
    push_help(out, name, kind, help);
    for ring in rings {
        let readers = ring.stats.readers.iter();
        for reader in readers.filter(|reader| is_lossless(reader)) {
            let labels = labels(ring, Some(reader));
            let _ = writeln!(out, "circular_{name}{labels} {}", value(reader));
        }
    }
}
