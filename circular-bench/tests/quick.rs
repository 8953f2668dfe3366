//! The program, as one runs it to see whether it works.

use serde_json::Value;
use std::process::Command;
use std::{env, fs, process};

/// The rows of the table that says what circular must show.
const ROWS: [&str; 31] = [
    "write 128 B, 1 writer / clock, Mutex, memcpy",
    "write 128 B, 2 writers / clock, Mutex, memcpy",
    "write 128 B, 8 writers / 1 writer",
    "write 128 B, 1 writer / VecDeque<String>",
    "write 128 B, 1 writer / broadcast",
    "write 128 B, 1 writer / crossbeam",
    "write 128 B, 2 writers / VecDeque<String>",
    "write 128 B, 2 writers / broadcast",
    "write 128 B, 2 writers / crossbeam",
    "1 writer, 1 lossless reader / broadcast",
    "1 writer, 1 lossless reader / crossbeam",
    "1 writer, 1 lossless reader / appender lossless",
    "write 4096 B, 1 writer / Mutex, memcpy",
    "stuck skipping reader / no reader",
    "write 128 B, 1 writer, in a file / on the heap",
    "write 128 B, 2 writers, in a file / on the heap",
    "write 128 B, 1 writer, crashes noted / in a file",
    "in a file, first lap p99 / second lap p99",
    "in a file, 1 follower / no reader",
    "event, RingLayer / fmt to sink",
    "JSON event, RingLayer / fmt JSON to sink",
    "log record, RingLogger / env_logger to sink",
    "catch-up of a full ring, into a sink / memcpy",
    "wake-up p50 / bare futex",
    "allocations per write",
    "allocations per write, in a file",
    "allocations per event",
    "allocations per event in spans",
    "allocations per JSON event",
    "allocations per JSON event in spans",
    "allocations per log record",
];

/// Runs it; what it says, and the JSON that it wrote.
fn run(arguments: &[&str]) -> (String, Value) {
    let name = format!("circular-bench-{}-{}", process::id(), arguments.len());
    let (json, svg) = (
        env::temp_dir().join(format!("{name}.json")),
        env::temp_dir().join(format!("{name}.svg")),
    );
    let output = Command::new(env!("CARGO_BIN_EXE_circular-bench"))
        .arg("--quick")
        .args(arguments)
        .arg("--json")
        .arg(&json)
        .arg("--svg")
        .arg(&svg)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let found = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let plot = fs::read_to_string(&svg).unwrap();
    assert!(plot.starts_with("<svg") && plot.ends_with("</svg>\n"));
    fs::remove_file(json).unwrap();
    fs::remove_file(svg).unwrap();
    (said, found)
}

#[test]
fn a_quick_run_has_every_row() {
    let (said, found) = run(&["--markdown"]);
    let rows = found["rows"].as_array().unwrap();
    let names: Vec<_> = rows
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ROWS);
    for row in rows {
        assert!(row["found"]["median"].is_f64(), "{row}");
        assert!(row["is_met"].is_boolean(), "{row}");
    }
    for group in found["groups"].as_array().unwrap() {
        for cell in group["cells"].as_array().unwrap() {
            assert!(cell["found"]["median"].is_f64(), "{cell}");
        }
    }
    let last = said.lines().last().unwrap();
    assert!(
        last.starts_with("31 rows: ") && last.ends_with("; 0 not measured."),
        "{last}"
    );
}

#[test]
fn a_group_alone_leaves_the_other_rows_open() {
    let (said, found) = run(&["--only", "allocations"]);
    assert_eq!(found["groups"].as_array().unwrap().len(), 1);
    let last = said.lines().last().unwrap();
    assert!(
        last.starts_with("31 rows: ") && last.ends_with("; 24 not measured."),
        "{last}"
    );
}

#[test]
fn what_there_is_not_is_said() {
    let output = Command::new(env!("CARGO_BIN_EXE_circular-bench"))
        .args(["--only", "no such group"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("catch-up")
    );
}
