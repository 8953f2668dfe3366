//! A ring's other side: everything but writing.

use crate::api::headers::Headers;
use crate::api::reader::ReaderBuilder;
use crate::error::{MappingError, OutOfMemory};
use crate::format::command::CommandEnd;
use crate::record::cursor::Cursor;
use crate::ring::at_exit;
use crate::ring::attending::Attending;
use crate::ring::in_file::InFile;
use crate::ring::policy::Policy;
use crate::ring::shared::Shared;
use crate::ring::stats::{self, Stats};
use crate::sys::{no_wait, sync};
use crate::tape::snapshot::{self, Snapshot};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Reads, flushes and closes a ring. Cheap to clone, and may live in a static: it does not keep the
/// ring open.
///
/// # Where nothing waits
///
/// Some code runs on a thread that others may wait for: a sink of a reader, of a
/// [`DumpTrigger`](crate::DumpTrigger), of [`dump_to`](Self::dump_to) or [`write_image`](Self::write_image), and its destructor; a waker that is told that an [`AsyncReader`](crate::AsyncReader) has more; a
/// [redaction](crate::Redaction) hook; and what [`PanicDump`](crate::PanicDump) does in the panic hook. There nothing
/// waits, of this ring or another, as it might be for itself: [`flush`](Self::flush) returns at once,
/// [`flush_timeout`](Self::flush_timeout) and [`join_timeout`](Self::join_timeout) are `false` at once, and a write
/// that finds no room overtakes. A write overtakes on every thread that panics, too; the others do wait there, in a
/// destructor say that runs while the thread unwinds.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Hands everything that the ring holds and gets to `sink`, the oldest first, and returns when
    /// the ring was closed and all of it was written and flushed; `Ok` tells how many bytes.
    ///
    /// This is a reader with [`Policy::Block`]: writers wait for the sink when the ring is full. For
    /// a sink that may hang, a terminal or a network client, use [`Handle::reader`] with another
    /// policy. The sink gets whole records, many at once, and is flushed when it has got everything
    /// and when a [`flush`](Self::flush) waits for it. A copy of what is held now is
    /// [`snapshot`](Self::snapshot).
    ///
    /// # Errors
    ///
    /// The sink's first error ends it: kind and message are the sink's, and a
    /// [`SinkError`](crate::SinkError) inside tells how many bytes it had taken. Other readers are
    /// not concerned.
    pub fn write_to(&self, sink: impl io::Write) -> io::Result<u64> {
        self.reader().policy(Policy::Block).write_to(sink)
    }

    /// Returns a builder for a reader.
    pub fn reader(&self) -> ReaderBuilder {
        ReaderBuilder::new(Arc::clone(&self.shared))
    }

    /// Waits until every lossless reader that there is has written and flushed to its sink all that
    /// was written to the ring before this call. Readers with [`Policy::Skip`], demoted and ended
    /// ones are not waited for, nor those whose sinks fail just now. One with [`Policy::BlockFor`] is waited for as by a
    /// write: if it gets no further for as long as that says, it is demoted.
    ///
    /// [Where nothing waits](#where-nothing-waits), in a sink say, it returns at once. A reader that was opened by this
    /// thread is not read meanwhile, so it must not be lossless.
    pub fn flush(&self) {
        self.flush_until(None);
    }

    /// Does what [`flush`](Self::flush) does, but waits no longer than `timeout`; tells whether all readers were
    /// done by then. It is `false` if one was given up on, and it is that at once
    /// [where nothing waits](#where-nothing-waits).
    ///
    /// It is `false`, too, if what was written has not gone where it should as a sink has failed: while that of
    /// a lossless reader is [tried again](crate::OnError::TryAgain); and when that of one has failed and its
    /// reader has ended, until another lossless reader that feeds a sink is there in its place.
    pub fn flush_timeout(&self, timeout: Duration) -> bool {
        self.flush_until(sync::now().checked_add(timeout))
    }

    fn flush_until(&self, deadline: Option<Instant>) -> bool {
        !no_wait::is_entered() && self.shared.flush_until(deadline)
    }

    /// Closes the ring: nothing more is written, every writer that waits for room is let go with
    /// `BrokenPipe`, readers get what is left and end. Once is enough, more do no harm.
    ///
    /// It never waits, and may be called from anywhere, a sink included.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Returns whether the ring is closed. In a forked child it is.
    pub fn is_closed(&self) -> bool {
        self.shared.lock().is_none_or(|state| state.closed)
    }

    /// Returns whether this process was forked from the one that made the ring. Here there is nothing to read, and
    /// no way to tell that from an empty ring but this.
    pub fn is_forked(&self) -> bool {
        self.shared.generation.is_past()
    }

    /// Returns whether the ring is closed and its readers waited for when the program ends: whether
    /// [`flush_at_exit`](crate::RingBuilder::flush_at_exit) was asked for, and the system tells us of the end.
    /// In a forked child it is `false`.
    pub fn is_flushed_at_exit(&self) -> bool {
        at_exit::is_registered(&self.shared)
    }

    /// Waits until all readers have ended, but no longer than `timeout`; tells whether they have.
    /// They end after [`close`](Self::close), or when they are dropped; one that feeds a sink has ended
    /// when that was dropped, too. So do the threads of
    /// [`DumpTrigger`](crate::DumpTrigger)s, which are waited for as well. It is `false` at once
    /// [where nothing waits](#where-nothing-waits).
    pub fn join_timeout(&self, timeout: Duration) -> bool {
        let shared = &*self.shared;
        let deadline = sync::now().checked_add(timeout);
        if no_wait::is_entered() {
            return false;
        }
        let Some(mut state) = shared.lock() else {
            return true;
        };
        while state.readers.len() > 0 || state.sinks > 0 || state.triggers > 0 {
            if sync::is_over(deadline) {
                return false;
            }
            shared.ended.wait(&mut state, deadline);
        }
        true
    }

    /// Returns an owned copy of what the ring holds now. It waits for nobody and holds nobody up; after close
    /// it still works. It has no gaps: where the ring's file was cut
    /// ([`RingBuilder::crash_note`](crate::RingBuilder::crash_note)), it begins behind what was lost, as soon as something is
    /// there. What lies in front of that readers have, and text dumps.
    ///
    /// Where there is no memory for all of it, it is of the newest half, a quarter, or however much there
    /// is memory for: looking must not end the program. [`try_snapshot`](Self::try_snapshot) tells.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.look(snapshot::take)
    }

    /// Returns what [`snapshot`](Self::snapshot) does, and all of it or an error.
    ///
    /// # Errors
    ///
    /// [`OutOfMemory`] if there is no memory for it.
    pub fn try_snapshot(&self) -> Result<Snapshot, OutOfMemory> {
        self.shared.look(snapshot::try_take)
    }

    /// Returns a walk over what is known of the records that the ring holds, without their bytes: for counts over all of it,
    /// of which nothing but the headers is read.
    ///
    /// ```
    /// use circular_core::{Level, Meta, Ring};
    ///
    /// let ring = Ring::new(1 << 16)?;
    /// ring.record(Meta::new().level(Level::Warn).target("db"), b"pool is empty\n")?;
    /// ring.record(Meta::new().level(Level::Error).target("cart"), b"timeout\n")?;
    /// let (mut errors, mut headers) = (0, ring.handle().headers());
    /// while let Some(record) = headers.next_record() {
    ///     errors += u32::from(record.level() == Some(Level::Error));
    /// }
    /// assert_eq!(errors, 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn headers(&self) -> Headers {
        Headers::new(Arc::clone(&self.shared))
    }

    /// Returns what the ring has done so far, and how its readers are.
    pub fn stats(&self) -> Stats {
        stats::take(&self.shared)
    }

    /// Returns the place behind the newest record: where a reader begins that starts at
    /// [`Start::Newest`](crate::Start::Newest) now. In a forked child it is the beginning.
    pub fn cursor(&self) -> Cursor {
        let head = self.shared.lock().map(|state| state.head.position);
        Cursor {
            ring: self.shared.id,
            seq: head.map_or(0, |position| position.seq),
            bytes: Some(head.map_or(0, |position| position.bytes)),
        }
    }

    /// Returns the file that the ring is in, if it is in one: see [`RingBuilder::mapped`](crate::RingBuilder::mapped).
    pub fn path(&self) -> Option<&Path> {
        self.shared.file.as_ref().map(InFile::path)
    }

    /// Notes in the ring's file how the command has ended whose output is recorded: see
    /// [`RingBuilder::command`](crate::RingBuilder::command). [`RingFile::command_end`](crate::RingFile::command_end) tells it,
    /// with the time of this call. Does nothing for a ring on the heap, and in a forked child.
    pub fn note_command_end(&self, end: CommandEnd) {
        if let (Some(file), true) = (&self.shared.file, !self.shared.generation.is_past()) {
            file.set_command_end(end);
        }
    }

    /// Returns why the ring is on the heap and not in a file, as it should be: see
    /// [`RingBuilder::or_heap`](crate::RingBuilder::or_heap).
    pub fn mapping_error(&self) -> Option<&MappingError> {
        self.shared.mapping_error.as_ref()
    }

    /// Returns how many bytes of records, headers included, the ring holds.
    pub fn capacity(&self) -> usize {
        self.shared.tape.size()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Attending {
    /// At the ring of `handle`.
    pub fn at(handle: &Handle) -> Self {
        Self::new(handle.shared())
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}
