//! A directory of rings, and the command run over it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use circular_core::{Level, Meta, Ring};

/// A directory of a test's own, gone when it is dropped.
pub(crate) struct Rings(pub(crate) PathBuf);

/// What a command has printed, and its exit status.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Rings {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let (pid, count) = (std::process::id(), COUNT.fetch_add(1, Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("look-{pid}-{count}"));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A ring of a program that runs, which is this one.
    pub(crate) fn ring(&self, program: &str) -> Ring {
        let builder = Ring::builder().capacity(64 << 10).keep(8);
        builder.mapped_in(&self.0, program).build().unwrap()
    }

    /// The command, which knows of no other directory.
    pub(crate) fn circular(&self, args: &[&str]) -> Command {
        let mut command = circular(args);
        command.arg("-D").arg(&self.0);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        ran(&mut self.circular(args))
    }

    /// The files that are there.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

impl Drop for Rings {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The command in surroundings that say nothing, but that times are UTC.
pub(crate) fn circular(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_circular"));
    command.args(args).stdin(Stdio::null()).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap());
    command.env("TZ", "UTC");
    command
}

pub(crate) fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// So many seconds after 2026-11-28 10:00:00 UTC.
pub(crate) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_860_000 + seconds)
}

/// Writes a line, with its line end.
pub(crate) fn write(ring: &Ring, level: Level, target: &str, seconds: u64, text: &str) {
    let meta = Meta::new().level(level).target(target).time(at(seconds));
    ring.record(meta, format!("{text}\n").as_bytes()).unwrap();
}

/// A shop with five lines, of every level, a minute apart.
pub(crate) fn write_shop(ring: &Ring) {
    write(ring, Level::Info, "shop", 0, "open");
    write(ring, Level::Debug, "shop::db", 60, "pool has 8");
    write(ring, Level::Warn, "shop::db", 120, "pool is empty");
    write(
        ring,
        Level::Error,
        "shop::cart",
        180,
        "cart 7 failed: timeout",
    );
    write(ring, Level::Trace, "hyper", 240, "read 12 bytes");
}

/// Writes so many lines of a hundred digits, a second apart.
pub(crate) fn write_lines(ring: &Ring, count: u64) {
    for number in 0..count {
        write(
            ring,
            Level::Info,
            "shop",
            number,
            &format!("{number:0>100}"),
        );
    }
}
