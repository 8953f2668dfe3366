//! `recorder` and `init`, seen from outside. Each case is a program of its own, since a program has one
//! logger and one environment: this test binary again, told to run `child` alone.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{self, Command, Output};
use std::time::Duration;

use circular_core::{Redacted, Ring};
use log::LevelFilter;

/// Says what `child` is to do.
const CHILD: &str = "CIRCULAR_LOG_TEST_CHILD";
const DIR: &str = "CIRCULAR_LOG_TEST_DIR";

/// Begins each line of a child's stdout that is not the test harness's.
const MARK: &str = "recorded: ";

/// The program under test: three targets at every level, then what was recorded.
#[test]
fn child() {
    let Ok(what) = env::var(CHILD) else {
        return;
    };
    let dir = env::var(DIR).unwrap_or_default();
    let (handle, recorder) = match &*what {
        "init" => {
            let ring = Ring::new(1 << 20).unwrap();
            let handle = ring.handle();
            circular_log::init(ring).unwrap();
            (handle, None)
        }
        _ => {
            let mut builder = circular_log::recorder("my-shop").capacity(1 << 20);
            builder = match &*what {
                "quiet" => builder.no_console(),
                "bad" => builder.record("shop=loud,net=info").console("off"),
                "dumps" => builder
                    .dumps(dir)
                    .dump_on_error()
                    .redact(|_| Redacted::Keep)
                    .patience(Duration::from_secs(10))
                    .console("off"),
                _ => builder.record("debug").console("info"),
            };
            assert!(format!("{builder:?}").contains("my-shop"));
            let recorder = builder.init().unwrap();
            assert!(format!("{recorder:?}").contains("patience"));
            (recorder.handle(), Some(recorder))
        }
    };
    let max = log::max_level();
    let second = circular_log::init(Ring::new(4096).unwrap()).unwrap_err();
    assert_eq!(
        second.to_string(),
        log::set_boxed_logger(Box::new(Quiet))
            .unwrap_err()
            .to_string(),
        "the error of the `log` crate, passed on"
    );
    let second = circular_log::recorder("other").init().unwrap_err();
    assert_eq!(second.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(log::max_level(), max, "an init that fails changes nothing");

    for target in ["shop", "shop::cart", "net"] {
        for level in log::Level::iter() {
            log::log!(target: target, level, "hello");
        }
    }

    if what == "dumps" {
        // What comes behind the last error may be in no dump.
        log::error!(target: "end", "of what is dumped");
    }

    let mut out = io::stdout().lock();
    writeln!(out, "\n{MARK}max {max}").unwrap();
    for record in handle.snapshot().records() {
        writeln!(out, "{MARK}{} {}", record.target(), record.level().unwrap()).unwrap();
    }
    match &*what {
        "exit" => process::exit(0),
        "panic" => panic!("as a program does that fails"),
        _ => drop(recorder),
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

fn command(what: &str, variables: &[(&str, &OsStr)]) -> Command {
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
    command
}

/// What was recorded, and what was printed.
#[derive(Debug)]
struct Said {
    recorded: Vec<String>,
    stderr: String,
}

impl Said {
    fn by(output: Output) -> Self {
        let stdout = String::from_utf8(output.stdout).unwrap();
        let marked = stdout.lines().filter_map(|line| line.strip_prefix(MARK));
        Self {
            recorded: marked.map(str::to_owned).collect(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The same as `recorded`, of the lines that were printed.
    fn printed(&self) -> Vec<String> {
        let lines = self.stderr.lines().filter_map(|line| {
            let line = line.strip_suffix(": hello")?;
            let mut words = line.split_whitespace().skip(1);
            let (level, target) = (words.next()?, words.next()?);
            Some(format!("{target} {level}"))
        });
        lines.collect()
    }
}

fn run(what: &str, variables: &[(&str, &str)]) -> Said {
    let variables: Vec<_> = variables
        .iter()
        .map(|&(name, value)| (name, OsStr::new(value)))
        .collect();
    let output = command(what, &variables).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    Said::by(output)
}

/// The lines of `target`s down to the level beside them.
fn lines(targets: [LevelFilter; 3]) -> Vec<String> {
    let mut lines = Vec::new();
    for (target, deepest) in ["shop", "shop::cart", "net"].into_iter().zip(targets) {
        for level in log::Level::iter().filter(|&level| level <= deepest) {
            lines.push(format!("{target} {level}"));
        }
    }
    lines
}

fn with_max(max: LevelFilter, targets: [LevelFilter; 3]) -> Vec<String> {
    let mut all = vec![format!("max {max}")];
    all.extend(lines(targets));
    all
}

#[test]
fn init_records_debug_whatever_rust_log_says() {
    use LevelFilter::Debug;
    for value in ["", "warn", "off", "shop=loud"] {
        let said = run("init", &[("RUST_LOG", value)]);
        assert_eq!(said.recorded, with_max(Debug, [Debug; 3]), "{value}");
        assert_eq!(said.stderr, "", "{value}");
    }
}

#[test]
fn rust_log_says_what_is_printed_and_the_programs_variable_what_is_kept() {
    use LevelFilter::{Debug, Info, Off, Trace, Warn};

    // RUST_LOG, MY_SHOP_RECORD, the deepest level of all, what is kept, what is printed.
    type Case = (
        &'static str,
        &'static str,
        LevelFilter,
        [LevelFilter; 3],
        [LevelFilter; 3],
    );
    let cases: &[Case] = &[
        ("", "", Debug, [Debug; 3], [Info; 3]),
        (" , ", ",", Debug, [Debug; 3], [Info; 3]),
        ("warn", "", Debug, [Debug; 3], [Warn; 3]),
        ("off", "", Debug, [Debug; 3], [Off; 3]),
        ("net=warn", "", Debug, [Debug; 3], [Off, Off, Warn]),
        ("", "trace", Trace, [Trace; 3], [Info; 3]),
        (
            "warn",
            "off,shop::cart=trace",
            Trace,
            [Warn, Trace, Warn],
            [Warn; 3],
        ),
        // What is printed is kept.
        ("trace", "", Trace, [Trace; 3], [Trace; 3]),
        (
            "info,net=trace",
            "off",
            Trace,
            [Info, Info, Trace],
            [Info, Info, Trace],
        ),
        ("off", "off", Off, [Off; 3], [Off; 3]),
    ];
    for (rust_log, record, max, kept, printed) in cases {
        let said = run("", &[("RUST_LOG", rust_log), ("MY_SHOP_RECORD", record)]);
        assert_eq!(
            said.recorded,
            with_max(*max, *kept),
            "{rust_log:?} {record:?}"
        );
        assert_eq!(said.printed(), lines(*printed), "{rust_log:?} {record:?}");
    }
}

#[test]
fn without_a_console_nothing_is_printed() {
    use LevelFilter::Debug;
    let said = run("quiet", &[("RUST_LOG", "trace,shop=loud")]);
    assert_eq!(said.recorded, with_max(Debug, [Debug; 3]));
    assert_eq!(said.stderr, "");
}

/// The bad part is named, the good ones are not, and the rest holds; if nothing is left, what the program says.
#[test]
fn a_bad_directive_is_named_and_the_rest_holds() {
    use LevelFilter::{Debug, Info, Off};
    for (variable, value, kept, printed, bad) in [
        (
            "RUST_LOG",
            "shop=loud,net=info",
            [Debug; 3],
            [Off, Off, Info],
            &["shop=loud"][..],
        ),
        (
            "RUST_LOG",
            "shop=loud",
            [Debug; 3],
            [Info; 3],
            &["shop=loud"],
        ),
        // What is good is "off".
        ("RUST_LOG", "off,bad]", [Debug; 3], [Off; 3], &["bad]"]),
        (
            "RUST_LOG",
            "info/hello",
            [Debug; 3],
            [Info; 3],
            &["info/hello"],
        ),
        (
            "MY_SHOP_RECORD",
            "net=debug,shop=a=b,shop=99",
            [Info, Info, Debug],
            [Info; 3],
            &["shop=a=b", "shop=99"],
        ),
    ] {
        let said = run("", &[(variable, value)]);
        assert_eq!(said.recorded[1..], lines(kept), "{value}");
        assert_eq!(said.printed(), lines(printed), "{value}");
        let is_complaint = |line: &&str| line.contains("ignoring");
        let complaints: Vec<&str> = said.stderr.lines().filter(is_complaint).collect();
        assert_eq!(complaints.len(), bad.len(), "one line for each: {said:?}");
        for (line, bad) in complaints.iter().zip(bad) {
            assert!(
                line.starts_with("circular: ") && line.contains(variable),
                "{line}"
            );
            assert!(line.contains(&format!("{bad:?}")), "{line}");
            assert!(!line.contains("net="), "only the bad part is named: {line}");
        }
    }
    let said = run("bad", &[]);
    assert_eq!(said.recorded, with_max(Info, [Off, Off, Info]));
    assert!(said.stderr.contains("\"shop=loud\""), "{said:?}");
}

#[cfg(unix)]
#[test]
fn bytes_that_are_no_text_spoil_their_own_part_only() {
    use std::os::unix::ffi::OsStrExt as _;

    let value = OsStr::from_bytes(b"shop=inf\xff,sh\xffop=info,net=warn");
    let said = Said::by(command("", &[("RUST_LOG", value)]).output().unwrap());
    assert_eq!(
        said.printed(),
        lines([LevelFilter::Off, LevelFilter::Off, LevelFilter::Warn])
    );
    assert!(
        said.stderr.contains("shop=inf\u{fffd}") && said.stderr.contains("sh\u{fffd}op=info"),
        "{said:?}"
    );
}

#[test]
fn everything_is_printed_however_the_program_ends() {
    for what in ["", "exit", "panic"] {
        let output = command(what, &[]).output().unwrap();
        assert_eq!(output.status.success(), what != "panic");
        let said = Said::by(output);
        assert_eq!(
            said.printed(),
            lines([LevelFilter::Info; 3]),
            "{what:?}: {said:?}"
        );
    }
}

#[test]
fn dumps_go_to_a_directory_that_is_made() {
    let base = env::temp_dir().join(format!("circular-log-recorder-{}", process::id()));
    let dir: PathBuf = base.join("not/there/yet");
    let output = command("dumps", &[(DIR, dir.as_os_str())])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let dumps: Vec<_> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let texts: String = dumps
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    for path in &dumps {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            name.starts_with("my-shop-") && name.ends_with(".trigger.log"),
            "{name}"
        );
    }
    for line in lines([LevelFilter::Debug; 3]) {
        let (target, level) = line.split_once(' ').unwrap();
        let wanted = format!("{level} {target}: hello\n");
        assert_eq!(texts.matches(&wanted).count(), 1, "{wanted}");
    }
    fs::remove_dir_all(&base).unwrap();
}

/// A program whose stderr takes nothing goes on.
#[cfg(target_os = "linux")]
#[test]
fn a_stderr_that_fails_ends_nothing() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let value = OsStr::new("shop=loud,net=info");
    let output = command("", &[("MY_SHOP_RECORD", value)])
        .stderr(full)
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(Said::by(output).recorded.contains(&"net INFO".to_owned()));
}
