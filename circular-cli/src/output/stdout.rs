//! The data: to standard output, or to a pager before it.
//!
//! Invariant: a reader that goes away ends the command quietly, and any other error is told; nothing panics.

use std::io::{self, ErrorKind, IsTerminal, StdoutLock, Write};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::failure::Failure;
use crate::output::pager::Pager;

/// Why nothing more is written.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Who read it has gone.
    Gone,
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Where the data goes.
#[derive(Debug)]
pub(crate) enum Out {
    Direct(StdoutLock<'static>),
    Paged(Pager),
}

impl Out {
    pub(crate) fn direct() -> Self {
        Self::Direct(io::stdout().lock())
    }

    /// Through a pager, if standard output is a terminal, and there is one.
    pub(crate) fn paged() -> Self {
        let pager = io::stdout().is_terminal().then(Pager::start).flatten();
        pager.map_or_else(Self::direct, Self::Paged)
    }

    /// Writes all of it, and sees to it that it is on its way.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let written = match self {
            Self::Direct(stdout) => stdout.write_all(bytes).and_then(|()| stdout.flush()),
            Self::Paged(pager) => pager.write_all(bytes),
        };
        match (written, self) {
            (Ok(()), _) => Ok(()),
            // It may never have been there.
            (Err(_), Self::Paged(pager)) => {
                Err(pager.end().map_or_else(Stop::Failed, |()| Stop::Gone))
            }
            (Err(error), Self::Direct(_)) => Err(stop(error)),
        }
    }

    /// Returns when who reads it in a pager has left that.
    pub(crate) fn end(&mut self) -> Result<(), Stop> {
        match self {
            Self::Direct(_) => Ok(()),
            Self::Paged(pager) => Ok(pager.end()?),
        }
    }

    /// Whether nobody can read any more what would be written.
    pub(crate) fn is_gone(&self) -> bool {
        let Self::Direct(stdout) = self else {
            return false;
        };
        let mut fds = [PollFd::new(stdout, PollFlags::empty())];
        // What is not asked for, and told nevertheless.
        let gone = PollFlags::ERR | PollFlags::HUP;
        let asked = poll(&mut fds, Some(&Timespec::default()));
        asked.is_ok() && fds[0].revents().intersects(gone)
    }
}

fn stop(error: io::Error) -> Stop {
    match error.kind() {
        ErrorKind::BrokenPipe => Stop::Gone,
        _ => Stop::Failed(Failure::failed(
            format!("cannot write to standard output: {error}"),
            "the same with > FILE, where there is room",
        )),
    }
}
