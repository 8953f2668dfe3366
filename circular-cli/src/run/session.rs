//! The leader of the command's session: the process between this one and a command that has a terminal of its own.
//!
//! The kernel stops a process for Ctrl-Z only if somebody in its session, and not in its group, is its parent: a shell as a rule, and
//! here this. It starts the command in the foreground, and tells in lines how that goes:
//!
//! | line | says |
//! |---|---|
//! | `started PID` | it runs |
//! | `failed ERRNO` | it could not be started |
//! | `stopped SIGNAL` | it was stopped |
//! | `exited STATUS`, `killed SIGNAL` | its end |
//!
//! It stays as long as somebody holds the other end, as with it the terminal would go, and the kernel would end whatever is left there.
//! To the command it is the parent, so signals that are sent to that come here, and end nothing; but where the terminal has gone the system
//! says so to this process, and with its end to the command.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;

use circular_core::CommandEnd;
use rustix::process::{Pid, Signal, ioctl_tiocsctty, setsid};
use rustix::termios::tcsetpgrp;

use crate::args::Session;
use crate::handed;
use crate::run::blocked;
use crate::run::command::{self, Became};
use crate::run::inherited;
use crate::run::signals;

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Started(i32),
    /// The system's number of the error.
    Failed(i32),
    /// By this signal.
    Stopped(i32),
    Ended(CommandEnd),
}

impl Told {
    fn line(self) -> String {
        match self {
            Self::Started(pid) => format!("started {pid}\n"),
            Self::Failed(number) => format!("failed {number}\n"),
            Self::Stopped(signal) => format!("stopped {signal}\n"),
            Self::Ended(CommandEnd::Killed(signal)) => format!("killed {signal}\n"),
            Self::Ended(CommandEnd::Exited(status)) => format!("exited {status}\n"),
            Self::Ended(_) => String::from("exited 125\n"),
        }
    }

    /// Reads a line; `None` if it says nothing.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (word, number) = line.trim_end().split_once(' ')?;
        let number = number.parse().ok()?;
        Some(match word {
            "started" => Self::Started(number),
            "failed" => Self::Failed(number),
            "stopped" => Self::Stopped(number),
            "killed" => Self::Ended(CommandEnd::Killed(number)),
            "exited" => Self::Ended(CommandEnd::Exited(number)),
            _ => return None,
        })
    }
}

/// What that process does: its standard input is the terminal.
pub(crate) fn run(session: &Session) -> io::Result<()> {
    let teller = handed::take(session.tell).ok_or(io::ErrorKind::InvalidInput)?;
    let mut teller = UnixStream::from(teller);
    inherited::set_aside()?;
    setsid()?;
    let terminal = io::stdin().as_fd().try_clone_to_owned()?;
    ioctl_tiocsctty(&terminal)?;

    let mut unheard = signals::catch(&signals::passed_on_and(&[]))?;
    thread::spawn(move || {
        while let Some(came) = unheard.next() {
            if came.signal == Signal::HUP && came.is_of_system() {
                signals::obey(came.signal);
            }
        }
    });

    let mut command = command::of(&session.words);
    command.process_group(0);
    in_foreground(&mut command);
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let number = error.raw_os_error().unwrap_or(0);
            return teller.write_all(Told::Failed(number).line().as_bytes());
        }
    };
    let pid = Pid::from_child(&child);
    // What is left open here would be taken for somebody who may still write.
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stdout(&nothing)?;
    rustix::stdio::dup2_stderr(&nothing)?;
    drop(terminal);

    teller.write_all(Told::Started(pid.as_raw_nonzero().get()).line().as_bytes())?;
    let end = loop {
        match command::wait(pid)? {
            Became::Stopped(signal) => {
                teller.write_all(Told::Stopped(signal).line().as_bytes())?;
            }
            Became::Ended(end) => break end,
        }
    };
    teller.write_all(Told::Ended(end).line().as_bytes())?;
    // Until all who need the terminal have gone.
    teller.read_to_end(&mut Vec::new()).map(drop)
}

/// Has the command take the terminal for its group before it begins: else it could be stopped for asking for it.
#[expect(unsafe_code, reason = "what is done between fork and exec")]
fn in_foreground(command: &mut Command) {
    let take = || {
        let stdin = rustix::stdio::stdin();
        // It leads it.
        let group = rustix::process::getpid();
        // Blocked, the system stops nobody who sets whose a terminal is.
        Ok(blocked::with(Signal::TTOU, || tcsetpgrp(stdin, group))??)
    };
    // SAFETY: these are system calls, which allocate and lock nothing.
    unsafe { command.pre_exec(take) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_understood() {
        for told in [
            Told::Started(4711),
            Told::Failed(2),
            Told::Stopped(20),
            Told::Ended(CommandEnd::Exited(3)),
            Told::Ended(CommandEnd::Killed(9)),
        ] {
            assert_eq!(Told::parse(&told.line()), Some(told));
        }
        for line in ["", "started", "started x", "stopped", "ended 1"] {
            assert_eq!(Told::parse(line), None, "{line}");
        }
    }
}
