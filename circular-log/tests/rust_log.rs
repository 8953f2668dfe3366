//! `init`: what `RUST_LOG` does, seen from outside. Each case is a program of its own, since a
//! program has one logger and one environment: this test binary again, told to run `child` alone.

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::process::Command;

use circular_core::Ring;
use log::LevelFilter;

/// Says that a run of `child` is meant.
const CHILD: &str = "CIRCULAR_LOG_TEST_CHILD";

/// Begins each line of a child's stdout that is not the test harness's.
const MARK: &str = "recorded: ";

/// The program under test: `init`, three targets at every level, then what was recorded.
#[test]
fn child() {
    if env::var_os(CHILD).is_none() {
        return;
    }
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    circular_log::init(ring).unwrap();
    let max = log::max_level();

    let second = circular_log::init(Ring::new(4096).unwrap()).unwrap_err();
    assert_eq!(
        second.to_string(),
        log::set_boxed_logger(Box::new(Quiet))
            .unwrap_err()
            .to_string(),
        "the error of the `log` crate, passed on"
    );
    assert_eq!(log::max_level(), max, "an init that fails changes nothing");

    for target in ["shop", "shop::cart", "net"] {
        for level in log::Level::iter() {
            log::log!(target: target, level, "hello");
        }
    }

    let mut out = io::stdout().lock();
    writeln!(out, "\n{MARK}max {max}").unwrap();
    for record in handle.snapshot().records() {
        writeln!(out, "{MARK}{} {}", record.target(), record.level().unwrap()).unwrap();
    }
}

/// A logger that does nothing, for an error to compare with.
struct Quiet;

impl log::Log for Quiet {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        false
    }
    fn log(&self, _: &log::Record<'_>) {}
    fn flush(&self) {}
}

/// What a child said: the marked lines of its stdout, and its stderr.
fn run(rust_log: Option<&OsStr>) -> (Vec<String>, String) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture"]);
    command.env(CHILD, "1").env_remove("RUST_LOG");
    if let Some(rust_log) = rust_log {
        command.env("RUST_LOG", rust_log);
    }
    let output = command.output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stdout}\n{stderr}");
    let marked = stdout.lines().filter_map(|line| line.strip_prefix(MARK));
    (marked.map(str::to_owned).collect(), stderr)
}

/// What a child says when it recorded `target`s down to the level beside them.
fn expected(max: LevelFilter, targets: &[(&str, LevelFilter)]) -> Vec<String> {
    let mut lines = vec![format!("max {max}")];
    for (target, deepest) in targets {
        for level in log::Level::iter().filter(|level| level <= deepest) {
            lines.push(format!("{target} {level}"));
        }
    }
    lines
}

#[test]
fn debug_for_everything_when_unset_or_empty() {
    use LevelFilter::Debug;
    for rust_log in [None, Some(OsStr::new("")), Some(OsStr::new(" , "))] {
        let (recorded, stderr) = run(rust_log);
        let all = [("shop", Debug), ("shop::cart", Debug), ("net", Debug)];
        assert_eq!(recorded, expected(Debug, &all), "{rust_log:?}");
        assert_eq!(stderr, "", "{rust_log:?}");
    }
}

#[test]
fn directives_are_followed() {
    use LevelFilter::{Info, Off, Trace, Warn};
    let cases = [
        ("info", Info, [Info, Info, Info]),
        ("off", Off, [Off, Off, Off]),
        ("warn,shop::cart=trace", Trace, [Warn, Trace, Warn]),
        ("net=info", Info, [Off, Off, Info]),
        ("trace/no record says this", Trace, [Off, Off, Off]),
        ("info/hell", Info, [Info, Info, Info]),
    ];
    for (rust_log, max, [shop, cart, net]) in cases {
        let (recorded, stderr) = run(Some(OsStr::new(rust_log)));
        let targets = [("shop", shop), ("shop::cart", cart), ("net", net)];
        assert_eq!(recorded, expected(max, &targets), "{rust_log:?}");
        assert_eq!(stderr, "", "{rust_log:?}");
    }
}

/// The bad part is named, the good ones are not, and the rest holds.
#[test]
fn a_bad_part_is_named_and_the_rest_holds() {
    use LevelFilter::{Debug, Info, Off, Trace};
    let cases: &[(&str, LevelFilter, [LevelFilter; 3], &[&str])] = &[
        ("shop=loud,net=info", Info, [Off, Off, Info], &["shop=loud"]),
        (
            "net=info,shop=a=b,shop=99",
            Info,
            [Off, Off, Info],
            &["shop=a=b", "shop=99"],
        ),
        ("shop=loud", Debug, [Debug, Debug, Debug], &["shop=loud"]),
        ("net=trace/hello/x", Trace, [Off, Off, Trace], &["/hello/x"]),
    ];
    for (rust_log, max, [shop, cart, net], bad) in cases {
        let (recorded, stderr) = run(Some(OsStr::new(rust_log)));
        let targets = [("shop", *shop), ("shop::cart", *cart), ("net", *net)];
        assert_eq!(recorded, expected(*max, &targets), "{rust_log:?}");
        let said: Vec<&str> = stderr.lines().collect();
        assert_eq!(
            said.len(),
            bad.len(),
            "one line for each bad part: {stderr}"
        );
        for (line, bad) in said.iter().zip(*bad) {
            assert!(
                line.contains("RUST_LOG") && line.contains(&format!("{bad:?}")),
                "{line}"
            );
            assert!(!line.contains("net="), "only the bad part is named: {line}");
        }
    }
}

#[cfg(unix)]
#[test]
fn bytes_that_are_no_text_spoil_their_own_part_only() {
    use std::os::unix::ffi::OsStrExt as _;

    let (recorded, stderr) = run(Some(OsStr::from_bytes(
        b"shop=inf\xff,sh\xffop=info,net=warn",
    )));
    assert_eq!(
        recorded,
        expected(LevelFilter::Warn, &[("net", LevelFilter::Warn)])
    );
    assert_eq!(stderr.lines().count(), 2, "{stderr}");
    assert!(
        stderr.contains("shop=inf\u{fffd}") && stderr.contains("sh\u{fffd}op=info"),
        "{stderr}"
    );
}

/// A program whose stderr takes nothing goes on.
#[cfg(target_os = "linux")]
#[test]
fn a_stderr_that_fails_ends_nothing() {
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, "1")
        .env("RUST_LOG", "shop=loud,net=info")
        .stderr(full)
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("recorded: net INFO")
    );
}
