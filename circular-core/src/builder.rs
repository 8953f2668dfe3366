//! A ring's options.

use crate::error::BuildError;
use crate::exit;
use crate::ring::Ring;
use crate::shared::Shared;
use std::sync::Arc;
use std::time::Duration;

/// A ring's options. Made by [`Ring::builder`], or by `default`, which is the same.
#[derive(Clone, Debug)]
#[must_use = "it does nothing until `build` is called"]
pub struct RingBuilder {
    capacity: usize,
    flush_at_exit: Option<Duration>,
}

impl Default for RingBuilder {
    fn default() -> Self {
        Self {
            capacity: 10 << 20,
            flush_at_exit: None,
        }
    }
}

impl RingBuilder {
    /// How many bytes the ring holds; 10 MiB unless said. Rounded up to whole pages of 4 KiB.
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.capacity = bytes;
        self
    }

    /// When `main` returns or the program calls [`std::process::exit`], close the ring and wait
    /// until its lossless readers have written and flushed everything, all readers that feed a sink have done
    /// so, whatever their policy, and dropped it, and each [`DumpTrigger`](crate::DumpTrigger) has made the
    /// dump that was asked of it, but no longer than `patience`. Several such rings are closed at once, and
    /// their patience runs at the same time.
    ///
    /// If it is called inside a sink, in its destructor or on a trigger's thread, all but that is waited
    /// for; in other code that a thread of a ring or a panic runs, nothing is: it may be what the rest waits
    /// for.
    ///
    /// A program that aborts, is killed, or is ended by a signal that it does not handle does not get there;
    /// a forked child skips it.
    ///
    /// # Where the system does not tell of the end
    ///
    /// On unix this is done through `atexit`, and on Windows through that of the C runtime, which covers the
    /// return from `main`, but not `process::exit`, and nothing in a DLL. Elsewhere nothing is done.
    /// [`Handle::is_flushed_at_exit`](crate::Handle::is_flushed_at_exit) tells whether the end of the program
    /// is watched. What works everywhere, as the last thing that a program does, is
    /// [`close`](crate::Handle::close) and [`join_timeout`](crate::Handle::join_timeout).
    pub fn flush_at_exit(mut self, patience: Duration) -> Self {
        self.flush_at_exit = Some(patience);
        self
    }

    /// Makes the ring.
    ///
    /// # Errors
    ///
    /// A capacity of zero, one that is more than the address space, or one that the system has no
    /// memory for.
    pub fn build(self) -> Result<Ring, BuildError> {
        let shared = Arc::new(Shared::new(self.capacity)?);
        if let Some(patience) = self.flush_at_exit {
            exit::register(&shared, patience);
        }
        Ok(Ring::with_shared(shared))
    }
}
