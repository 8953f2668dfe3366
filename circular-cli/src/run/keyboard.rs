//! To which of a command's terminals a key goes.
//!
//! Its standard error has a terminal of its own, so that what is printed there can be told apart; a program that reads its keys from where
//! its errors go, as less(1) does, is to get them there. That one is told by what it has done to that terminal: it takes single keys, and
//! the other one takes lines.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;

use rustix::termios::{LocalModes, SpecialCodeIndex, Termios, tcgetattr};

/// The controlling terminal, and that of standard error if it has one.
#[derive(Debug)]
pub(crate) struct Keyboard {
    controlling: File,
    of_errors: Option<File>,
}

impl Keyboard {
    pub(crate) fn of(controlling: OwnedFd) -> Self {
        Self {
            controlling: controlling.into(),
            of_errors: None,
        }
    }

    pub(crate) fn add(&mut self, of_errors: OwnedFd) {
        self.of_errors = Some(of_errors.into());
    }

    /// Types keys.
    pub(crate) fn type_in(&self, keys: &[u8]) -> io::Result<()> {
        let Some((of_errors, settings)) = self.taker() else {
            return (&self.controlling).write_all(keys);
        };
        for key in keys {
            // A signal is sent to the session of the controlling one only.
            let mut to = if is_signal(&settings, *key) {
                &self.controlling
            } else {
                of_errors
            };
            to.write_all(&[*key])?;
        }
        Ok(())
    }

    /// The terminal of standard error, if it is that one that takes keys.
    fn taker(&self) -> Option<(&File, Termios)> {
        let of_errors = self.of_errors.as_ref()?;
        let settings = tcgetattr(of_errors).ok()?;
        let takes_lines = |settings: &Termios| settings.local_modes.contains(LocalModes::ICANON);
        let others = tcgetattr(&self.controlling).ok()?;
        (!takes_lines(&settings) && takes_lines(&others)).then_some((of_errors, settings))
    }
}

/// Whether a key is one for which a terminal sends a signal.
fn is_signal(settings: &Termios, key: u8) -> bool {
    let codes = [
        SpecialCodeIndex::VINTR,
        SpecialCodeIndex::VQUIT,
        SpecialCodeIndex::VSUSP,
    ];
    let is_one = codes
        .into_iter()
        .any(|code| settings.special_codes[code] == key);
    settings.local_modes.contains(LocalModes::ISIG) && is_one
}
