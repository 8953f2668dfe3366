//! A ring's options.

use crate::shared::Shared;
use crate::{BuildError, Ring, exit};
use std::sync::Arc;
use std::time::Duration;

/// A ring's options. Made by [`Ring::builder`].
#[derive(Clone, Debug)]
#[must_use = "it does nothing until `build` is called"]
pub struct RingBuilder {
    capacity: usize,
    flush_at_exit: Option<Duration>,
}

impl RingBuilder {
    pub(crate) fn new() -> Self {
        Self {
            capacity: 10 << 20,
            flush_at_exit: None,
        }
    }

    /// How many bytes the ring holds; 10 MiB unless said. Rounded up to whole pages of 4 KiB.
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.capacity = bytes;
        self
    }

    /// When `main` returns or the program calls [`std::process::exit`], close the ring and wait
    /// until its lossless readers have written and flushed everything, all sinks are dropped, and each
    /// [`DumpTrigger`](crate::DumpTrigger) has made the dump that was asked of it, but no longer than
    /// `patience`. Several such rings are closed at once, and their patience runs at the same time.
    ///
    /// If it is called inside a sink, in its destructor or on a trigger's thread, all but that is waited
    /// for; in other code that a thread of a ring or a panic runs, nothing is: it may be what the rest waits
    /// for.
    ///
    /// On unix, through `atexit`. A program that aborts or is killed does not get there, and a
    /// forked child skips it.
    pub fn flush_at_exit(mut self, patience: Duration) -> Self {
        self.flush_at_exit = Some(patience);
        self
    }

    /// Makes the ring.
    ///
    /// # Errors
    ///
    /// A capacity of zero, one that is more than the address space, or one that the system has no
    /// memory for; or, for `flush_at_exit`, that the system takes no exit handler.
    pub fn build(self) -> Result<Ring, BuildError> {
        let shared = Arc::new(Shared::new(self.capacity)?);
        if let Some(patience) = self.flush_at_exit {
            exit::register(&shared, patience)?;
        }
        Ok(Ring::with_shared(shared))
    }
}
