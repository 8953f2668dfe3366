//! What is typed for a command on a terminal of its own, and which of these keys mean more than the command.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rustix::termios::{LocalModes, SpecialCodeIndex, tcgetattr};

/// Where keys are typed.
#[derive(Debug)]
pub(crate) struct Keyboard {
    ours: File,
    keys: Keys,
}

/// What was typed that a terminal tells the whole group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    interrupts: Arc<AtomicBool>,
    suspends: Arc<AtomicBool>,
}

impl Keys {
    /// Whether a key has interrupted, or quit, since it began: so it was not somebody else's signal.
    pub(crate) fn have_interrupted(&self) -> bool {
        self.interrupts.load(Relaxed)
    }

    /// Whether the key that suspends was typed since this was asked.
    pub(crate) fn have_suspended(&self) -> bool {
        self.suspends.swap(false, Relaxed)
    }
}

impl Keyboard {
    pub(crate) fn of(ours: OwnedFd) -> Self {
        Self {
            ours: ours.into(),
            keys: Keys::default(),
        }
    }

    pub(crate) fn keys(&self) -> Keys {
        self.keys.clone()
    }

    /// Types keys.
    pub(crate) fn type_in(&mut self, typed: &[u8]) -> io::Result<()> {
        self.note(typed);
        self.ours.write_all(typed)
    }

    fn note(&self, typed: &[u8]) {
        let Ok(settings) = tcgetattr(&self.ours) else {
            return;
        };
        let has = |index| typed.contains(&settings.special_codes[index]);
        let is_signal = settings.local_modes.contains(LocalModes::ISIG);
        if is_signal && (has(SpecialCodeIndex::VINTR) || has(SpecialCodeIndex::VQUIT)) {
            self.keys.interrupts.store(true, Relaxed);
        }
        // Who takes that key itself, as vim does, stops its group for it.
        if has(SpecialCodeIndex::VSUSP) {
            self.keys.suspends.store(true, Relaxed);
        }
    }
}
