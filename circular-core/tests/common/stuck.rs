//! A sink that does not return until the test lets it.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, Sender};

/// Hangs in every `write` until its [`Release`] is dropped, then takes everything.
pub(crate) struct Stuck {
    entered: Sender<()>,
    released: Receiver<()>,
}

/// Dropped, it lets the sink go: also when an assertion fails, so that no thread stays behind.
pub(crate) struct Release {
    entered: Receiver<()>,
    _release: Sender<()>,
}

pub(crate) fn sink() -> (Stuck, Release) {
    let (entered, is_entered) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let stuck = Stuck { entered, released };
    let release = Release {
        entered: is_entered,
        _release: release,
    };
    (stuck, release)
}

impl Release {
    /// Returns when the sink hangs.
    pub(crate) fn wait_until_stuck(&self) {
        self.entered.recv().unwrap();
    }
}

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Once released, both ends of both channels are gone.
        let _ = self.entered.send(());
        let _ = self.released.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
