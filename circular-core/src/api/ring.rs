//! The side of a ring that programs write to.

use crate::api::handle::Handle;
use crate::error::BuildError;
use crate::format::origin::Recorded;
use crate::memory::payload;
use crate::record::meta::Meta;
use crate::ring::at_exit;
use crate::ring::crash_text::{self, Opened, TextOptions};
use crate::ring::in_file::FileOptions;
use crate::ring::shared::Shared;
use crate::sys::thread_buffer;
use std::fmt::{self, Write as _};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
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
    /// Directory and program.
    file: Option<(Option<PathBuf>, String)>,
    keep: usize,
    mode: u32,
    or_heap: bool,
    crash_note: bool,
    /// Path and process.
    recorded: Recorded,
}

impl Default for RingBuilder {
    fn default() -> Self {
        Self {
            capacity: 10 << 20,
            flush_at_exit: None,
            file: None,
            keep: 2,
            mode: 0o600,
            or_heap: false,
            crash_note: false,
            recorded: Recorded::default(),
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

    /// Puts the ring into a file that is mapped into memory: what is written is there after any end of the process,
    /// SIGKILL included, and others can look at it meanwhile, with [`RingFile`](crate::RingFile). A write costs the same.
    ///
    /// The file is `<program>.<ring>.ring` in `$CIRCULAR_DIR`, which must be there, or in `$XDG_RUNTIME_DIR/circular`, or else in
    /// `/dev/shm/circular-<uid>`, which is memory: a restart of the system, or of a container that the directory belongs
    /// to, ends it. [`Handle::path`] tells which file it is. Every ring has a file of its own, so any number of processes
    /// may be called the same. Old ones of the same program are removed as [`keep`](Self::keep) says, when the next is
    /// made. Where files are memory, it and as many dead ones as are kept may take half of what the machine or the container
    /// has, and no more.
    ///
    /// The log lies there as it was written, and only its owner may read it, unless [`mode`](Self::mode) says otherwise.
    /// A record above a quarter of the ring goes through in parts.
    ///
    /// It is for Linux; elsewhere it is an error that says so, or the heap with [`or_heap`](Self::or_heap).
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use circular_core::{Ring, RingFile};
    /// use std::io::Write;
    ///
    /// # let dir = std::env::temp_dir().join(format!("circular-doc-{}", std::process::id()));
    /// # std::fs::create_dir(&dir)?;
    /// let mut ring = Ring::builder().capacity(1 << 20).mapped_in(&dir, "shop").build()?;
    /// writeln!(ring, "sold")?;
    ///
    /// // In any process, now or after this one was killed.
    /// let file = RingFile::open(ring.handle().path().unwrap())?;
    /// assert_eq!(file.snapshot()?.bytes(), b"sold\n");
    /// # std::fs::remove_dir_all(&dir)?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn mapped(self, program: impl Into<String>) -> Self {
        self.in_file(None, program.into())
    }

    /// Does what [`mapped`](Self::mapped) does, in a directory of the caller's, which is there. On a disk the system may
    /// hold up a write while it writes back, and writers with it: tens of milliseconds were measured, so choose one only
    /// if the log is to survive a restart of the system.
    pub fn mapped_in(self, dir: impl Into<PathBuf>, program: impl Into<String>) -> Self {
        self.in_file(Some(dir.into()), program.into())
    }

    fn in_file(mut self, dir: Option<PathBuf>, program: String) -> Self {
        self.file = Some((dir, program));
        self
    }

    /// Sets how many rings of the same program stay whose processes have ended, the newest ones; 2 by default. Of runs
    /// that did not last 10 s, up to their last record, none takes the place of one that did, so that a program that is
    /// started again and again keeps what it said when it was well.
    pub fn keep(mut self, count: usize) -> Self {
        self.keep = count;
        self
    }

    /// Sets who may read the ring's file, as `chmod` takes it, in octal; `0o600` by default. `0o640` is for another user of
    /// the same group, such as a side-car's, in a directory that lets that in, which the default ones do not:
    /// `$CIRCULAR_DIR`, or [`mapped_in`](Self::mapped_in). One that its owner may not read is an error of
    /// [`build`](Self::build).
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Sets the command whose output is recorded, by its path and its process, where that is another one than this:
    /// `circular run` does. The ring's file tells it, see [`RingInfo::command`](crate::RingInfo::command), and how it has ended,
    /// if [`Handle::note_command_end`] is called. A ring on the heap tells nobody.
    pub fn command(mut self, path: impl AsRef<Path>, pid: u32) -> Self {
        self.recorded.command = Some((path.as_ref().to_string_lossy().into_owned(), pid));
        self
    }

    /// Says that this ring goes on where another one ended, which has what the [command](Self::command) printed until then:
    /// processes that it has left behind may print more. The ring's file tells it, see
    /// [`RingInfo::rest_of`](crate::RingInfo::rest_of). `ring` is the other one's id, as in [`RingInfo::ring`](crate::RingInfo::ring).
    pub fn rest_of(mut self, ring: u64) -> Self {
        self.recorded.rest_of = Some(ring);
        self
    }

    /// Makes the ring on the heap if no file can be made for it: then [`Handle::mapping_error`] says why. So the program
    /// starts all the same.
    pub fn or_heap(mut self) -> Self {
        self.or_heap = true;
        self
    }

    /// Has the ring's file say what its program died of, if it was a crash; `false` by default. For a ring
    /// [in a file](Self::mapped), [`RingFile::state`](crate::RingFile::state) tells what was noted: which signal, when, in which
    /// thread, and the address. Of a ring on the heap the text is written, see [below](#a-ring-on-the-heap).
    ///
    /// Handlers for SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT are set for the whole process when the first such ring is made,
    /// and stay. They store a few words, and pass the signal on to what was there before: the program ends as it does without
    /// them, with the same status, core dump and message, or goes on, if a handler that was there before mends the fault,
    /// as those of runtimes for Java or wasm do. Then the note is taken back. Such a fault takes some microseconds more. The first one
    /// takes as long as the texts of the rings on the heap, which are written, and taken back.
    ///
    /// A SIGBUS in the ring's own memory is no crash: somebody has cut the file, or its disk is full. The program goes on, with
    /// memory of its own, into which it copies what the file still has. What was behind the cut is lost to readers in the
    /// process, and counted as missed; what is written from then on is not. Nothing new comes to the file. Others see [`RingState::Detached`](crate::RingState::Detached), and
    /// [`Stats::lost_memory`](crate::Stats::lost_memory) counts.
    ///
    /// # What leaves no note
    ///
    /// - SIGKILL, the system when it is out of memory, a SIGTERM that nobody handles: nobody is asked.
    /// - An overflow of the stack of a thread that Rust has not started, unless that has an alternate stack (`sigaltstack`):
    ///   there is no place for a handler to run on.
    /// - A handler that was set later, and does not pass the signal on to what it has found.
    /// - A thread that has the signal blocked: the system ends the program at once.
    /// - A signal that was ignored (`SIG_IGN`) when the first such ring was made. It stays so. Then a fault, or `abort`, leaves no
    ///   note, and with SIGBUS ignored a cut file ends the program.
    /// - An `abort` while another thread's stack overflow, or first fault, is with a handler of the program's on a short stack.
    /// - A forked child's crash: the ring is its parent's.
    /// - A crash in a sandbox that was set up later and has the program killed for the calls of a handler: `futex`, `prctl`,
    ///   `gettid`, `sigaltstack`, `rt_sigprocmask`, `rt_sigaction`, and of a ring on the heap `linkat`, `clone` and `wait4`. Then the
    ///   program ends by the sandbox's signal, SIGSYS. Where `futex` is only refused, there is no note; allow what is in this list.
    /// - SIGTRAP, SIGSYS, and what else the system ends a program by: only SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT are noted. On
    ///   x86 a breakpoint (`int3`) is a SIGTRAP, elsewhere some compilers' traps are.
    /// - Of a ring on the heap, a crash after a `chroot`, or where there is no `/proc`: its file gets its name by that.
    /// - A crash after the ring's file was cut, or its disk was full: nothing comes to the file any more.
    ///
    /// # When a cut file ends the program all the same
    ///
    /// Where a thread that comes to the ring has SIGBUS blocked. Where the system gives no memory for a copy of the ring: after
    /// `mlockall` with a small limit, with a small limit of the address space, or with no mapping left. In a forked child of a
    /// program whose file was cut, if it reads its parent's ring.
    ///
    /// # A ring on the heap
    ///
    /// At a crash, a handler writes `<program>.<ring>.crash.txt` into the directory where a ring in a file would be: a line with
    /// signal, address and thread, and then what was logged, the oldest first, as it was logged: no redaction, and for this
    /// user's eyes only. `<program>` is what [`mapped`](Self::mapped) was told, or else the executable's name. If the ring was to
    /// be in a directory that cannot be had, it is the default one. The file is opened when the ring is made, without a name, so a
    /// program that is well, or is killed by SIGKILL, leaves nothing. As many older ones stay as [`keep`](Self::keep) says. It takes as long as it
    /// takes to write so much.
    ///
    /// It is an error that says so if the file system has no such files (`O_TMPFILE`), if files of this process may not be as
    /// long as the ring (`ulimit -f`), or if files there are memory, as they are in the default directory, and this one and the
    /// older ones could take more than half of what the machine or the container has: what is [asked](Self::mapped) of a ring in
    /// a file. The program would be killed while the text is written, and not end by its signal. On a disk that is not asked:
    /// who writes there waits for the disk, and is not killed.
    ///
    /// Like a ring in a file it is for Linux; elsewhere it is an error that says so, or the ring does without it, with
    /// [`or_heap`](Self::or_heap).
    pub fn crash_note(mut self, is_on: bool) -> Self {
        self.crash_note = is_on;
        self
    }

    /// Makes the ring.
    ///
    /// # Errors
    ///
    /// A capacity of zero, one that is more than the address space, or one that the system has no
    /// memory for. [`BuildError::Mapping`] if the ring is to be in a file and cannot be.
    pub fn build(self) -> Result<Ring, BuildError> {
        let mut shared = self.make()?;
        let text = self.open_text(&mut shared)?;
        let shared = Arc::new(shared);
        shared.hang_bell();
        if let Some(text) = text {
            text.watch(&shared);
        }
        if self.flush_at_exit.is_some() || shared.file.is_some() {
            at_exit::register(&shared, self.flush_at_exit);
        }
        Ok(Ring::with_shared(shared))
    }

    /// Opens the file for the text of a ring on the heap, if there is to be one.
    fn open_text(&self, shared: &mut Shared) -> Result<Option<Opened>, BuildError> {
        if !self.crash_note || shared.file.is_some() {
            return Ok(None);
        }
        let file = self.file.as_ref();
        let options = TextOptions {
            file: file.map(|(dir, program)| (dir.as_deref(), &**program)),
            keep: self.keep,
            capacity: shared.tape.size(),
        };
        match crash_text::open(options, shared.id) {
            Ok(opened) => Ok(Some(opened)),
            Err(error) if self.or_heap => {
                // Why it has no file is the first that one wants to know.
                shared.mapping_error.get_or_insert(error);
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn make(&self) -> Result<Shared, BuildError> {
        let Some((dir, program)) = &self.file else {
            return Shared::new(self.capacity);
        };
        let options = FileOptions {
            dir: dir.clone(),
            program: program.clone(),
            keep: self.keep,
            mode: self.mode,
            crash_note: self.crash_note,
            recorded: self.recorded.clone(),
        };
        match Shared::in_file(&options, self.capacity) {
            Err(BuildError::Mapping(error)) if self.or_heap => Ok(Shared {
                mapping_error: Some(error),
                ..Shared::new(self.capacity)?
            }),
            made => made,
        }
    }
}
