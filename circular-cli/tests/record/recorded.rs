//! The command, and what it has recorded.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use circular_core::{Level, RingFile};

/// A directory for the rings of a test, gone when it is dropped.
pub(crate) struct Dir(pub(crate) PathBuf);

/// A record: its target, its level, and its text.
pub(crate) type Line = (String, Option<Level>, String);

impl Dir {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let (pid, count) = (std::process::id(), COUNT.fetch_add(1, Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("record-{pid}-{count}"));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// `circular run` of a command.
    pub(crate) fn run(&self, words: &[&str]) -> Command {
        let mut command = fresh(env!("CARGO_BIN_EXE_circular"));
        command
            .arg("run")
            .arg("-D")
            .arg(&self.0)
            .arg("--size=1MiB")
            .arg("--");
        command.args(words).stdin(Stdio::null());
        command
    }

    /// The command over these rings.
    pub(crate) fn circular(&self, args: &[&str]) -> Command {
        let mut command = fresh(env!("CARGO_BIN_EXE_circular"));
        command.args(args).arg("-D").arg(&self.0);
        command
    }

    /// A shell's line under it.
    pub(crate) fn run_line(&self, line: &str) -> Command {
        self.run(&["sh", "-c", line])
    }

    /// The rings, the oldest first.
    pub(crate) fn rings(&self) -> Vec<RingFile> {
        let listed = RingFile::list(&self.0).unwrap();
        let mut rings: Vec<_> = listed
            .into_iter()
            .map(|listed| listed.ring.unwrap())
            .collect();
        rings.sort_by_key(|ring| ring.info().created);
        rings
    }

    pub(crate) fn ring(&self) -> RingFile {
        let mut rings = self.rings();
        assert_eq!(rings.len(), 1);
        rings.remove(0)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A program that ignores no signal, as it would if whoever runs the tests is in a shell's background.
pub(crate) fn fresh(program: &str) -> Command {
    let mut command = Command::new("env");
    command.args(["--default-signal", program]);
    command
}

/// What a ring has.
pub(crate) fn lines(ring: &RingFile) -> Vec<Line> {
    let held = ring.snapshot().unwrap();
    let line = |record: circular_core::Record<'_>| {
        let text = record.text().into_owned();
        (record.target().to_owned(), record.level(), text)
    };
    held.records().map(line).collect()
}

/// What it has of one stream.
pub(crate) fn text_of(ring: &RingFile, target: &str) -> String {
    let of = |line: Line| (line.0 == target).then_some(line.2);
    lines(ring).into_iter().filter_map(of).collect()
}

/// Whether a program is there. If not, the test is skipped, which is told; and in CI it is a failure.
pub(crate) fn is_there(program: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()));
    if !found {
        let line = format!("SKIPPED: {program} is not installed: ci/programs.sh\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
        assert!(std::env::var_os("CI").is_none(), "{line}");
    }
    found
}
