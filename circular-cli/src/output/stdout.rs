//! The data: to standard output, or to a pager before it.
//!
//! Invariant: a reader that goes away ends the command quietly, and any other error is told; nothing panics.

use std::io::{self, ErrorKind, IsTerminal, StdoutLock, Write};

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
        written.map_err(stop)
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
