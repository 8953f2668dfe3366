//! What every command does alike.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use circular_core::{Level, Ring};

use crate::rings::{Rings, circular, ran, write, write_lines, write_shop};

/// What looks at rings.
const LOOKS: [&[&str]; 5] = [
    &["ls"],
    &["tail", "shop"],
    &["tail", "-f", "shop"],
    &["dump", "shop"],
    &["stat", "shop"],
];
/// What needs none.
const OTHERS: [&[&str]; 10] = [
    &["--help"],
    &["ls", "--help"],
    &["tail", "--help"],
    &["dump", "-h"],
    &["run", "--help"],
    &["serve", "--help"],
    &["tee", "--help"],
    &["--version"],
    &["man"],
    &["completions", "bash"],
];

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write_lines(&ring, 400);
    let path = ring.handle().path().unwrap().to_owned();
    let check: &[&str] = &["check", path.to_str().unwrap()];
    for args in LOOKS.into_iter().chain(OTHERS).chain([check]) {
        // Gone before the first byte.
        let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
        let writer = reader.stdin.take().unwrap();
        reader.wait().unwrap();
        let mut command = if LOOKS.contains(&args) {
            rings.circular(args)
        } else {
            circular(args)
        };
        let output = command.stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(
            !err.contains("panic") && !err.contains("cannot write"),
            "{args:?}: {err}"
        );
    }
}

#[test]
fn output_that_cannot_be_written_is_a_failure_with_a_reason() {
    let rings = Rings::new();
    write_shop(&rings.ring("shop"));
    for args in [
        &["ls"][..],
        &["tail", "shop"],
        &["dump", "shop"],
        &["stat", "shop"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = rings.circular(args).stdout(full).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {err}");
        assert!(
            err.contains("cannot write to standard output: "),
            "{args:?}: {err}"
        );
        assert!(err.contains("Try: "), "{args:?}: {err}");
    }
}

#[test]
fn closed_streams_are_no_trouble() {
    let rings = Rings::new();
    write_shop(&rings.ring("shop"));
    let (binary, dir) = (env!("CARGO_BIN_EXE_circular"), rings.0.display());
    for streams in [">&-", "2>&-", ">&- 2>&-", "<&-"] {
        for command in [
            "dump shop",
            "tail shop",
            "ls",
            "stat shop",
            "stat -o json shop",
        ] {
            let line = format!("'{binary}' {command} -D '{dir}' {streams}");
            let output = Command::new("sh").args(["-c", &line]).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{command} {streams}");
            let err = String::from_utf8(output.stderr).unwrap();
            assert!(!err.contains("panic"), "{command} {streams}: {err}");
        }
    }
}

#[test]
fn a_reader_that_is_slow_gets_all_of_it() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    // More than a pipe holds, so that it has to wait.
    let builder = Ring::builder().capacity(1 << 20);
    let ring = {
        drop(ring);
        builder.mapped_in(&rings.0, "shop").build().unwrap()
    };
    write_lines(&ring, 4000);
    let mut command = rings.circular(&["dump", "-q", "shop"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut all = Vec::new();
    let mut some = [0; 100];
    loop {
        match out.read(&mut some).unwrap() {
            0 => break,
            count => all.extend_from_slice(&some[..count]),
        }
        std::thread::yield_now();
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(all.iter().filter(|&&byte| byte == b'\n').count(), 4000);
}

#[test]
fn an_interrupt_ends_it_amid_what_it_shows() {
    let rings = Rings::new();
    let builder = Ring::builder().capacity(1 << 20);
    let ring = builder.mapped_in(&rings.0, "shop").build().unwrap();
    write_lines(&ring, 4000);
    let command = rings.circular(&["dump", "shop"]);
    let mut fresh = Command::new("env");
    fresh
        .arg("--default-signal")
        .arg(command.get_program())
        .args(command.get_args());
    let mut child = fresh.stdout(Stdio::piped()).spawn().unwrap();
    // It has begun, and cannot go on, as nobody reads the rest.
    let out = child.stdout.as_mut().unwrap();
    out.read_exact(&mut [0; 1]).unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&child),
        rustix::process::Signal::INT,
    )
    .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn help_begins_with_three_examples_and_version_tells_the_formats() {
    let help = ran(&mut circular(&["--help"]));
    assert_eq!((help.code, &*help.err), (Some(0), ""));
    for command in [
        "",
        "ls",
        "tail",
        "dump",
        "stat",
        "check",
        "run",
        "tee",
        "completions",
        "man",
    ] {
        let args: Vec<_> = [command, "--help"]
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect();
        let help = ran(&mut circular(&args)).out;
        let mut lines = help.lines();
        assert_eq!(lines.next(), Some("Examples:"), "{command}");
        let examples = lines.take_while(|line| !line.is_empty()).count();
        assert_eq!(examples, 3, "{command}: {help}");
    }
    let version = ran(&mut circular(&["--version"])).out;
    assert!(version.contains("ring files of format 1"), "{version}");
}

#[test]
fn help_says_of_both_filters_what_becomes_of_records_without_a_level() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    ring.record(circular_core::Meta::new().target("stdout"), b"plain\n")
        .unwrap();
    for flags in [
        &["--filter", "off"][..],
        &["--filter", "stdout=off"],
        &["-l", "error"],
    ] {
        let out = rings.run(&[&["dump", "shop"], flags].concat()).out;
        assert_eq!(out, "plain\n", "{flags:?}");
    }
    for command in ["dump", "tail"] {
        let help = ran(&mut circular(&[command, "--help"])).out;
        let help: Vec<_> = help.split_whitespace().collect();
        let help = help.join(" ");
        let said = help.matches("those without a level are shown").count();
        assert_eq!(said, 2, "{command}: {help}");
    }
}

#[test]
fn it_is_the_same_in_any_locale() {
    let rings = Rings::new();
    let ring = rings.ring("shop");
    write(&ring, Level::Info, "shop", 0, "caf\u{e9} \u{2603}");
    let run = |locale: &str, args: &[&str]| {
        let output = rings.circular(args).env("LC_ALL", locale).output().unwrap();
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap())
    };
    let [dumped, _] = run("C", &["dump", "shop"]);
    assert_eq!(dumped, "caf\u{e9} \u{2603}\n");
    for args in [
        &["dump", "shop"][..],
        &["tail", "-o", "short", "shop"],
        &["tail", "-o", "json", "shop"],
        &["tail", "nothing"],
        &["--help"],
    ] {
        let in_c = run("C", args);
        for locale in ["en_US.UTF-8", "de_DE.UTF-8", "POSIX"] {
            assert_eq!(run(locale, args), in_c, "{locale} {args:?}");
        }
    }
}
