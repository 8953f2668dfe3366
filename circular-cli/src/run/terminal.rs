//! Terminals: those that a command is given, and the real one.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    OptionalActions, OutputModes, Termios, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize,
};

use crate::run::groups::is_in_foreground;

/// A pseudo-terminal: the side of the command, and the other one.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) ours: OwnedFd,
    pub(crate) commands: OwnedFd,
}

impl Pair {
    pub(crate) fn new() -> io::Result<Self> {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let path = ptsname(&ours, Vec::new())?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let commands = open(path, flags, Mode::empty())?;
        Ok(Self { ours, commands })
    }

    /// Returns one that is set and as large as `like`.
    pub(crate) fn like(like: impl AsFd) -> io::Result<Self> {
        let pair = Self::new()?;
        let settings = tcgetattr(&like)?;
        tcsetattr(&pair.commands, OptionalActions::Now, &settings)?;
        tcsetwinsize(&pair.ours, tcgetwinsize(&like)?)?;
        Ok(pair)
    }

    pub(crate) fn without_processing(self) -> io::Result<Self> {
        stop_processing(&self.ours)?;
        Ok(self)
    }
}

/// Leaves to the real terminal what is done with line ends.
pub(crate) fn stop_processing(ours: impl AsFd) -> io::Result<()> {
    let mut settings = tcgetattr(&ours)?;
    settings.output_modes -= OutputModes::OPOST;
    tcsetattr(&ours, OptionalActions::Now, &settings)?;
    Ok(())
}

/// Makes a terminal as large as another one.
pub(crate) fn fit(ours: impl AsFd, like: impl AsFd) {
    if let Ok(size) = tcgetwinsize(like) {
        let _ = tcsetwinsize(ours, size);
    }
}

/// Whether it is no terminal any more, as its window was closed. The signal for that does not tell: it is from whoever closed it.
pub(crate) fn has_gone(terminal: impl AsFd) -> bool {
    tcgetattr(terminal).err() == Some(rustix::io::Errno::IO)
}

/// The real terminal, as it was found. It is made so again when this is dropped.
#[derive(Debug)]
pub(crate) struct Real {
    terminal: File,
    found: Termios,
}

impl Real {
    pub(crate) fn of(terminal: impl AsFd) -> io::Result<Self> {
        let terminal = File::from(terminal.as_fd().try_clone_to_owned()?);
        let found = tcgetattr(&terminal)?;
        Ok(Self { terminal, found })
    }

    /// Has each key go to the command's terminal as it is, which knows what to do with it.
    pub(crate) fn hand_over(&self) {
        if !is_in_foreground(&self.terminal) {
            return;
        }
        let mut raw = self.found.clone();
        raw.make_raw();
        self.set(&raw);
    }

    /// Makes it as it was found. In the background it is another one's, and whoever touches it is stopped.
    pub(crate) fn take_back(&self) {
        if !is_in_foreground(&self.terminal) {
            return;
        }
        self.set(&self.found);
    }

    fn set(&self, settings: &Termios) {
        let set = || tcsetattr(&self.terminal, OptionalActions::Drain, settings);
        let _ = rustix::io::retry_on_intr(set);
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        self.take_back();
    }
}
