//! A session of LTTng: a flight recorder whose buffers are files.

use super::BYTES;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A buffer's parts: the oldest is given up as a whole.
const PARTS: usize = 8;

/// Destroyed when it is dropped, with all its files.
pub(crate) struct Session {
    name: String,
    shm: PathBuf,
    /// What was recovered of `shm`.
    trace: PathBuf,
    output: PathBuf,
}

impl Session {
    /// Each user's buffers are kept, one per core. The daemon removes those of a process (`--buffers-pid`) as soon as that
    /// has died, before anybody can look.
    pub(crate) fn start(dir: &Path, name: &str) -> Result<Self, String> {
        let session = Self {
            name: name.into(),
            shm: dir.join(format!("{name}.shm")),
            trace: dir.join(format!("{name}.trace")),
            output: dir.join(format!("{name}.snapshot")),
        };
        let path = |option: &str, path: &Path| format!("--{option}={}", path.display());
        let (shm, output) = (
            path("shm-path", &session.shm),
            path("output", &session.output),
        );
        lttng(&["create", name, "--snapshot", &shm, &output])?;
        let of_session = format!("--session={name}");
        let size = format!("--subbuf-size={}", BYTES / PARTS);
        let parts = format!("--num-subbuf={PARTS}");
        let kind = ["--overwrite", "--buffers-uid"];
        let channel = ["enable-channel", "--userspace", &of_session, &size, &parts];
        lttng(&[&channel[..], &kind, &["all"]].concat())?;
        let events = ["enable-event", "--userspace", &of_session, "--channel=all"];
        lttng(&[&events[..], &["beside:*"]].concat())?;
        lttng(&["start", name])?;
        Ok(session)
    }

    /// What can be had of the files alone, as text in `to`.
    pub(crate) fn recover(&self, to: &Path) -> Result<(), String> {
        let mut crash = Command::new("lttng-crash");
        run(crash.arg("--extract").arg(&self.trace).arg(&self.shm))?;
        text(&self.trace, to)
    }

    /// What the session daemon, which has not died, gives.
    pub(crate) fn snapshot(&self, to: &Path) -> Result<(), String> {
        lttng(&["snapshot", "record", &format!("--session={}", self.name)])?;
        text(&self.output, to)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = lttng(&["destroy", "--no-wait", &self.name]);
        // Megabytes of memory each. What cannot be removed goes with the directory that all are in.
        for path in [&self.shm, &self.trace, &self.output] {
            let _ = fs::remove_dir_all(path);
        }
    }
}

fn text(trace: &Path, to: &Path) -> Result<(), String> {
    let file = File::create(to).map_err(|error| format!("no file for the text: {error}"))?;
    run(Command::new("babeltrace2").arg(trace).stdout(file))
}

fn lttng(arguments: &[&str]) -> Result<(), String> {
    // A daemon that nobody would end must not be started.
    let mut command = Command::new("lttng");
    run(command
        .arg("--no-sessiond")
        .args(arguments)
        .stdout(Stdio::null()))
}

pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let spawned = command.stderr(Stdio::piped()).spawn();
    let output = spawned.and_then(std::process::Child::wait_with_output);
    let output = output.map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?} fails: {}: {said}", output.status))
}
