//! Where threads that panic at the same time wait for each other.
//!
//! Invariant: one file is made at a time. Who comes meanwhile waits for it, and for a dump to stderr,
//! but not for ever: stderr may be stuck.

use crate::buffer::Buffer;
use crate::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// How long a thread that panics during another's dump waits for it.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

pub(super) struct Desk {
    state: Mutex<State>,
    /// Notified when one of those who wait may go on.
    free: Condvar,
}

struct State {
    /// `None` while a file is made.
    dumper: Option<Dumper>,
    /// How many dump to stderr.
    to_stderr: usize,
}

/// What only one dump at a time may use.
pub(super) struct Dumper {
    pub(super) buffer: Buffer,
    /// When the last dump began.
    pub(super) last: Option<Instant>,
}

impl Desk {
    /// With the buffer that dumps to files go through.
    pub(super) fn new(buffer: Buffer) -> Self {
        let dumper = Dumper { buffer, last: None };
        Self {
            state: Mutex::new(State {
                dumper: Some(dumper),
                to_stderr: 0,
            }),
            free: Condvar::new(),
        }
    }

    /// The dumper, when nobody dumps any more, or when that takes too long and it is there; nothing if
    /// it is not.
    pub(super) fn take(&self) -> Option<Dumper> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.state.lock();
        while (state.dumper.is_none() || state.to_stderr > 0) && Instant::now() < deadline {
            self.free.wait(&mut state, Some(deadline));
        }
        state.dumper.take()
    }

    /// The file is made; if it goes on `to_stderr`, [`Self::end_stderr`] must follow.
    pub(super) fn give_back(&self, dumper: Dumper, to_stderr: bool) {
        let mut state = self.state.lock();
        state.dumper = Some(dumper);
        state.to_stderr += usize::from(to_stderr);
        drop(state);
        self.free.notify_all();
    }

    pub(super) fn end_stderr(&self) {
        self.state.lock().to_stderr -= 1;
        self.free.notify_all();
    }
}
