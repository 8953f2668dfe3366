//! `recorder`, seen from outside: this test binary again, told to run `child` alone.

use std::env;
use std::io::{self, Write as _};
use std::process::{self, Command, Output};
use std::time::Duration;

use tracing_subscriber::Layer as _;
use tracing_subscriber::prelude::*;

/// Says what `child` is to do.
const CHILD: &str = "CIRCULAR_TRACING_TEST_CHILD";

/// Begins each line of a child's stdout that is not the test harness's.
const MARK: &str = "recorded: ";

#[test]
fn child() {
    let Ok(what) = env::var(CHILD) else {
        return;
    };
    if what == "taken" {
        // One that is over does not count.
        tracing::subscriber::with_default(tracing_subscriber::registry(), || {});
        tracing::subscriber::set_global_default(tracing_subscriber::registry()).unwrap();
        let error = circular_tracing::recorder("my-shop").init().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert!(error.to_string().contains("a subscriber"), "{error}");
        // The logger is still to be had.
        assert_eq!(log::max_level(), log::LevelFilter::Off);
        tracing_log::LogTracer::init().unwrap();
        return;
    }
    tracing::subscriber::with_default(tracing_subscriber::registry(), || {});
    let builder = circular_tracing::recorder("my-shop")
        .capacity(1 << 20)
        .record("debug")
        .console("info")
        .patience(Duration::from_secs(10));
    let recorder = match &*what {
        "layer" => {
            let (layer, recorder) = builder.layer().unwrap();
            // A layer of the program's own, in front.
            let other = tracing_subscriber::fmt::layer()
                .with_writer(io::sink)
                .with_filter(tracing_subscriber::filter::LevelFilter::ERROR);
            tracing_subscriber::registry()
                .with(other)
                .with(layer)
                .init();
            recorder
        }
        _ => builder.init().unwrap(),
    };
    let second = circular_tracing::recorder("other").init().unwrap_err();
    assert_eq!(second.kind(), io::ErrorKind::AlreadyExists);

    tracing::error!(target: "shop", "one");
    tracing::info!(target: "shop::cart", "two");
    tracing::debug!(target: "net", "three");
    tracing::trace!(target: "net", "four");
    log::info!(target: "old", "five");
    log::debug!(target: "old", "six");
    log::trace!(target: "old", "seven");

    let mut out = io::stdout().lock();
    writeln!(out).unwrap();
    for record in recorder.handle().snapshot().records() {
        let text = String::from_utf8_lossy(record.bytes());
        let (_, rest) = text.trim_end().split_once("Z ").unwrap();
        writeln!(out, "{MARK}{}", rest.trim_start()).unwrap();
    }
    match &*what {
        "exit" => process::exit(0),
        "panic" => panic!("as a program does that fails"),
        _ => drop(recorder),
    }
}

const ALL: [&str; 7] = [
    "ERROR shop: one",
    "INFO shop::cart: two",
    "DEBUG net: three",
    "TRACE net: four",
    "INFO old: five",
    "DEBUG old: six",
    "TRACE old: seven",
];

fn output(what: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture"]);
    // Not all: what measures coverage says in one where its counts go.
    for name in [
        "RUST_LOG",
        "MY_SHOP_RECORD",
        "NO_COLOR",
        "FORCE_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "RUST_BACKTRACE",
    ] {
        command.env_remove(name);
    }
    // The children's rings, which are in files.
    command.env("CIRCULAR_DIR", env!("CARGO_TARGET_TMPDIR"));
    command.env(CHILD, what);
    command.envs(variables.iter().copied());
    command.output().unwrap()
}

/// What was recorded, and what was printed.
fn run(what: &str, variables: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let output = output(what, variables);
    let (stdout, stderr) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    let recorded = stdout.lines().filter_map(|line| line.strip_prefix(MARK));
    let printed = stderr.lines().filter_map(|line| {
        let line = line.split_once("Z ")?.1.trim_start();
        ALL.contains(&line).then_some(line)
    });
    (
        recorded.map(str::to_owned).collect(),
        printed.map(str::to_owned).collect(),
    )
}

#[test]
fn what_tracing_and_log_say_is_kept_and_a_part_printed() {
    // RUST_LOG, MY_SHOP_RECORD, what is kept, what is printed.
    type Case = (
        &'static str,
        &'static str,
        &'static [usize],
        &'static [usize],
    );
    let cases: &[Case] = &[
        ("", "", &[0, 1, 2, 4, 5], &[0, 1, 4]),
        ("warn", "", &[0, 1, 2, 4, 5], &[0]),
        ("off", "", &[0, 1, 2, 4, 5], &[]),
        ("", "trace", &[0, 1, 2, 3, 4, 5, 6], &[0, 1, 4]),
        ("trace", "", &[0, 1, 2, 3, 4, 5, 6], &[0, 1, 2, 3, 4, 5, 6]),
        ("shop=info", "off,old=debug", &[0, 1, 4, 5], &[0, 1]),
        ("shop[span]=info,warn", "shop=loud", &[0, 1, 2, 4, 5], &[0]),
    ];
    let pick = |numbers: &[usize]| -> Vec<String> {
        numbers
            .iter()
            .map(|&number| ALL[number].to_owned())
            .collect()
    };
    for what in ["init", "layer"] {
        for (rust_log, record, kept, printed) in cases {
            let (recorded, shown) =
                run(what, &[("RUST_LOG", rust_log), ("MY_SHOP_RECORD", record)]);
            assert_eq!(recorded, pick(kept), "{what} {rust_log:?} {record:?}");
            assert_eq!(shown, pick(printed), "{what} {rust_log:?} {record:?}");
        }
    }
}

#[test]
fn everything_is_printed_however_the_program_ends() {
    for what in ["init", "exit", "panic"] {
        let (_, printed) = run(what, &[]);
        assert_eq!(printed.len(), 3, "{what}: {printed:?}");
    }
}

#[test]
fn colours_are_for_terminals_and_for_who_asks() {
    let coloured = |variables: &[(&str, &str)]| {
        let stderr = output("init", variables).stderr;
        let text = String::from_utf8(stderr).unwrap();
        assert!(text.contains("shop: one"), "{text}");
        text.contains("\x1b[31mERROR\x1b[0m")
    };
    // This is a pipe.
    assert!(!coloured(&[]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(coloured(&[("FORCE_COLOR", "1")]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "0")]));
    assert!(!coloured(&[("FORCE_COLOR", "0")]));
    assert!(!coloured(&[
        ("FORCE_COLOR", "false"),
        ("CLICOLOR_FORCE", "1")
    ]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[test]
fn where_there_is_a_subscriber_nothing_is_changed() {
    let output = output("taken", &[]);
    assert!(output.status.success(), "{output:?}");
}

#[cfg(target_os = "linux")]
mod in_a_file {
    use super::output;
    use circular_core::{RingFile, RingState};
    use std::fs;
    use std::path::{Path, PathBuf};

    /// A directory of the test's own.
    fn dir(name: &str) -> PathBuf {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    fn stderr(what: &str, dir: &Path) -> String {
        let output = output(what, &[("CIRCULAR_DIR", dir.to_str().unwrap())]);
        String::from_utf8(output.stderr).unwrap()
    }

    #[test]
    fn the_ring_is_there_after_the_end_and_was_said_to_be() {
        let dir = dir("tracing-after");
        for (what, state) in [("init", RingState::Closed), ("exit", RingState::Closed)] {
            let stderr = stderr(what, &dir);
            let said = stderr
                .split_once("the log stays in ")
                .and_then(|(_, rest)| rest.split_once(" when the program is killed"));
            let (path, _) = said.unwrap_or_else(|| panic!("{stderr}"));
            let file = RingFile::open(path).unwrap();
            assert_eq!(file.state().unwrap(), state, "{what}");
            assert_eq!(file.info().program, "my-shop");
            assert_eq!(file.snapshot().unwrap().record_count(), 5);
        }
    }

    /// Each child also asks for a second recorder, in vain.
    #[test]
    fn one_that_fails_leaves_no_file() {
        let dir = dir("tracing-fails");
        stderr("init", &dir);
        let listed = RingFile::list(&dir).unwrap();
        let programs: Vec<String> = listed
            .into_iter()
            .map(|listed| listed.ring.unwrap().info().program)
            .collect();
        assert_eq!(programs, ["my-shop"]);
    }

    #[test]
    fn without_a_file_the_program_starts_and_says_why() {
        let dir = dir("tracing-nowhere").join("is-not-there");
        let output = output("init", &[("CIRCULAR_DIR", dir.to_str().unwrap())]);
        assert!(output.status.success());
        let stderr = String::from_utf8(output.stderr).unwrap();
        let told = stderr.lines().find(|line| line.contains("in memory only"));
        assert!(
            told.is_some_and(|line| line.contains("is-not-there")),
            "{stderr}"
        );
    }
}
