//! The terminal that a command reads its keys from, and the one that it prints to.
//!
//! Its standard output has a terminal of its own, so that what is printed there can be told apart. A program that sets how keys come
//! (one by one, unseen) may do that to either, as without us they are one. So what is set on one is set on the other, before the
//! next key.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// Where keys are typed, and the other terminal if there is one.
#[derive(Debug)]
pub(crate) struct Keyboard {
    main: File,
    other: Option<File>,
    /// What both were set to when that was looked at.
    seen: Option<[Termios; 2]>,
    /// Whether a key was typed that interrupts, or quits.
    interrupts: Arc<AtomicBool>,
}

impl Keyboard {
    pub(crate) fn of(main: OwnedFd) -> Self {
        Self {
            main: main.into(),
            other: None,
            seen: None,
            interrupts: Arc::default(),
        }
    }

    /// Whether a key has interrupted, or quit, since it began: so it was not somebody else's signal.
    pub(crate) fn interrupts(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupts)
    }

    pub(crate) fn add(&mut self, other: OwnedFd) {
        self.other = Some(other.into());
        self.seen = self.settings();
    }

    /// Types keys.
    pub(crate) fn type_in(&mut self, keys: &[u8]) -> io::Result<()> {
        self.make_alike();
        if self.has_interrupt(keys) {
            self.interrupts.store(true, Relaxed);
        }
        (&self.main).write_all(keys)
    }

    fn has_interrupt(&self, keys: &[u8]) -> bool {
        let Ok(settings) = tcgetattr(&self.main) else {
            return false;
        };
        let codes = [SpecialCodeIndex::VINTR, SpecialCodeIndex::VQUIT];
        let codes = codes.map(|index| settings.special_codes[index]);
        settings.local_modes.contains(LocalModes::ISIG)
            && keys.iter().any(|key| codes.contains(key))
    }

    fn settings(&self) -> Option<[Termios; 2]> {
        let other = self.other.as_ref()?;
        Some([tcgetattr(&self.main).ok()?, tcgetattr(other).ok()?])
    }

    fn make_alike(&mut self) {
        let (Some(other), Some([seen_main, seen_other])) = (&self.other, &self.seen) else {
            return;
        };
        let Some([main, others]) = self.settings() else {
            return;
        };
        if !are_alike(&others, seen_other) {
            let _ = tcsetattr(&self.main, OptionalActions::Now, &others);
        } else if !are_alike(&main, seen_main) {
            let _ = tcsetattr(other, OptionalActions::Now, &main);
        }
        self.seen = self.settings();
    }
}

fn are_alike(one: &Termios, other: &Termios) -> bool {
    (one.input_modes, one.output_modes, one.local_modes)
        == (other.input_modes, other.output_modes, other.local_modes)
}
