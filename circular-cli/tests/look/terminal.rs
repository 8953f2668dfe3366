//! On a terminal, which is script(1)'s.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use circular_core::Level;

use crate::rings::{Rings, write, write_shop};

/// The command on a terminal. What it sees of the keyboard is the child's standard input.
fn on_terminal(rings: &Rings, variables: &[(&str, &str)], args: &[&str]) -> Child {
    let words = [
        &[env!("CARGO_BIN_EXE_circular")],
        args,
        &["-D", rings.0.to_str().unwrap()],
    ]
    .concat();
    let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    // Whoever runs the tests may ignore interrupts, in a shell's background.
    let mut command = Command::new("env");
    command.args(["--default-signal", "script"]);
    command.args([
        "--quiet",
        "--return",
        "--command",
        &format!("exec {}", quoted.join(" ")),
        "/dev/null",
    ]);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("TZ", "UTC")
        .env("SHELL", "/bin/sh");
    command.env("TERM", "xterm").envs(variables.iter().copied());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script, of bsdutils, is needed")
}

/// All that the terminal got, and the exit status.
fn shown(mut child: Child) -> (String, Option<i32>) {
    let mut out = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
    let status = child.wait().unwrap();
    (
        String::from_utf8_lossy(&out).replace("\r\n", "\n"),
        status.code(),
    )
}

/// What comes up to a text.
fn until(out: &mut impl Read, text: &[u8]) -> Vec<u8> {
    let mut seen = Vec::new();
    while !seen.ends_with(text) {
        let mut byte = [0];
        out.read_exact(&mut byte).unwrap();
        seen.push(byte[0]);
    }
    seen
}

const PLAIN: &[(&str, &str)] = &[("PAGER", "")];

#[test]
fn colours_by_level_dimmed_time_and_aligned_targets() {
    let rings = Rings::new();
    write_shop(&rings.ring("shop"));
    let (out, code) = shown(on_terminal(
        &rings,
        PLAIN,
        &["tail", "-n2", "-l", "warn", "shop"],
    ));
    let line = |time: &str, color: &str, level: &str, target: &str, text: &str| {
        format!("\x1b[2m{time}\x1b[0m \x1b[{color}m{level}\x1b[0m \x1b[36m{target}\x1b[0m {text}\n")
    };
    let expected = [
        line(
            "2026-11-28 10:02:00.000",
            "33",
            "WARN ",
            "shop::db",
            "pool is empty",
        ),
        line(
            "2026-11-28 10:03:00.000",
            "31;1",
            "ERROR",
            "shop::cart",
            "cart 7 failed: timeout",
        ),
    ];
    assert_eq!((out, code), (expected.concat(), Some(0)));
}

#[test]
fn targets_are_padded_json_is_read_out_and_long_lines_are_the_terminals() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write(&ring, Level::Info, "shop::cart", 0, "open");
    write(
        &ring,
        Level::Info,
        "db",
        1,
        r#"{"level":"info","msg":"ready","size":8}"#,
    );
    let long = "x".repeat(500);
    write(&ring, Level::Info, "db", 2, &long);
    let (out, _) = shown(on_terminal(
        &rings,
        &[("PAGER", ""), ("COLUMNS", "40")],
        &["tail", "--color=never", "shop"],
    ));
    let expected = format!(
        "2026-11-28 10:00:00.000 INFO  shop::cart open\n\
         2026-11-28 10:00:01.000 INFO  db         ready size=8\n\
         2026-11-28 10:00:02.000 INFO  db         {long}\n"
    );
    assert_eq!(out, expected);
}

#[test]
fn a_list_is_as_wide_as_the_terminal() {
    let rings = Rings::new();
    write_shop(&rings.ring("shop"));
    let shown_at = |columns: usize| {
        let line = format!(
            "stty cols {columns}; exec '{}' ls -q --color never -D '{}'",
            env!("CARGO_BIN_EXE_circular"),
            rings.0.display()
        );
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        let child = command
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        shown(child.spawn().unwrap()).0
    };
    let wide = shown_at(300);
    assert!(wide.contains("PATH") && wide.contains(".ring"), "{wide}");
    for columns in [100, 80, 60, 40] {
        let out = shown_at(columns);
        assert!(
            out.starts_with("PROGRAM ") && out.contains("STATE"),
            "{out}"
        );
        assert!(
            out.lines().all(|line| line.len() <= columns),
            "{columns}: {out}"
        );
    }
    assert!(shown_at(80).contains("NEWEST"), "{}", shown_at(80));
}

#[test]
fn several_rings_have_names_and_colours_of_their_own() {
    let rings = Rings::new();
    let (shop, cart) = (rings.ring("shop"), rings.ring("cart"));
    write(&shop, Level::Info, "", 0, "one");
    write(&cart, Level::Info, "", 1, "two");
    let pid = std::process::id();
    let (out, _) = shown(on_terminal(&rings, PLAIN, &["tail", "shop", "cart"]));
    let lines: Vec<_> = out.lines().collect();
    let color = |line: &str, name: &str| {
        let (color, _) = line.split_once(&format!("{name}[{pid}]\x1b[0m ")).unwrap();
        color.to_owned()
    };
    let colors = [color(lines[0], "shop"), color(lines[1], "cart")];
    assert!(
        colors.iter().all(|color| color.starts_with("\x1b[")),
        "{out:?}"
    );
    assert_ne!(colors[0], colors[1]);
}

#[test]
fn the_flag_and_variables_say_whether_there_are_colours() {
    let rings = Rings::new();
    write_shop(&rings.ring("shop"));
    for (variables, flag, is_colored) in [
        (&[][..], "auto", true),
        (&[("NO_COLOR", "1")], "auto", false),
        (&[("NO_COLOR", "1")], "always", true),
        (&[("TERM", "dumb")], "auto", false),
        (&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], "auto", true),
        (&[], "never", false),
    ] {
        let variables = [PLAIN, variables].concat();
        let (out, _) = shown(on_terminal(
            &rings,
            &variables,
            &["tail", "--color", flag, "shop"],
        ));
        assert_eq!(
            out.contains("\x1b["),
            is_colored,
            "{variables:?} {flag}: {out:?}"
        );
        assert!(out.contains("pool is empty"), "{out:?}");
    }
    let ran = rings.run(&["tail", "--color", "always", "shop"]);
    assert!(
        ran.out.contains("\x1b[33mWARN"),
        "in a pipe as well: {ran:?}"
    );
    let forced = rings
        .circular(&["tail", "shop"])
        .env("CLICOLOR_FORCE", "1")
        .output()
        .unwrap();
    assert!(forced.stdout.contains(&0x1b));
}

#[test]
fn what_a_terminal_would_obey_is_shown_and_colours_are_colours() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write(
        &ring,
        Level::Info,
        "a\x1b]0;t\x07",
        0,
        "\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b[2J\u{202e}",
    );
    for format in ["text", "short"] {
        let (out, _) = shown(on_terminal(&rings, PLAIN, &["tail", "-o", format, "shop"]));
        assert!(
            out.contains("\x1b[31mred\x1b[0m \\x1b]0;title\\x07\\x1b[2J\\u{202e}"),
            "{out:?}"
        );
        assert!(!out.contains('\x07') && !out.contains("\x1b]"), "{out:?}");
    }
    let (out, _) = shown(on_terminal(
        &rings,
        &[("PAGER", ""), ("NO_COLOR", "1")],
        &["tail", "shop"],
    ));
    assert!(
        out.contains(" red \\x1b]0;title\\x07") && !out.contains('\x1b'),
        "{out:?}"
    );
    let (out, _) = shown(on_terminal(&rings, PLAIN, &["tail", "-o", "raw", "shop"]));
    assert!(
        out.contains("\x1b]0;title\x07"),
        "raw is as it was: {out:?}"
    );
}

#[test]
fn a_pager_is_used_unless_somebody_says_otherwise_or_follows() {
    let rings = Rings::new();
    write_shop(&rings.ring("shop"));
    let pager = [("PAGER", "sed 's/^/paged /'")];
    let (out, code) = shown(on_terminal(&rings, &pager, &["dump", "shop"]));
    // The end is where whoever has come to the end sees it, and says how it ended.
    assert!(
        out.lines().all(|line| line.starts_with("paged ")),
        "{out:?}"
    );
    assert_eq!((out.lines().count(), code), (7, Some(0)), "{out:?}");
    assert!(
        out.lines().last().unwrap().contains("complete since"),
        "{out:?}"
    );
    let (out, _) = shown(on_terminal(&rings, &pager, &["dump", "--no-pager", "shop"]));
    assert!(!out.contains("paged "), "{out:?}");
    // One that ends early.
    let (out, code) = shown(on_terminal(
        &rings,
        &[("PAGER", "head -n 1")],
        &["dump", "shop"],
    ));
    assert_eq!(code, Some(0), "{out:?}");
    let (out, code) = shown(on_terminal(
        &rings,
        &[("PAGER", "/nowhere/pager")],
        &["dump", "-q", "shop"],
    ));
    assert_eq!(code, Some(1), "{out:?}");
    assert!(
        out.contains("the pager `/nowhere/pager`, of PAGER, cannot be run"),
        "{out:?}"
    );
}

#[test]
fn the_pager_is_less_if_nobody_says_and_is_told_to_leave_what_it_showed() {
    let rings = Rings::new();
    write_shop(&rings.ring("shop"));
    let bin = rings.0.join("bin");
    std::fs::create_dir(&bin).unwrap();
    let less = bin.join("less");
    // By another process: what this one writes to, a child of another test may hold open for a moment, and then it cannot be run.
    let script = "printf '#!/bin/sh\\necho \"options $LESS\"; cat\\n' >\"$0\" && chmod +x \"$0\"";
    let made = Command::new("sh").arg("-c").arg(script).arg(&less).status();
    assert!(made.unwrap().success());
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    for (variables, options) in [
        (&[("PATH", &*path)][..], "options FRX\n"),
        (&[("PATH", &path), ("LESS", "-i")], "options -i -R\n"),
    ] {
        let (out, _) = shown(on_terminal(&rings, variables, &["dump", "-q", "shop"]));
        assert!(out.starts_with(options), "{out:?}");
    }
    // As JSON, what is told is an object in it, and nothing goes over its screen.
    let (out, _) = shown(on_terminal(
        &rings,
        &[("PAGER", "cat -A")],
        &[
            "tail",
            "-o",
            "json",
            "--after-cursor",
            "00000000000000ab.1.2",
            "shop",
        ],
    ));
    assert!(out.lines().all(|line| line.starts_with('{')), "{out:?}");
}

#[test]
fn a_terminal_that_cannot_do_anything_gets_no_pager() {
    let rings = Rings::new();
    write_shop(&rings.ring("shop"));
    for term in ["dumb", ""] {
        let variables = [("PAGER", "sed 's/^/paged /'"), ("TERM", term)];
        let (out, code) = shown(on_terminal(&rings, &variables, &["dump", "-q", "shop"]));
        assert_eq!(code, Some(0), "{term:?}: {out:?}");
        assert!(out.contains("read 12 bytes"), "{term:?}: {out:?}");
        assert!(!out.contains("paged "), "{term:?}: {out:?}");
    }
}

#[test]
fn ctrl_c_is_the_pagers() {
    let rings = Rings::new();
    write_shop(&rings.ring("shop"));
    // One that says so when it comes, and ends when it has had everything.
    let pager = "trap 'echo interrupted' INT; read line; echo \"$line\"; read line </dev/tty; cat";
    let mut child = on_terminal(&rings, &[("PAGER", pager)], &["dump", "-q", "shop"]);
    let mut out = child.stdout.take().unwrap();
    let mut seen = until(&mut out, b"open");
    child.stdin.as_mut().unwrap().write_all(b"\x03\n").unwrap();
    out.read_to_end(&mut seen).unwrap();
    let seen = String::from_utf8(seen).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{seen:?}");
    assert!(seen.contains("read 12 bytes"), "all of it: {seen:?}");
    assert!(seen.contains("interrupted"), "the pager had it: {seen:?}");
}

#[test]
fn ctrl_c_ends_it_at_once_with_130() {
    let rings = Rings::new();
    write_shop(&rings.ring("shop"));
    let mut child = on_terminal(&rings, PLAIN, &["tail", "-f", "shop"]);
    until(child.stdout.as_mut().unwrap(), b"12 bytes");
    child.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
}

#[test]
fn notices_stand_between_the_lines_they_are_between() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    let other = rings.ring("cart");
    write_shop(&ring);
    write(&other, Level::Info, "", 0, "seven");
    let cursor = rings.run(&["tail", "-n1", "--show-cursor", "shop"]).out;
    let cursor = cursor
        .lines()
        .last()
        .unwrap()
        .strip_prefix("-- cursor: ")
        .unwrap()
        .to_owned();
    let (out, _) = shown(on_terminal(
        &rings,
        PLAIN,
        &["tail", "--after-cursor", &cursor, "cart"],
    ));
    let lines: Vec<_> = out.lines().collect();
    assert!(
        lines[0].starts_with("--- restarted") && lines[1].ends_with("seven"),
        "{out:?}"
    );
}
