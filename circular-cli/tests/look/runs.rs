//! A cursor over the runs of a program: those that are held come, however many of those before them are gone.

use std::fs;
use std::path::PathBuf;

use circular_core::{Level, Meta};

use crate::rings::{Ran, Rings, write, write_lines};

/// A run of the shop that writes one line, and ends.
fn run_of(rings: &Rings, text: &str) -> PathBuf {
    let ring = rings.ring("shop");
    write(&ring, Level::Info, "shop", 0, text);
    ring.handle().path().unwrap().to_path_buf()
}

/// The command, with a cursor in a file, and the shop.
fn go_on(rings: &Rings, args: &[&str]) -> Ran {
    let file = rings.0.join("cursor").display().to_string();
    rings.run(&[args, &["--cursor-file", &file, "shop"]].concat())
}

#[test]
fn where_the_run_of_the_cursor_is_gone_all_that_are_held_come() {
    for (args, expected) in [
        (&["dump"][..], "f\ng\nh\n"),
        (&["tail"], "f\ng\nh\n"),
        (&["dump", "-r"], "h\ng\nf\n"),
        (&["dump", "-n", "2"], "g\nh\n"),
        (&["dump", "-r", "-n", "2"], "h\ng\n"),
        (&["dump", "-n", "100000"], "f\ng\nh\n"),
        (&["dump", "-g", "f|h"], "f\nh\n"),
        (&["dump", "-n", "1", "-g", "f"], "f\n"),
    ] {
        let rings = Rings::new();
        let a = run_of(&rings, "a");
        assert_eq!(go_on(&rings, &["dump"]).out, "a\n");
        let e = run_of(&rings, "e");
        for text in ["f", "g", "h"] {
            run_of(&rings, text);
        }
        fs::remove_file(a).unwrap();
        fs::remove_file(e).unwrap();
        let ran = go_on(&rings, args);
        assert_eq!((ran.code, &*ran.out), (Some(0), expected), "{args:?}");
        let told = ran.err.matches("is gone already").count();
        // Whoever has as many as they asked for lacks none.
        let is_enough = args.contains(&"2") || args.contains(&"1");
        assert_eq!(told, usize::from(!is_enough), "{args:?}: {ran:?}");
        assert!(!ran.err.contains("damaged"), "{ran:?}");
        // The cursor is behind all of them.
        let ran = go_on(&rings, args);
        assert_eq!((ran.code, &*ran.out), (Some(3), ""), "{args:?}: {ran:?}");
    }
}

#[test]
fn the_runs_since_come_backwards_and_counted_as_well() {
    for (args, expected) in [
        (&["dump"][..], "i2\nj\nk\n"),
        (&["dump", "-r"], "k\nj\ni2\n"),
        (&["dump", "-n", "2"], "j\nk\n"),
        (&["dump", "-n", "1"], "k\n"),
        (&["dump", "-n", "0"], ""),
        (&["dump", "-r", "-n", "2"], "k\nj\n"),
        (&["tail", "-n", "all", "-r"], "k\nj\ni2\n"),
    ] {
        let rings = Rings::new();
        let first = rings.ring("shop");
        write(&first, Level::Info, "shop", 0, "i");
        assert_eq!(go_on(&rings, &["dump"]).out, "i\n");
        write(&first, Level::Info, "shop", 1, "i2");
        drop(first);
        run_of(&rings, "j");
        run_of(&rings, "k");
        let ran = go_on(&rings, args);
        assert_eq!((ran.code, &*ran.out), (Some(0), expected), "{args:?}");
        assert!(!ran.err.contains("gone"), "{args:?}: {ran:?}");
        let restarts = ran.err.matches("--- restarted, pid ").count();
        let runs = expected.lines().count();
        assert_eq!(restarts, runs.saturating_sub(1), "{args:?}: {ran:?}");
        assert_eq!(go_on(&rings, args).out, "", "{args:?}");
    }
}

#[test]
fn programs_are_told_between_which_records_runs_are_gone() {
    let rings = Rings::new();
    run_of(&rings, "i");
    go_on(&rings, &["dump"]);
    let j = run_of(&rings, "j");
    run_of(&rings, "k");
    fs::remove_file(j).unwrap();
    let ran = go_on(&rings, &["dump", "-o", "json"]);
    let objects: Vec<serde_json::Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let is_told = |object: &serde_json::Value| object["missed_run"] == true;
    let told = objects.iter().position(is_told).unwrap();
    let text = |object: &serde_json::Value| object["text"] == "k";
    assert!(told < objects.iter().position(text).unwrap(), "{ran:?}");
    assert_eq!(objects.iter().filter(|o| is_told(o)).count(), 1, "{ran:?}");
}

#[test]
fn nothing_found_may_have_been_in_a_run_that_is_gone() {
    let rings = Rings::new();
    let a = run_of(&rings, "a");
    go_on(&rings, &["dump"]);
    run_of(&rings, "b");
    run_of(&rings, "c");
    fs::remove_file(a).unwrap();
    let ran = go_on(&rings, &["dump", "-g", "no such line"]);
    assert_eq!((ran.code, &*ran.out), (Some(4), ""), "{ran:?}");
}

#[test]
fn nothing_found_may_be_overwritten_in_a_run_since() {
    for overwrites in [1, 2] {
        let rings = Rings::new();
        run_of(&rings, "a");
        go_on(&rings, &["dump"]);
        for number in 1..=2 {
            let ring = rings.ring("shop");
            write_lines(&ring, if number == overwrites { 2000 } else { 2 });
        }
        let ran = go_on(&rings, &["dump", "-g", "no such line"]);
        assert_eq!(ran.code, Some(4), "{overwrites}: {ran:?}");
    }
}

#[test]
fn what_a_dead_run_has_overwritten_is_no_damage() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write_lines(&ring, 2);
    go_on(&rings, &["dump"]);
    write_lines(&ring, 2000);
    drop(ring);
    let ran = go_on(&rings, &["dump"]);
    assert!(
        ran.err.contains("--- missed ") && ran.err.contains(" overwritten"),
        "{ran:?}"
    );
    assert!(!ran.err.contains("damaged"), "{ran:?}");
}

#[test]
fn what_is_damaged_is_not_what_was_overwritten_before() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write_lines(&ring, 2000);
    drop(ring);
    let mut bytes = fs::read(&rings.files()[0]).unwrap();
    bytes[0x14000..0x14400].fill(0xff);
    let copy = rings.0.join("copy.ring");
    fs::write(&copy, bytes).unwrap();
    for args in [&["dump"][..], &["dump", "-r"], &["dump", "-n", "100000"]] {
        let ran = rings.run(&[args, &[copy.to_str().unwrap()]].concat());
        assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.err);
        let told = ran.err.lines().find(|line| line.starts_with("--- missed "));
        assert!(
            told.unwrap().ends_with(": the file is damaged there ---"),
            "{args:?}: {}",
            ran.err
        );
    }
}

#[test]
fn a_ring_that_is_named_by_its_path_has_the_runs_beside_it() {
    let rings = Rings::new();
    run_of(&rings, "i");
    let file = rings.0.join("cursor").display().to_string();
    go_on(&rings, &["dump"]);
    run_of(&rings, "j");
    let k = run_of(&rings, "k").display().to_string();
    let args = ["dump", "--cursor-file", &file, &k];
    let ran = crate::rings::ran(&mut crate::rings::circular(&args));
    assert_eq!((ran.code, &*ran.out), (Some(0), "j\nk\n"), "{ran:?}");
}

#[test]
fn a_run_begins_on_a_line_of_its_own() {
    let rings = Rings::new();
    run_of(&rings, "a");
    go_on(&rings, &["dump"]);
    let ring = rings.ring("shop");
    ring.record(Meta::new(), b"killed amid a li").unwrap();
    drop(ring);
    run_of(&rings, "c");
    assert_eq!(go_on(&rings, &["dump"]).out, "killed amid a li\nc\n");
}
