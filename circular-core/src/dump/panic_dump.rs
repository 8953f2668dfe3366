//! What is done when the program panics: the panic becomes a record, and the ring is written out.
//!
//! This is how it is asked for. [`hook`] is what is done then.

use self::hook::Hook;
use self::installed::PanicDumpHook;
use self::one_at_a_time::OneAtATime;
use self::thread_name::ProcessName;
use crate::api::handle::Handle;
use crate::dump::file::names::Cause;
use crate::dump::image::RingImage;
use crate::dump::options::DumpOptions;
use crate::dump::redaction::Redaction;
use crate::record::Record;
use crate::redact::redacted::Redacted;
use crate::ring::shared::Shared;
use crate::select::targets::Targets;
use crate::tape::recording::Recording;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Where a panic's dump goes. Made by [`PanicDump::builder`].
///
/// ```no_run
/// use circular_core::{PanicDump, Ring};
///
/// let ring = Ring::new(10 << 20)?;
/// PanicDump::builder(&ring.handle()).dir("/var/tmp").install();
/// panic!("the last 10 MiB of the log are in /var/tmp now");
/// # #[expect(unreachable_code)]
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # What happens at a panic
///
/// 1. The panic itself (thread, place, message) becomes a record of level [`Error`](crate::Level::Error)
///    and target `panic`.
/// 2. What the ring holds is written to a new file in [`dir`](PanicDumpBuilder::dir), which is
///    readable by its owner only, and gets its name, `<program>-<pid>-<UTC time>.log`, when it is
///    whole. The newest 8 of the program stay. It is not synced to the disk: it outlives the process,
///    not the machine. If [`image`](PanicDumpBuilder::image) asks for it, there is a second file beside it then, which
///    is the ring as all that reads rings in files reads it.
/// 3. If [`stderr`](PanicDumpBuilder::stderr) asks for it, what the ring holds is written there.
/// 4. One line on stderr tells how much was dumped and where, or why not; if the file could not be
///    made, with the panic's message. Unless the dump has gone there too, it is left out when stderr
///    takes nothing, so that a stuck terminal does not stop the thread here.
/// 5. If [`flush`](PanicDumpBuilder::flush) asks for it, and the process is going to abort, readers get what
///    was said.
/// 6. If `RUST_BACKTRACE` asks for it, the backtrace becomes a record of its own, and goes behind the
///    dump. It comes last, as the standard library may wait for a lock to make one; while the previous
///    hook of another thread has not come back and may hold that, there is none.
/// 7. The hook that was set before is called.
///
/// There is at most one dump in 10 seconds, so that panics in a loop do not fill a disk; the record
/// is made each time. A panic that is going to abort the process (with `panic = "abort"`, in a
/// destructor during unwinding, in a function that must not unwind) is always dumped. A thread that
/// panics during another's dump waits for that, at most 2 seconds. Readers are not waited for but in 5, and
/// once more after 6, with what is left of the patience.
///
/// Whoever ends the process while a dump is made, a panic that aborts, or an exit on unix, waits for it
/// as long as it gets on: until it has written nothing for 2 seconds.
///
/// With a hook for each of several rings, install those with a directory last: the last one runs first,
/// and a dump to a stuck stderr holds up those behind it.
///
/// # In which state the program may be
///
/// Any. The hook panics in none, waits for no lock, and in 1 to 4 asks for no memory (on Linux; but for a
/// record of more than 46 KiB, a path of more than 300 bytes, a redaction hook, or if something fails). So
/// the panic may be one of
///
/// - an allocator, which may hold its lock;
/// - a signal handler that interrupted anything, a write to the ring too: if the ring's lock is not to be
///   had within a second, the panic is in the dump, and not in the ring;
/// - a thread whose data is gone already, as in the destructors of `pthread` keys;
/// - a program that is exiting, or has no descriptor left: two are kept in reserve;
/// - a thread with 16 KiB of stack left; a backtrace takes more.
///
/// The thread goes by the name that the system has of it: to ask the standard library is a panic in some of
/// these. Linux cuts it after 15 bytes, and calls a thread without a name as the one that started it. A process that is ended past its exit handlers, by a hook that aborts or by
/// `quick_exit`, leaves what it was dumping unfinished.
///
/// In a forked child there is neither record nor dump: what these need may be locked by a thread of the
/// parent's.
#[derive(Clone, Copy, Debug)]
pub struct PanicDump;

impl PanicDump {
    /// Returns a builder for a hook that dumps the ring of `handle`.
    pub fn builder(handle: &Handle) -> PanicDumpBuilder {
        PanicDumpBuilder {
            shared: Arc::clone(handle.shared()),
            dir: None,
            stderr: None,
            options: DumpOptions::default(),
            flush: None,
            image: false,
        }
    }
}

/// The options of a [`PanicDump`].
#[must_use = "it does nothing until `install` is called"]
pub struct PanicDumpBuilder {
    shared: Arc<Shared>,
    dir: Option<PathBuf>,
    stderr: Option<bool>,
    options: DumpOptions,
    flush: Option<Duration>,
    image: bool,
}

impl PanicDumpBuilder {
    /// Dumps to a file in this directory. It must exist: a missing one is told on stderr when the
    /// program panics, and nothing else changes. [`try_install`](Self::try_install) tells it at once.
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Sets whether it dumps to stderr; by default it does if there is no directory.
    pub fn stderr(mut self, stderr: bool) -> Self {
        self.stderr = Some(stderr);
        self
    }

    /// Sets the program's name in the names of dumps; that of the executable by default. Characters other
    /// than ASCII letters, digits, `.`, `_` and `-` are replaced.
    pub fn program(mut self, program: impl Into<String>) -> Self {
        self.options.program = Some(program.into());
        self
    }

    /// Leaves out of dumps the records that `targets` does not want.
    ///
    /// The panic itself is a record of target `panic` and level ERROR.
    pub fn filter(mut self, targets: Targets) -> Self {
        self.options.select.targets = Some(targets);
        self
    }

    /// Hands each record to `hook` before it is dumped, the panic's own included: see [`Redacted`], and
    /// [`redact_keys`](crate::redact_keys), which is one. What the hook that was there before prints of the
    /// panic does not pass it.
    ///
    /// It runs inside the panic hook, so it must not panic: that would abort the process at once, as in any
    /// panic hook. Nor may it wait for a lock that the thread that panics may hold.
    pub fn redact(self, hook: impl Fn(&Record<'_>) -> Redacted + Send + Sync + 'static) -> Self {
        self.redaction(Redaction::new(hook))
    }

    /// Does what [`redact`](Self::redact) does, for a hook that has several ways out.
    pub fn redaction(mut self, redaction: Redaction) -> Self {
        self.options.select.redaction = Some(redaction);
        self
    }

    /// Writes an image beside each dump in the [`dir`](Self::dir): the file of a ring, `<program>-<pid>-<UTC time>.ring`, with
    /// levels, targets, times and numbers, which [`RingFile`](crate::RingFile) opens, and all that reads such files. See
    /// [`Handle::write_image`] for what it is; the [`filter`](Self::filter) and the [hook](Self::redact) go
    /// for it as well, and see each record a second time.
    ///
    /// It is written when the text is whole, and has the same name but for the ending: the two count as one dump,
    /// and are removed together. If it fails, the line on stderr says why, and the text is there all the same. The
    /// backtrace is in the text only.
    ///
    /// The memory for it is asked for when the hook is installed: as much address space as the ring takes, and 132 KiB. Where
    /// the allocator has pages that are zeroed on demand, as the system's has, only those take memory that a panic's dump
    /// puts records into; they are kept for the next one. A program that is at its limit of memory may be killed for them:
    /// the text is whole by then, and the line on stderr is missing.
    ///
    /// It needs a directory. Without one, or where there is no memory, [`try_install`](Self::try_install) fails; after
    /// [`install`](Self::install), the line on stderr says it at a panic.
    ///
    /// ```
    /// use circular_core::{PanicDump, Ring, RingFile};
    ///
    /// # let dir = std::env::temp_dir().join(format!("circular-panic-image-{}", std::process::id()));
    /// # std::fs::create_dir(&dir)?;
    /// let ring = Ring::new(1 << 20)?;
    /// PanicDump::builder(&ring.handle()).dir(&dir).image().try_install()?;
    /// assert!(std::panic::catch_unwind(|| panic!("oh no")).is_err());
    /// let mut paths = std::fs::read_dir(&dir)?.map(|entry| entry.unwrap().path());
    /// let image = paths.find(|path| path.extension().unwrap() == "ring").unwrap();
    /// assert!(RingFile::open(image)?.snapshot()?.text().contains("oh no"));
    /// # drop(std::panic::take_hook());
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn image(mut self) -> Self {
        self.image = true;
        self
    }

    /// Has a panic that is going to abort the process wait, after the dump, until the readers have written and
    /// flushed what was said up to then, the panic included, but no longer than `patience`. Unless said, it
    /// does not wait, and what is not on a disk or a terminal by then is in the dump only.
    ///
    /// It waits for the readers that [`Handle::flush`] waits for, and for all that feed a sink
    /// ([`spawn`](crate::ReaderBuilder::spawn), `write_to`), whatever their policy; for no sink that this
    /// thread is in, and for none at all inside other code that a thread of a ring runs, or where the ring's
    /// lock is not to be had. A sink that needs something that this thread holds, the lock of
    /// [`std::io::stderr`] say, and a reader that this thread reads, cost the patience. Sinks are flushed and
    /// not dropped: what an archive writes at its end is missing.
    ///
    /// A panic that unwinds ends its thread, and not the process: where it is that of `main`, the exit is what
    /// waits, see [`flush_at_exit`](crate::RingBuilder::flush_at_exit).
    ///
    /// ```
    /// use circular_core::{PanicDump, Policy, Ring};
    /// use std::fs::File;
    /// use std::time::Duration;
    ///
    /// # let dir = std::env::temp_dir();
    /// let ring = Ring::new(1 << 20)?;
    /// let handle = ring.handle();
    /// let file = File::create(dir.join(format!("shop-{}.log", std::process::id())))?;
    /// handle.reader().policy(Policy::Block).spawn(file)?;
    /// // With `panic = "abort"`, the file has everything, too.
    /// PanicDump::builder(&handle).dir(&dir).flush(Duration::from_secs(1)).install();
    /// # drop(std::panic::take_hook());
    /// # std::fs::remove_file(dir.join(format!("shop-{}.log", std::process::id())))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn flush(mut self, patience: Duration) -> Self {
        self.flush = Some(patience);
        self
    }

    /// Replaces the panic hook by one that dumps and then calls the one it replaced.
    ///
    /// Install it last: a hook that is set later without calling this one, as that of color-eyre,
    /// human-panic, better-panic and log-panics, replaces it silently, and nothing is dumped. To notice
    /// that, use [`install_hook`](Self::install_hook).
    ///
    /// `RUST_BACKTRACE` is read now. The buffers that dumps go through, 64 KiB each for a directory and for
    /// stderr, are made now, and so is what an [`image`](Self::image) needs. From now on, and on unix, the exit waits for a dump that another thread makes,
    /// as long as that gets on.
    ///
    /// # Panics
    ///
    /// If called by a thread that panics, as [`std::panic::set_hook`] does.
    pub fn install(self) {
        self.install_hook();
    }

    /// Does what [`install_hook`](Self::install_hook) does, but first finds out whether a dump can be made in the
    /// directory: one is, and removed. Other files are left alone. Without a directory there is nothing to find
    /// out.
    ///
    /// ```
    /// use circular_core::{PanicDump, Ring};
    ///
    /// let ring = Ring::new(1 << 20)?;
    /// let dump = PanicDump::builder(&ring.handle()).dir("/no/such/directory");
    /// let error = dump.try_install().unwrap_err();
    /// assert!(error.to_string().contains("/no/such/directory"));
    /// # Ok::<(), circular_core::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Why no file can be made in the directory, or no [`image`](Self::image), with what to do about it. Then no hook is
    /// set.
    ///
    /// # Panics
    ///
    /// As [`install`](Self::install).
    pub fn try_install(self) -> io::Result<PanicDumpHook> {
        self.try_out()?;
        let image = self.make_image().transpose()?;
        Ok(self.install_with(image.map(Ok)))
    }

    /// Finds out whether a dump can be made.
    pub(crate) fn try_out(&self) -> io::Result<()> {
        let dir = self.dir.clone();
        dir.map_or(Ok(()), |dir| {
            self.options.files(dir, Cause::Panic).try_out()
        })
    }

    /// Does what [`install`](Self::install) does, and returns what tells whether the hook was replaced since.
    ///
    /// # Panics
    ///
    /// As [`install`](Self::install).
    pub fn install_hook(self) -> PanicDumpHook {
        let image = self.make_image();
        self.install_with(image)
    }

    /// What makes images, if there are to be any.
    fn make_image(&self) -> Option<io::Result<RingImage>> {
        self.image.then(|| {
            if self.dir.is_none() {
                let message = "an image goes beside a panic's dump in a directory: choose one with dir(path)";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
            let image = RingImage::new(&self.shared, self.options.program.as_deref());
            image.map_err(|error| {
                let message = format!("{error}, for the image beside a panic's dump: leave image() out, or take a smaller ring");
                io::Error::new(io::ErrorKind::OutOfMemory, message)
            })
        })
    }

    fn install_with(self, image: Option<io::Result<RingImage>>) -> PanicDumpHook {
        let to_stderr = self.stderr.unwrap_or(self.dir.is_none());
        let buffer = || {
            let buffer = self.options.select.buffer(self.shared.tape.capacity());
            buffer.unwrap_or_else(|error| error.abort())
        };
        // What goes into an image is looked at record by record.
        let buffer_for_files = || {
            if image.is_some() {
                let buffer = RingImage::buffer(&self.shared);
                buffer.unwrap_or_else(|error| error.abort())
            } else {
                buffer()
            }
        };
        let dir = self.dir.clone();
        let dir = dir.map(|dir| (self.options.files(dir, Cause::Panic), buffer_for_files()));
        let turn = OneAtATime::new(dir, image, to_stderr.then(buffer));
        hook::HOOKS.fetch_add(1, Relaxed);
        let hook = Arc::new(Hook {
            to_stderr,
            backtrace: std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0"),
            turn,
            process: ProcessName::now(),
            select: self.options.select,
            flush: self.flush,
            shared: self.shared,
        });
        PanicDumpHook::set(hook)
    }
}

impl fmt::Debug for PanicDumpBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PanicDumpBuilder")
            .field("dir", &self.dir)
            .field("stderr", &self.stderr)
            .field("options", &self.options)
            .field("flush", &self.flush)
            .field("image", &self.image)
            .finish_non_exhaustive()
    }
}

mod backtrace;
mod hook;
pub(crate) mod installed;
mod last_flush;
mod message;
mod one_at_a_time;
mod report;
mod thread_name;
