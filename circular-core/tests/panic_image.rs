//! The image beside a panic's dump: there with it, gone with it, and never in its way.

#![cfg(unix)]
#![expect(unsafe_code, reason = "the standard library has no limits")]

use circular_core::{Level, Meta, PanicDump, Redacted, Ring, RingFile, RingState};
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

#[path = "common/child.rs"]
mod child;
#[path = "common/dumps.rs"]
mod dumps;
#[path = "common/watchdog.rs"]
mod watchdog;

use dumps::{Dumps, PROGRAM};

const SECRET: &str = "hunter2";
const LINES: u32 = 5000;

static IS_SECOND: AtomicBool = AtomicBool::new(false);

fn write_lines(ring: &Ring) {
    for number in 0..LINES {
        let meta = Meta::new().level(Level::Info).target("shop");
        let line = format!("line {number} of {SECRET}\n");
        ring.record(meta, line.as_bytes()).unwrap();
    }
}

/// Panics again while it unwinds, which aborts, and so is always dumped.
fn panic_twice() {
    struct PanicsToo;
    impl Drop for PanicsToo {
        fn drop(&mut self) {
            IS_SECOND.store(true, SeqCst);
            panic!("the second");
        }
    }
    let _panics_too = PanicsToo;
    panic!("the first");
}

/// Lets all out at the first dump, and at the next one what is about panics.
fn forgets_between_dumps(record: &circular_core::Record<'_>) -> Redacted {
    if IS_SECOND.load(SeqCst) && record.target() != "panic" {
        Redacted::Drop
    } else {
        Redacted::Keep
    }
}

fn limit_files(bytes: libc::rlim_t) {
    let limit = libc::rlimit {
        rlim_cur: bytes,
        rlim_max: bytes,
    };
    // SAFETY: a valid limit, for this process alone.
    unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) };
}

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    // What measures coverage writes a file at the end.
    let quits = role == "may write no large file";
    panic::set_hook(Box::new(move |_| {
        if quits {
            // SAFETY: it does not return, and no memory is involved.
            unsafe { libc::_exit(7) };
        }
    }));
    let mut ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    let without_dir = || PanicDump::builder(&handle).program(PROGRAM).image();
    let here = || without_dir().dir(dumps::dir());
    match role.as_str() {
        "panics" => here().install(),
        "dumps to both" => here().stderr(true).install(),
        "has a full ring" => {
            ring = Ring::new(64 << 10).unwrap();
            let hook = PanicDump::builder(&ring.handle()).program(PROGRAM).image();
            hook.dir(dumps::dir()).install();
        }
        "is closed" => {
            here().install();
            write_lines(&ring);
            ring.handle().close();
            panic!("too late");
        }
        "redacts" => here()
            .redact(|record| match record.text().replace(SECRET, "***") {
                text if text.starts_with("line 7") => Redacted::Drop,
                text => Redacted::Text(text.into_bytes()),
            })
            .install(),
        "panics twice" => {
            here().redact(forgets_between_dumps).install();
            write_lines(&ring);
            panic_twice();
        }
        "has no directory" => without_dir().install(),
        "may write no large file" => {
            here().install();
            write_lines(&ring);
            limit_files(300_000);
            panic!("too large");
        }
        "is written to all the time" => {
            let small = Ring::new(4096).unwrap();
            let hook = PanicDump::builder(&small.handle()).program(PROGRAM).image();
            hook.dir(dumps::dir()).install();
            for _ in 0..2 {
                let mut small = small.clone();
                thread::spawn(move || while small.write_all(b"a line\n").is_ok() {});
            }
            while small.handle().stats().overwritten == 0 {
                thread::yield_now();
            }
            let _ = panic::catch_unwind(|| panic!("amid all that"));
            // SAFETY: it does not return, and no memory is involved.
            unsafe { libc::_exit(0) };
        }
        _ => unreachable!("no such role: {role}"),
    }
    write_lines(&ring);
    panic!("the last straw");
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The only dump's text and image.
fn pair(dumps: &Dumps) -> (String, RingFile) {
    let (mut texts, mut images) = (dumps.texts(), dumps.images());
    assert_eq!((texts.len(), images.len()), (1, 1));
    (texts.remove(0), images.remove(0))
}

/// They are in a row.
fn text(image: &RingFile) -> String {
    let snapshot = image.snapshot().unwrap();
    let first = snapshot.records().next().unwrap().seq();
    let numbers = snapshot.records().map(|record| record.seq());
    assert!(numbers.eq((first..).take(snapshot.record_count())));
    snapshot.text().into_owned()
}

#[test]
fn it_has_the_same_in_it_as_the_text_and_the_same_name() {
    let _watchdog = watchdog::minutes(2);
    for role in ["panics", "dumps to both", "has a full ring", "is closed"] {
        let dumps = Dumps::new();
        let ended = dumps.run(role);
        assert_eq!(ended.status.code(), Some(101));
        let (in_text, image) = pair(&dumps);
        assert!(text(&image) == in_text, "{role}");
        let snapshot = image.snapshot().unwrap();
        let [.., before, panic] = &snapshot.records().collect::<Vec<_>>()[..] else {
            panic!("{in_text}");
        };
        assert_eq!(
            (panic.level(), panic.target()),
            (Some(Level::Error), "panic")
        );
        assert_eq!(
            (before.level(), before.target()),
            (Some(Level::Info), "shop")
        );
        assert_eq!(panic.seq(), u64::from(LINES));
        assert_eq!(image.info().program, PROGRAM);
        assert_eq!(image.state().unwrap(), RingState::Copy);

        let path = image.path();
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let log = path.with_extension("log");
        let file_name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(names(&dumps.0), [file_name(&log), file_name(path)]);
        // One line tells of both.
        let told = format!(" to {} and {}", log.display(), file_name(path));
        let [report] = ended.reports()[..] else {
            panic!("not one line: {}", ended.stderr)
        };
        let end = if role == "dumps to both" {
            ", and to stderr"
        } else {
            ""
        };
        assert!(report.ends_with(&format!("{told}{end}")), "{report}");
    }
}

/// As many as there are, and what is left of a pair.
#[test]
fn pairs_are_one_dump_and_go_together() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let old = |second: u32, ending: &str| {
        let name = format!("{PROGRAM}-1-20240101T0000{second:02}.000000000Z{ending}");
        dumps.0.join(name)
    };
    for second in 0..10 {
        let pair: &[&str] = match second {
            // The user has removed the other one.
            2 | 7 => &[".ring"],
            3 | 8 => &[".log"],
            _ => &[".log", ".ring"],
        };
        for ending in pair {
            fs::write(old(second, ending), "an old one").unwrap();
        }
    }
    let abandoned = dumps.0.join(format!(
        ".{PROGRAM}-1-20240101T000000.000000000Z.ring.partial"
    ));
    fs::write(&abandoned, "of a program that was killed").unwrap();
    // Nothing of ours: another program's, another kind of file, a ring's.
    let others = [
        "prog2-1-20240101T000000.000000000Z.ring",
        "prog-1-20240101T000000.000000000Z.ring.gz",
        "prog.00000000000000ab.ring",
    ];
    for name in others {
        fs::write(dumps.0.join(name), "another's").unwrap();
    }
    let ended = dumps.run("panics");
    assert_eq!(ended.dumps(), 1, "{}", ended.stderr);
    let mut left: Vec<PathBuf> = names(&dumps.0)
        .iter()
        .map(|name| dumps.0.join(name))
        .collect();
    left.retain(|path| !others.iter().any(|other| dumps.0.join(other) == *path));
    let new: Vec<PathBuf> = left
        .iter()
        .filter(|path| !path.to_str().unwrap().contains("-1-2024"))
        .cloned()
        .collect();
    assert_eq!(new.len(), 2);
    // Seven of the old ones: the oldest three are gone, with all that was theirs.
    let mut expected = new;
    for second in 3..10 {
        let all = [".log", ".ring"].map(|ending| old(second, ending));
        let there = all.into_iter().filter(|path| match second {
            7 => path.extension().unwrap() == "ring",
            3 | 8 => path.extension().unwrap() == "log",
            _ => true,
        });
        expected.extend(there);
    }
    expected.sort();
    assert_eq!(left, expected);
    assert!(others.iter().all(|name| dumps.0.join(name).exists()));
    assert!(!abandoned.exists());
}

#[test]
fn it_is_redacted_as_the_text_is() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    dumps.run("redacts");
    let (in_text, image) = pair(&dumps);
    assert!(text(&image) == in_text);
    assert!(in_text.contains("line 6 of ***\n") && !in_text.contains("line 7"));
    let bytes = fs::read(image.path()).unwrap();
    let hidden = SECRET.as_bytes();
    assert!(!bytes.windows(hidden.len()).any(|window| window == hidden));
}

/// The memory is used again, and the second image is the shorter one.
#[test]
fn nothing_of_an_earlier_image_gets_out_with_the_next() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run("panics twice");
    assert_eq!(
        ended.status.signal(),
        Some(libc::SIGABRT),
        "{}",
        ended.stderr
    );
    let (texts, images) = (dumps.texts(), dumps.images());
    let [first, second] = &images[..] else {
        panic!("not two: {}", ended.stderr)
    };
    // Not shown if they differ: it is a lot.
    assert!(texts == [text(first), text(second)]);
    assert!(texts[0].contains(SECRET) && texts[1].contains("the second"));
    let bytes = fs::read(second.path()).unwrap();
    let hidden = SECRET.as_bytes();
    assert!(!bytes.windows(hidden.len()).any(|window| window == hidden));
    // The two, and that of the language which ends the program.
    assert_eq!(second.stats().unwrap().written, 3);
}

/// The text fits, and the image, which is as long as the ring, does not.
#[test]
fn an_image_that_fails_is_told_and_the_text_is_there() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run("may write no large file");
    assert_eq!(ended.status.code(), Some(7), "{}", ended.stderr);
    let texts = dumps.texts();
    assert_eq!((texts.len(), names(&dumps.0).len()), (1, 1));
    assert!(texts[0].ends_with("\ntoo large\n"));
    let report = ended.reports()[0];
    assert!(
        report.starts_with("circular: dumped 5001 records ("),
        "{report}"
    );
    assert!(
        report.contains(".log; no image: cannot write the dump "),
        "{report}"
    );
    assert!(report.contains("ulimit -f"), "{report}");
}

#[test]
fn without_a_directory_there_is_none_and_that_is_told() {
    let _watchdog = watchdog::minutes(2);
    let ended = Dumps::new().run("has no directory");
    let report = ended.reports()[0];
    assert!(report.contains(" to stderr; no image: "), "{report}");
    assert!(report.contains("dir(path)"), "{report}");
    assert!(ended.stderr.contains("line 4999 of"));

    let ring = Ring::new(4096).unwrap();
    let builder = PanicDump::builder(&ring.handle()).image();
    let error = builder.try_install().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("dir(path)"), "{error}");
}

/// However busy the others are.
#[test]
fn it_has_the_panic_in_it() {
    let _watchdog = watchdog::minutes(2);
    for _ in 0..5 {
        let dumps = Dumps::new();
        let ended = dumps.run("is written to all the time");
        assert!(ended.status.success(), "{}", ended.stderr);
        let (_, image) = pair(&dumps);
        let text = text(&image);
        assert!(text.contains("\namid all that\n"), "{text}");
        let others = text.lines().filter(|line| *line == "a line");
        assert!(others.count() >= text.lines().count() - 2, "{text}");
    }
}
