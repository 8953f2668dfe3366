//! The command: how it is started, and what its end means.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::path::{self, Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use circular_core::CommandEnd;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, WaitStatus, kill_process, kill_process_group,
    waitid, waitpid,
};
use rustix::termios::tcgetpgrp;

use crate::output::stderr::say;
use crate::run::groups::session_of;
use crate::run::inherited;
use crate::run::signals::{Came, Caught};

/// What `run` itself ends with, as env(1) and timeout(1) do: it failed, the command cannot be run, or there is none.
pub(crate) const FAILED: u8 = 125;
const CANNOT_RUN: u8 = 126;
const NOT_FOUND: u8 = 127;

/// What has become of a command that was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Became {
    Ended(CommandEnd),
    /// By this signal.
    Stopped(i32),
}

/// Whom a signal has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    Told,
    /// It has ended.
    Gone,
    /// It is another user's, as what sudo(8) runs.
    NotOurs,
}

/// The command's process, as long as it is one: then its number may be another's.
#[derive(Clone, Debug)]
pub(crate) struct Process(Arc<Mutex<State>>);

#[derive(Debug)]
enum State {
    Is(Pid),
    /// So many signals had come by then.
    HasEnded {
        caught: u64,
    },
}

/// Signals that a shell, or the system for a terminal, sends to all of a group.
const OF_GROUPS: [Signal; 9] = [
    Signal::HUP,
    Signal::INT,
    Signal::QUIT,
    Signal::TERM,
    Signal::CONT,
    Signal::TSTP,
    Signal::TTIN,
    Signal::TTOU,
    Signal::WINCH,
];

fn reached(told: rustix::io::Result<()>) -> Reached {
    match told {
        Err(rustix::io::Errno::PERM) => Reached::NotOurs,
        Err(_) => Reached::Gone,
        Ok(()) => Reached::Told,
    }
}

impl Process {
    pub(crate) fn new(pid: Pid) -> Self {
        Self(Arc::new(Mutex::new(State::Is(pid))))
    }

    /// Sends it a signal, unless it has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        if let State::Is(pid) = *self.lock() {
            let _ = kill_process(pid, signal);
        }
    }

    /// Sends a signal to it, unless it has ended; and one that shells and terminals send to groups, to its group, and to the one in
    /// the foreground of its terminal where that is another.
    ///
    /// Who is told of a signal is not told whether it was sent to a process or to its group. On a terminal it is the group as a rule: a
    /// shell's `kill %1` and its end, and the terminal's own end. People mean what they see there, and what a shell that is the
    /// command runs is in a group of its own. Its leader alone would leave the others, and they the terminal, for ever. Others,
    /// such as SIGUSR1, are meant for one process as a rule, and would end those of the group that do not expect them.
    pub(crate) fn signal_on_terminal(&self, signal: Signal, terminal: impl AsFd) -> Reached {
        let State::Is(pid) = *self.lock() else {
            return Reached::Gone;
        };
        if !OF_GROUPS.contains(&signal) {
            return reached(kill_process(pid, signal));
        }
        // One that is in another group has made that choice itself.
        let told = kill_process_group(pid, signal).or_else(|_| kill_process(pid, signal));
        let session = session_of(Some(pid));
        // A group that has gone may have left its number to another, of another session.
        let is_its = |group: &Pid| {
            let of_leader = session_of(Some(*group));
            *group != pid && (of_leader.is_none() || of_leader == session)
        };
        if let Some(group) = tcgetpgrp(terminal).ok().filter(is_its) {
            let _ = kill_process_group(group, signal);
        }
        reached(told)
    }

    /// Ends its session, of which the system tells all that is in the foreground there, whoever's it is.
    pub(crate) fn end_session(&self) {
        if let State::Is(pid) = *self.lock() {
            if let Some(leader) = session_of(Some(pid)).and_then(Pid::from_raw) {
                let _ = kill_process(leader, Signal::KILL);
            }
        }
    }

    /// Whether that came when it had ended: then it is for whoever waits.
    pub(crate) fn had_ended(&self, came: Came) -> bool {
        matches!(*self.lock(), State::HasEnded { caught } if came.count > caught)
    }

    /// It has ended, and what has been caught so far was for it.
    pub(crate) fn has_ended(&self, caught: &Caught) {
        let caught = caught.count();
        *self.lock() = State::HasEnded { caught };
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a command of a program and its arguments, with the signals that this process was started with.
pub(crate) fn of(words: &[OsString]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    inherited::give(&mut command);
    command
}

/// Says why a command could not be started, and returns the exit status for that.
pub(crate) fn not_started(word: &OsString, error: &io::Error) -> u8 {
    let word = word.to_string_lossy();
    let (status, next) = match error.kind() {
        io::ErrorKind::NotFound => (NOT_FOUND, "command -v"),
        _ => (CANNOT_RUN, "ls -l"),
    };
    say(format_args!(
        "circular: cannot run {word}: {error}\nTry: {next} {word}"
    ));
    status
}

/// Waits until the process has ended or was stopped.
pub(crate) fn wait(pid: Pid) -> io::Result<Became> {
    loop {
        match waitpid(Some(pid), WaitOptions::UNTRACED) {
            Ok(Some((_, status))) => {
                if let Some(became) = became(status) {
                    return Ok(became);
                }
            }
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// What has become of a process that was stopped, as it was told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    Continued,
    StoppedAgain,
}

/// Returns what has become of it since it was told that it was stopped, if anything. Its end is left to be waited for.
pub(crate) fn since_stopped(pid: Pid) -> Option<Since> {
    let options = WaitIdOptions::CONTINUED | WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
    let status = waitid(WaitId::Pid(pid), options).ok()??;
    if status.continued() {
        Some(Since::Continued)
    } else {
        Some(Since::StoppedAgain)
    }
}

fn became(status: WaitStatus) -> Option<Became> {
    if let Some(signal) = status.stopping_signal() {
        return Some(Became::Stopped(signal));
    }
    let exited = status.exit_status().map(CommandEnd::Exited);
    let ended = exited.or_else(|| status.terminating_signal().map(CommandEnd::Killed));
    ended.map(Became::Ended)
}

/// Returns the exit status that a shell has for such an end.
pub(crate) fn exit_status(end: CommandEnd) -> u8 {
    let status = match end {
        CommandEnd::Exited(status) => status,
        CommandEnd::Killed(signal) => 128 + signal,
        _ => FAILED.into(),
    };
    u8::try_from(status & 0xff).unwrap_or(FAILED)
}

/// Returns the path of a command, found as a shell finds it; the word itself, if it is not.
pub(crate) fn path_of(word: &OsString) -> PathBuf {
    let word = Path::new(word);
    let is_named_only = word.parent() == Some(Path::new(""));
    let dirs = env::var_os("PATH")
        .filter(|_| is_named_only)
        .unwrap_or_default();
    let found = env::split_paths(&dirs)
        .map(|dir| dir.join(word))
        .find(|path| path.is_file());
    let path = found.unwrap_or_else(|| word.to_path_buf());
    path::absolute(&path).unwrap_or(path)
}
