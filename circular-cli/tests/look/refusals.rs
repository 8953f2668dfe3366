//! Every refusal says why, and what to type next.

use std::fs;

use crate::program::Program;
use crate::rings::{Rings, circular, ran, write_shop};

#[test]
fn each_has_a_reason_a_next_command_and_a_status() {
    let rings = Rings::new();
    write_shop(&rings.ring("shop"));
    let cart = Program::start(&rings, "cart").end().to_string();
    fs::write(rings.0.join("broken.ring"), b"something else").unwrap();
    let broken = rings.0.join("broken.ring").display().to_string();
    let cursor = rings.0.join("cursor").display().to_string();
    fs::write(&cursor, "nonsense").unwrap();
    for (args, status, reason, next) in [
        (
            &["tail", "nothing"][..],
            2,
            "is called \"nothing\"; it was looked for in",
            "circular ls",
        ),
        (
            &["dump", "nothing"],
            2,
            "is called \"nothing\"",
            "circular ls",
        ),
        (
            &["stat", "nothing"],
            2,
            "is called \"nothing\"",
            "circular ls",
        ),
        (
            &["tail", "/nowhere/x.ring"],
            2,
            "/nowhere/x.ring cannot be read as a ring",
            "circular ls -D ",
        ),
        (
            &["dump", &broken],
            2,
            "cannot be read as a ring",
            "circular check ",
        ),
        (
            &["tail", "--previous", &cart],
            2,
            "there is no ring of a run of \"cart\" before",
            "circular ls",
        ),
        (
            &["tail", "-S", "soon", "shop"],
            2,
            "--since \"soon\" is no time",
            "--since 5m",
        ),
        (
            &["tail", "-U", "soon", "shop"],
            2,
            "--until \"soon\" is no time",
            "--until 5m",
        ),
        (
            &["tail", "-S", "5m", "-U", "10m", "shop"],
            2,
            "nothing can be shown: what is to be shown begins later than it ends",
            "--since with",
        ),
        (
            &["tail", "-g", "(", "shop"],
            2,
            "--grep \"(\" is no regular expression",
            "--grep with",
        ),
        (
            &["tail", "-v", "(", "shop"],
            2,
            "--exclude \"(\" is no regular expression",
            "--exclude with",
        ),
        (
            &["tail", "--time-zone", "Mars/North", "shop"],
            2,
            "there is no time zone \"Mars/North\"",
            "timedatectl list-timezones",
        ),
        (
            &["tail", "--cursor-file", &cursor, "shop"],
            2,
            "has no cursor in it",
            "rm ",
        ),
        (
            &["tail", "--cursor-file", "/nowhere/cursor", "shop"],
            1,
            "cannot leave the cursor in /nowhere/cursor",
            "--show-cursor",
        ),
        (
            &["tail", "--show-cursor", "shop", "cart"],
            2,
            "a cursor is of one ring",
            "circular tail --show-cursor",
        ),
    ] {
        let ran = rings.run(args);
        assert_eq!(ran.code, Some(status), "{args:?}: {ran:?}");
        assert!(ran.err.contains(reason), "{args:?}: {ran:?}");
        let last = ran.err.lines().last().unwrap();
        assert!(
            last.starts_with("Try: ") && last.contains(next),
            "{args:?}: {ran:?}"
        );
    }
    // What is to be typed is where it was looked for, and works.
    let ran = rings.run(&["tail", "nothing"]);
    let last = ran.err.lines().last().unwrap();
    assert_eq!(last, format!("Try: circular ls -D {}", rings.0.display()));
}

#[test]
fn where_there_is_no_ring_the_directories_are_named() {
    let rings = Rings::new();
    let dir = rings.0.display().to_string();
    for args in [
        &["ls"][..],
        &["tail", "shop"],
        &["dump", "shop"],
        &["stat", "shop"],
    ] {
        let ran = rings.run(args);
        assert_eq!((ran.code, &*ran.out), (Some(2), ""), "{args:?}: {ran:?}");
        assert!(
            ran.err.contains("there is no ring at all that can be read"),
            "{args:?}: {ran:?}"
        );
        assert!(ran.err.contains(&dir), "{args:?}: {ran:?}");
    }
    let ran = ran(&mut circular(&["ls", "-D", "/nowhere"]));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.err.contains("cannot read the directory /nowhere (-D)"),
        "{ran:?}"
    );
}

#[test]
fn wrong_usage_is_told_by_the_command_line_with_where_help_is() {
    for args in [
        &["tail"][..],
        &["nothing"],
        &["tail", "--nothing", "shop"],
        &["tail", "-l", "loud", "shop"],
        &["tail", "-o", "xml", "shop"],
        &["tail", "-n", "few", "shop"],
        &["tail", "-r", "-f", "shop"],
        &["tail", "--after-cursor", "nonsense", "shop"],
        &["dump", "one", "two"],
        &["completions", "tcsh"],
    ] {
        let ran = ran(&mut circular(args));
        assert_eq!((ran.code, &*ran.out), (Some(2), ""), "{args:?}: {ran:?}");
        assert!(ran.err.contains("--help"), "{args:?}: {ran:?}");
    }
}

#[test]
fn what_cannot_be_read_or_written_is_told_so() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write_shop(&ring);
    let dir = rings.0.display().to_string();
    // A copy of which the only way to its few records is gone.
    let mut bytes = fs::read(&rings.files()[0]).unwrap();
    bytes[0x10000..0x10020].fill(0xff);
    let damaged = rings.0.join("damaged.ring");
    fs::write(&damaged, bytes).unwrap();
    let damaged = damaged.display().to_string();
    for (args, reason, next) in [
        (
            &["man", "--dir", "/nowhere"][..],
            "cannot write /nowhere/",
            "circular man --dir DIR",
        ),
        (
            &["tail", "--cursor-file", &dir, "shop", "-D", &dir],
            "cannot read the cursor in",
            "ls -l ",
        ),
        (
            &["stat", &damaged],
            "no record can be found",
            "circular check ",
        ),
        (
            &["ls", "-D", "/nowhere"],
            "cannot read the directory /nowhere",
            "ls -ld /nowhere",
        ),
    ] {
        let ran = ran(&mut circular(args));
        assert_eq!(ran.code, Some(1), "{args:?}: {ran:?}");
        assert!(ran.err.contains(reason), "{args:?}: {ran:?}");
        let last = ran.err.lines().last().unwrap();
        assert!(
            last.starts_with("Try: ") && last.contains(next),
            "{args:?}: {ran:?}"
        );
    }
}

#[test]
fn what_to_type_is_what_helps() {
    let rings = Rings::new();
    let shop = [rings.ring("shop"), rings.ring("shop")];
    shop.iter().for_each(write_shop);
    let next = |ran: &crate::rings::Ran| {
        let last = ran.err.lines().last().unwrap().to_owned();
        last.strip_prefix("Try: ").map(String::from).unwrap()
    };
    // What is typed so works.
    let again = |line: &str| {
        let binary = std::path::Path::new(env!("CARGO_BIN_EXE_circular"));
        let dirs = binary.parent().unwrap().display();
        let path = format!("{dirs}:{}", std::env::var("PATH").unwrap());
        let mut shell = std::process::Command::new("sh");
        shell
            .args(["-c", line])
            .current_dir(&rings.0)
            .env("PATH", path);
        ran(&mut shell)
    };
    let file = rings.0.join("cursor").display().to_string();
    let ran_several = rings.run(&["tail", "--cursor-file", &file, "shop"]);
    assert_eq!(ran_several.code, Some(2), "{ran_several:?}");
    let line = next(&ran_several);
    assert!(
        line.starts_with(&format!("circular tail --cursor-file {file} ")),
        "{line}"
    );
    let ran_one = again(&line);
    assert_eq!(
        (ran_one.code, ran_one.out.lines().count()),
        (Some(0), 5),
        "{ran_one:?}"
    );
    // With a cursor, its own ring.
    let ran_several = rings.run(&["tail", "--cursor-file", &file, "shop"]);
    let ran_one = again(&next(&ran_several));
    assert_eq!((ran_one.code, &*ran_one.out), (Some(3), ""), "{ran_one:?}");

    fs::write(rings.0.join("-x"), b"something else").unwrap();
    let ran_dash = ran(circular(&["dump", "-D", ".", "--", "-x"]).current_dir(&rings.0));
    assert_eq!(ran_dash.code, Some(2), "{ran_dash:?}");
    let ran_check = again(&next(&ran_dash));
    assert_eq!(ran_check.code, Some(1), "{ran_check:?}");
    assert!(ran_check.out.contains("this is no ring"), "{ran_check:?}");
}

#[test]
fn a_path_is_said_once() {
    let rings = Rings::new();
    fs::write(rings.0.join("broken.ring"), b"something else").unwrap();
    let broken = rings.0.join("broken.ring").display().to_string();
    for args in [&["dump", &*broken][..], &["ls"], &["tail", "shop"]] {
        let ran = rings.run(args);
        let mut lines = ran.err.lines().filter(|line| !line.starts_with("Try: "));
        let line = lines.find(|line| line.contains(&broken)).unwrap();
        assert_eq!(line.matches(&broken).count(), 1, "{args:?}: {line}");
    }
}
