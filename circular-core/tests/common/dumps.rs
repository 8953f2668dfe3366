//! Programs that panic, and a directory for their dumps.

use super::child;
use circular_core::RingFile;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::{env, fs, process};

const DIR: &str = "CIRCULAR_TEST_DIR";
/// The program's name, for the names of dumps.
pub(crate) const PROGRAM: &str = "prog";

/// Where a child is to dump to.
pub(crate) fn dir() -> PathBuf {
    env::var_os(DIR).unwrap().into()
}

/// A directory of the test's own, which is removed with everything in it.
pub(crate) struct Dumps(pub(crate) PathBuf);

/// How a child ended.
#[allow(dead_code, reason = "not every test looks at all of it")]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stderr: String,
}

impl Dumps {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Relaxed);
        let name = format!("circular-test-{}-{number}", process::id());
        let dir = env::temp_dir().join(name);
        fs::create_dir(&dir).unwrap();
        Self(dir)
    }

    /// A child that dumps here.
    pub(crate) fn command(&self, role: &str) -> Command {
        let mut command = child::command(role);
        command.env(DIR, &self.0);
        command
    }

    #[allow(dead_code, reason = "not every child can be waited for")]
    pub(crate) fn run(&self, role: &str) -> Ended {
        let output = self.command(role).output().unwrap();
        Ended {
            status: output.status,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The texts of the dumps, the oldest first; nothing else may be left behind, but images beside them.
    pub(crate) fn texts(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap());
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension() != Some("ring".as_ref()) || !has_text(path));
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        for name in paths.iter().map(name) {
            let is_whole = name.starts_with("prog-") && name.ends_with(".log");
            assert!(is_whole, "{name}");
        }
        // By the time that ends the name.
        paths.sort_by_key(|path| name(path).rsplit('-').next().unwrap().to_owned());
        let text = |path| fs::read_to_string(path).unwrap();
        paths.iter().map(text).collect()
    }
}

impl Dumps {
    /// The images beside them, the oldest first.
    #[allow(dead_code, reason = "not every test makes images")]
    pub(crate) fn images(&self) -> Vec<RingFile> {
        let entries = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap());
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension() == Some("ring".as_ref()) && has_text(path));
        // One program at a time: what comes before the time is the same for all.
        paths.sort();
        let open = |path: &PathBuf| RingFile::open(path).unwrap();
        paths.iter().map(open).collect()
    }
}

/// Whether an image has the text beside it that it belongs to.
fn has_text(image: &Path) -> bool {
    let hidden = image
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .starts_with('.');
    !hidden && image.with_extension("log").exists()
}

impl Drop for Dumps {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Ended {
    /// The lines in which the hook told what it did.
    pub(crate) fn reports(&self) -> Vec<&str> {
        let lines = self.stderr.lines();
        lines
            .filter(|line| line.starts_with("circular: "))
            .collect()
    }

    /// How many of them tell of a dump.
    #[allow(dead_code, reason = "not every test that runs children counts them")]
    pub(crate) fn dumps(&self) -> usize {
        let reports = self.reports().into_iter();
        reports
            .filter(|line| line.starts_with("circular: dumped "))
            .count()
    }
}
