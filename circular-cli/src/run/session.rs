//! The leader of the command's session: the process between this one and a command that has a terminal of its own.
//!
//! The kernel stops a process for Ctrl-Z only if somebody in its session, and not in its group, is its parent: a shell as a rule, and
//! here this. It starts the command in the foreground, and tells in lines how that goes:
//!
//! | line | says |
//! |---|---|
//! | `started PID` | it runs |
//! | `failed ERRNO` | it could not be started |
//! | `stopped` | it was stopped |
//! | `exited STATUS`, `killed SIGNAL` | its end |
//!
//! It stays as long as somebody holds the other end, as with it the terminal would go, and the kernel would end whatever is left there.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;

use circular_core::CommandEnd;
use rustix::process::{Pid, Signal, ioctl_tiocsctty, kill_process_group, setsid};
use rustix::termios::tcsetpgrp;

use crate::args::Session;
use crate::handed;
use crate::run::command::{self, Became};

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Started(i32),
    /// The system's number of the error.
    Failed(i32),
    Stopped,
    Ended(CommandEnd),
}

impl Told {
    fn line(self) -> String {
        match self {
            Self::Started(pid) => format!("started {pid}\n"),
            Self::Failed(number) => format!("failed {number}\n"),
            Self::Stopped => String::from("stopped\n"),
            Self::Ended(CommandEnd::Killed(signal)) => format!("killed {signal}\n"),
            Self::Ended(CommandEnd::Exited(status)) => format!("exited {status}\n"),
            Self::Ended(_) => String::from("exited 125\n"),
        }
    }

    /// Reads a line; `None` if it says nothing.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let line = line.trim_end();
        if line == "stopped" {
            return Some(Self::Stopped);
        }
        let (word, number) = line.split_once(' ')?;
        let number = number.parse().ok()?;
        Some(match word {
            "started" => Self::Started(number),
            "failed" => Self::Failed(number),
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
    setsid()?;
    let terminal = io::stdin().as_fd().try_clone_to_owned()?;
    ioctl_tiocsctty(&terminal)?;

    let mut command = command::of(&session.words);
    let child = match command.process_group(0).spawn() {
        Ok(child) => child,
        Err(error) => {
            let number = error.raw_os_error().unwrap_or(0);
            return teller.write_all(Told::Failed(number).line().as_bytes());
        }
    };
    let pid = Pid::from_child(&child);
    // It may have asked for the terminal before it was in the foreground, and have been stopped for that.
    tcsetpgrp(&terminal, pid)?;
    let _ = kill_process_group(pid, Signal::CONT);
    // What is left open here would be taken for somebody who may still write.
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stdout(&nothing)?;
    rustix::stdio::dup2_stderr(&nothing)?;
    drop(terminal);

    teller.write_all(Told::Started(pid.as_raw_nonzero().get()).line().as_bytes())?;
    let end = loop {
        match command::wait(pid)? {
            Became::Stopped => teller.write_all(Told::Stopped.line().as_bytes())?,
            Became::Ended(end) => break end,
        }
    };
    teller.write_all(Told::Ended(end).line().as_bytes())?;
    // Until all who need the terminal have gone.
    teller.read_to_end(&mut Vec::new()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_understood() {
        for told in [
            Told::Started(4711),
            Told::Failed(2),
            Told::Stopped,
            Told::Ended(CommandEnd::Exited(3)),
            Told::Ended(CommandEnd::Killed(9)),
        ] {
            assert_eq!(Told::parse(&told.line()), Some(told));
        }
        for line in ["", "started", "started x", "ended 1"] {
            assert_eq!(Told::parse(line), None, "{line}");
        }
    }
}
