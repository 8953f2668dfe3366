//! The side of a ring that programs write to.

use crate::api::handle::Handle;
use crate::error::BuildError;
use crate::memory::payload;
use crate::record::meta::Meta;
use crate::ring::at_exit;
use crate::ring::shared::Shared;
use crate::sys::thread_buffer;
use std::fmt::{self, Write as _};
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Duration;

/// A fixed block of memory that holds the newest records.
///
/// One call of [`write`](io::Write::write) is one record. Clones write to the same ring; when the last
/// one is dropped, the ring is closed. A global logger or subscriber never drops its own: there,
/// close it by [`Handle::close`], or ask for
/// [`flush_at_exit`](RingBuilder::flush_at_exit).
///
/// # Writing
///
/// A write takes one short lock, copies, and allocates nothing, unless it is of more than a few short
/// slices, which are put together first. It waits only if a lossless reader
/// is a whole ring behind, as [`Policy`](crate::Policy) says, and never inside a sink or while the
/// thread panics.
///
/// `write`, `write_all`, `write_vectored` and `writeln!` each make one record, without a level and a
/// target; [`record`](Self::record) takes those too. An empty write makes none. A record longer than
/// the ring less one header, 16 bytes, goes through in parts. `flush` does nothing: there is nothing
/// between a write and the ring. What waits for readers is [`Handle::flush`].
///
/// # Errors
///
/// After close, and in a forked child, a write is refused with `BrokenPipe`, and counted.
#[derive(Clone)]
pub struct Ring {
    shared: Arc<Shared>,
    /// Closes the ring when the last clone goes.
    _open: Arc<Open>,
}

struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Ring {
    /// Makes a ring that holds `capacity` bytes, rounded up to whole pages of 4 KiB. Each record takes at
    /// most 24 bytes more than its own, and its target.
    ///
    /// # Errors
    ///
    /// A capacity of zero, one that is more than the address space, or one that the system has no
    /// memory for.
    pub fn new(capacity: usize) -> Result<Ring, BuildError> {
        Ring::builder().capacity(capacity).build()
    }

    /// Returns a builder for the options.
    pub fn builder() -> RingBuilder {
        RingBuilder::default()
    }

    pub(crate) fn with_shared(shared: Arc<Shared>) -> Self {
        Self {
            _open: Arc::new(Open(Arc::clone(&shared))),
            shared,
        }
    }

    /// Returns the other side: for readers, flush and close. It does not keep the ring open.
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.shared))
    }

    /// Returns how many bytes of records, headers included, the ring holds.
    pub fn capacity(&self) -> usize {
        self.shared.tape.size()
    }

    /// Returns whether this process was forked from the one that made the ring. Here it refuses every write; an
    /// adapter with locks of its own must not touch them, as they may be held for ever.
    pub fn is_forked(&self) -> bool {
        self.shared.generation.is_past()
    }

    /// Writes one record; if `bytes` is empty, none.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` after close.
    pub fn record(&self, meta: Meta<'_>, bytes: &[u8]) -> io::Result<()> {
        self.shared.write(meta, bytes)
    }

    /// Formats in a buffer of the thread's and writes the text as one record; if it is empty, none.
    ///
    /// What is formatted may itself write to the ring: that is a record before this one.
    ///
    /// ```
    /// use circular_core::{Level, Meta, Ring};
    ///
    /// let ring = Ring::new(4096)?;
    /// ring.record_fmt(Meta::new().level(Level::Info), format_args!("{} done\n", 3))?;
    /// assert_eq!(ring.handle().snapshot().bytes(), b"3 done\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `BrokenPipe` after close. If a `Display` fails, what came before is written, and the error
    /// says so.
    ///
    /// # Panics
    ///
    /// If a `Display` panics; what came before is written.
    pub fn record_fmt(&self, meta: Meta<'_>, args: fmt::Arguments<'_>) -> io::Result<()> {
        if let Some(text) = args.as_str() {
            return self.record(meta, text.as_bytes());
        }
        let mut formatted = Ok(());
        self.record_with(meta, |text| formatted = text.write_fmt(args))?;
        formatted.map_err(|_| {
            io::Error::other("a Display returned an error: the record ends where it did")
        })
    }

    /// Lets `fill` put the text into a buffer of the thread's, which is empty, and writes that as one
    /// record; if it is still empty, none. For adapters, which have a line to put together.
    ///
    /// What `fill` does may itself write to the ring: that is a record before this one.
    ///
    /// ```
    /// use circular_core::{Timestamp, Meta, Ring};
    ///
    /// let ring = Ring::new(4096)?;
    /// let time = Timestamp::now();
    /// ring.record_with(Meta::new().timestamp(time), |text| {
    ///     time.push_to(text);
    ///     text.push_str(" started\n");
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `BrokenPipe` after close.
    ///
    /// # Panics
    ///
    /// If `fill` does; what it has put into the buffer by then is written.
    pub fn record_with(&self, meta: Meta<'_>, fill: impl FnOnce(&mut String)) -> io::Result<()> {
        thread_buffer::with(|text| {
            let mut unfinished = Unfinished {
                ring: self,
                meta,
                text,
            };
            fill(unfinished.text);
            unfinished.record()
        })
    }
}

/// A record that is being formatted. What there is of it is written even if the formatting panics.
struct Unfinished<'a> {
    ring: &'a Ring,
    meta: Meta<'a>,
    text: &'a mut String,
}

impl Unfinished<'_> {
    fn record(&mut self) -> io::Result<()> {
        let written = self.ring.record(self.meta, self.text.as_bytes());
        self.text.clear();
        written
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        // Empty, unless the formatting panicked.
        if !self.text.is_empty() {
            // A refusal has been counted.
            let _ = self.record();
        }
    }
}

impl io::Write for Ring {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(slices)
    }

    fn write_fmt(&mut self, args: fmt::Arguments<'_>) -> io::Result<()> {
        (&*self).write_fmt(args)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl io::Write for &Ring {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.record(Meta::new(), bytes)?;
        Ok(bytes.len())
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        payload::together(slices, |payload| self.shared.write(Meta::new(), payload))
    }

    fn write_fmt(&mut self, args: fmt::Arguments<'_>) -> io::Result<()> {
        self.record_fmt(Meta::new(), args)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

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
    /// Sets how many bytes the ring holds; 10 MiB by default. Rounded up to whole pages of 4 KiB.
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.capacity = bytes;
        self
    }

    /// Closes the ring when `main` returns or the program calls [`std::process::exit`], and waits until its
    /// lossless readers have written and flushed everything, all readers that feed a sink have done so, whatever
    /// their policy, and dropped it, and each [`DumpTrigger`](crate::DumpTrigger) has made the dump that was asked
    /// of it, but no longer than `patience`. Several such rings are closed at once, and their patience runs at the
    /// same time.
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
            at_exit::register(&shared, patience);
        }
        Ok(Ring::with_shared(shared))
    }
}
