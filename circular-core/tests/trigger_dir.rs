//! The files that a trigger's dumps are.

use circular_core::{DumpTrigger, Level, Meta, Ring, TriggerStats};
use std::fs;
use std::io::ErrorKind;
use std::time::Duration;
use std::{process, thread};

#[allow(dead_code, reason = "no test here runs itself as a child")]
#[path = "common/child.rs"]
mod child;
#[allow(dead_code, reason = "no test here runs itself as a child")]
#[path = "common/dumps.rs"]
mod dumps;
#[path = "common/watchdog.rs"]
mod watchdog;

use dumps::{Dumps, PROGRAM};

/// How many dumps of a program are kept.
const KEPT: usize = 8;

fn start(ring: &Ring, dumps: &Dumps) -> std::io::Result<DumpTrigger> {
    let builder = DumpTrigger::builder(&ring.handle()).interval(Duration::ZERO);
    builder.dir(&dumps.0).program(PROGRAM).start()
}

/// Logs an error, and returns when a dump of it was made or has failed.
fn log(ring: &Ring, trigger: &DumpTrigger, line: &str) -> TriggerStats {
    let count = |stats: &TriggerStats| stats.dumps + stats.failed;
    let before = count(&trigger.stats());
    let meta = Meta::new().level(Level::Error);
    ring.record(meta, line.as_bytes()).unwrap();
    trigger.observe(Level::Error);
    loop {
        let stats = trigger.stats();
        if count(&stats) > before {
            return stats;
        }
        thread::yield_now();
    }
}

fn names(dumps: &Dumps) -> Vec<String> {
    let entries = fs::read_dir(&dumps.0).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<_> = entries
        .map(|entry| name(entry).into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_dump_is_a_file_that_only_its_owner_may_read() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ring = Ring::new(1 << 16).unwrap();
    let trigger = start(&ring, &dumps).unwrap();
    // It has tried whether it can make files, and left none.
    assert_eq!(names(&dumps), [""; 0]);
    ring.record(Meta::new().level(Level::Debug), b"a detail\n")
        .unwrap();
    assert_eq!(log(&ring, &trigger, "an error\n").dumps, 1);
    assert_eq!(dumps.texts(), ["a detail\nan error\n"]);

    let [name] = &names(&dumps)[..] else {
        panic!("not one file")
    };
    let begin = format!("{PROGRAM}-{}-", process::id());
    assert!(
        name.starts_with(&begin) && name.ends_with("Z.trigger.log"),
        "{name}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(dumps.0.join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// However long errors go on, the dump of the panic that began it stays.
#[test]
fn the_newest_are_kept_and_those_of_panics_left_alone() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let panic = format!("{PROGRAM}-1-19991231T235959.000000000Z.log");
    fs::write(dumps.0.join(&panic), "a panic's").unwrap();
    let ring = Ring::new(1 << 16).unwrap();
    let trigger = start(&ring, &dumps).unwrap();
    for number in 0..KEPT + 3 {
        let stats = log(&ring, &trigger, &format!("error {number}\n"));
        assert_eq!((stats.failed, stats.last_error), (0, None));
    }
    let kept = (3..KEPT + 3).map(|number| format!("error {number}\n"));
    let expected: Vec<_> = [String::from("a panic's")]
        .into_iter()
        .chain(kept)
        .collect();
    assert_eq!(dumps.texts(), expected);
    assert!(dumps.0.join(panic).exists());
}

/// A program that starts again and again, to find out what is wrong, must not lose the dumps that tell it.
#[test]
fn starting_deletes_nothing() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    for number in 0..KEPT + 3 {
        let name = format!("{PROGRAM}-1-19991231T2359{number:02}.000000000Z.trigger.log");
        fs::write(dumps.0.join(name), "an old one").unwrap();
    }
    let abandoned = format!(".{PROGRAM}-1-19991231T000000.000000000Z.trigger.partial");
    fs::write(dumps.0.join(abandoned), "of a program that was killed").unwrap();
    let before = names(&dumps);
    let ring = Ring::new(1 << 16).unwrap();
    let trigger = start(&ring, &dumps).unwrap();
    assert_eq!(names(&dumps), before);
    // The first dump does.
    log(&ring, &trigger, "an error\n");
    let after = names(&dumps);
    assert_eq!(after.len(), KEPT, "{after:?}");
}

#[test]
fn a_directory_that_is_missing_is_told_at_the_start() {
    let dumps = Dumps::new();
    fs::remove_dir(&dumps.0).unwrap();
    let ring = Ring::new(4096).unwrap();
    let error = start(&ring, &dumps).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error.to_string().contains("create the directory"),
        "{error}"
    );
    // Nothing of it is left that a join would wait for.
    assert!(ring.handle().join_timeout(Duration::ZERO));
}

#[test]
fn what_could_not_be_dumped_is_in_the_next_file() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ring = Ring::new(1 << 16).unwrap();
    let trigger = start(&ring, &dumps).unwrap();
    assert_eq!(log(&ring, &trigger, "one\n").dumps, 1);
    fs::remove_dir_all(&dumps.0).unwrap();
    log(&ring, &trigger, "two\n");
    let stats = log(&ring, &trigger, "three\n");
    assert_eq!((stats.dumps, stats.failed), (1, 2));
    let error = stats.last_error.unwrap();
    assert!(error.contains("cannot create a dump in"), "{error}");
    fs::create_dir(&dumps.0).unwrap();
    assert_eq!(log(&ring, &trigger, "four\n").dumps, 2);
    assert_eq!(dumps.texts(), ["two\nthree\nfour\n"]);
}

#[test]
fn its_debug_tells_the_options() {
    let ring = Ring::new(4096).unwrap();
    let builder = DumpTrigger::builder(&ring.handle()).at_least(Level::Warn);
    let text = format!("{:?}", builder.dir("/var/tmp").program(PROGRAM));
    for option in ["Warn", "30s", "/var/tmp", PROGRAM] {
        assert!(text.contains(option), "{text}");
    }
    let trigger = DumpTrigger::builder(&ring.handle()).sink(std::io::sink());
    let text = format!("{:?}", trigger.start().unwrap());
    assert!(text.contains("Error"), "{text}");
}
