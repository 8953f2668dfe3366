//! A program that dumps while the disk that its dumps go to is full: a small tmpfs.
//!
//! To mount one takes root. Without it the test says so and passes, but not in CI.

#![cfg(target_os = "linux")]

use circular_core::{DumpTrigger, Level, PanicDump, Ring};
use std::io::Write;
use std::process::Command;
use std::time::Duration;
use std::{env, fs, panic, thread};

#[path = "common/child.rs"]
mod child;
#[path = "common/dumps.rs"]
mod dumps;
#[path = "common/watchdog.rs"]
mod watchdog;

use dumps::{Dumps, PROGRAM};

/// What the disk holds, and what the ring holds: the dump does not fit.
const DISK: &str = "size=128k";
const LINES: u32 = 40_000;

/// A directory of dumps with a disk of its own.
struct SmallDisk(Dumps);

impl SmallDisk {
    fn new() -> Option<Self> {
        let dumps = Dumps::new();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", DISK, "tmpfs"]);
        let mounted = mount
            .arg(&dumps.0)
            .status()
            .is_ok_and(|status| status.success());
        if !mounted {
            let why = "full_disk: SKIPPED: a tmpfs cannot be mounted here; run it as root";
            assert!(env::var_os("CI").is_none(), "{why}");
            let _ = writeln!(std::io::stderr(), "{why}");
            return None;
        }
        Some(Self(dumps))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0.0).status();
    }
}

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    panic::set_hook(Box::new(|_| {
        let _ = writeln!(std::io::stderr(), "previous hook");
    }));
    let mut ring = Ring::new(1 << 20).unwrap();
    let hook = PanicDump::builder(&ring.handle()).dir(dumps::dir());
    hook.program(PROGRAM).install();
    if role == "does not fit" {
        for number in 0..LINES {
            writeln!(ring, "line {number}").unwrap();
        }
    }
    panic!("the last straw");
}

#[test]
fn what_does_not_fit_is_told_and_leaves_nothing() {
    let _watchdog = watchdog::minutes(2);
    let Some(disk) = SmallDisk::new() else { return };
    let dumps = &disk.0;
    assert_eq!(dumps.run("fits").status.code(), Some(101));
    let before = dumps.texts();
    assert_eq!(before.len(), 1);

    let ended = dumps.run("does not fit");
    // As it would have been without a dump.
    assert_eq!(ended.status.code(), Some(101));
    assert!(ended.stderr.contains("previous hook\n"), "{}", ended.stderr);
    let [report] = ended.reports()[..] else {
        panic!("not one line: {}", ended.stderr)
    };
    assert!(
        report.starts_with("circular: no dump: cannot write the dump "),
        "{report}"
    );
    assert!(report.contains("No space left on device"), "{report}");
    assert!(report.contains("make room there"), "{report}");
    assert!(report.ends_with("the last straw"), "{report}");
    // What was there still is, and nothing beside it: `texts` sees to that.
    assert_eq!(dumps.texts(), before);
    // There is room again for one that fits.
    assert_eq!(dumps.run("fits").status.code(), Some(101));
    assert_eq!(dumps.texts().len(), 2);
    assert_eq!(fs::read_dir(&dumps.0).unwrap().count(), 2);
}

#[test]
fn a_trigger_counts_what_does_not_fit_and_leaves_nothing() {
    let _watchdog = watchdog::minutes(2);
    let Some(disk) = SmallDisk::new() else { return };
    let dumps = &disk.0;
    let mut ring = Ring::new(1 << 20).unwrap();
    let builder = DumpTrigger::builder(&ring.handle()).dir(&dumps.0);
    let trigger = builder.program(PROGRAM).interval(Duration::ZERO);
    let trigger = trigger.start().unwrap();
    for number in 0..LINES {
        writeln!(ring, "line {number}").unwrap();
    }
    trigger.observe(Level::Error);
    while trigger.stats().failed == 0 {
        thread::yield_now();
    }
    let stats = trigger.stats();
    assert_eq!((stats.dumps, stats.failed), (0, 1));
    let error = stats.last_error.unwrap();
    assert!(error.contains("No space left on device"), "{error}");
    assert!(error.contains("make room there"), "{error}");
    assert_eq!(fs::read_dir(&dumps.0).unwrap().count(), 0);
}
