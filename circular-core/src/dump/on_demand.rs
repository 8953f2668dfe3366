//! A dump because somebody asks for one.
//!
//! Invariant: a file has its name only when it is whole, and no writer or reader waits for it, text or image.

use crate::api::handle::Handle;
use crate::dump::file::names::Cause;
use crate::dump::image::{Facts, RingImage, Taken};
use crate::dump::options::DumpOptions;
use crate::dump::redaction::Redaction;
use crate::dump::select::DumpSelect;
use crate::dump::write::{self, Piece};
use crate::record::Record;
use crate::record::missed::Missed;
use crate::redact::redacted::Redacted;
use crate::ring::shared::Shared;
use crate::select::targets::Targets;
use crate::sink::feed::SinkWriter;
use crate::sink::notice::Notice;
use crate::sys::no_wait::NoWait;
use crate::tape::image_writer;
use crate::tape::recording::Recording;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

impl Handle {
    /// Returns a builder for a dump of what the ring holds now, to a new file in a directory or to a
    /// [sink](DumpTo::sink).
    ///
    /// The file is called `<program>-<pid>-<UTC time>.request.log`. Only its owner may read it, and it gets its
    /// name when it is whole. The newest 8 of the program that were asked for stay; panics and triggers have 8 of
    /// their own. Nobody waits for it but the caller.
    ///
    /// ```
    /// use circular_core::{DumpTo, Ring, SECRET_KEYS, redact_keys};
    /// use std::io::Write;
    ///
    /// let mut ring = Ring::new(1 << 20)?;
    /// writeln!(ring, "password=hunter2")?;
    /// let dir = std::env::temp_dir();
    /// let hide = redact_keys(SECRET_KEYS);
    /// let report = ring.handle().dump_to(dir).program("shop").redact(hide).write()?;
    /// println!("see {}", report.path.unwrap().display());
    /// # let report = ring.handle().dump_to(std::env::temp_dir()).program("shop").write()?;
    /// # let name = report.path.unwrap();
    /// # assert_eq!(std::fs::read(&name)?, b"password=hunter2\n");
    ///
    /// let mut text = Vec::new();
    /// ring.handle().dump_to(DumpTo::sink(&mut text)).write()?;
    /// assert_eq!(text, b"password=hunter2\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn dump_to<'a>(&self, to: impl Into<DumpTo<'a>>) -> DumpBuilder<'a> {
        DumpBuilder::new(Arc::clone(self.shared()), to.into())
    }

    /// Writes what the ring holds now as an image: the file of a ring, which [`RingFile`](crate::RingFile) opens, and all
    /// that reads such files. So one on the heap can be looked at elsewhere, too, with levels, targets, times and numbers. It
    /// works on every system.
    ///
    /// ```
    /// use circular_core::{Level, Meta, Ring, RingFile};
    /// use std::fs::File;
    ///
    /// let ring = Ring::new(1 << 20)?;
    /// ring.record(Meta::new().level(Level::Warn).target("db"), b"pool is empty\n")?;
    /// let path = std::env::temp_dir().join(format!("shop-{}.ring", std::process::id()));
    /// ring.handle().write_image(File::create(&path)?)?;
    ///
    /// let snapshot = RingFile::open(&path)?.snapshot()?;
    /// let record = snapshot.records().next().unwrap();
    /// assert_eq!((record.level(), record.target()), (Some(Level::Warn), "db"));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Nothing is left out or changed: it has what a ring in a file has, secrets too. With a hook, a filter, or a directory
    /// where names and old files are seen to, it is [`DumpBuilder::write_image`]. Others may read a file that is made as
    /// above, if the umask lets them.
    ///
    /// Records keep their numbers, and a [`Cursor`](crate::Cursor) of this ring means the same there. It has no gaps: if
    /// writers overtake it, or there is no memory for a record of more than 46 KiB, it begins behind what is missing. So it
    /// does where the ring's file was cut ([`RingBuilder::crash_note`](crate::RingBuilder::crash_note)): behind what was
    /// lost, as soon as something is there, though readers still have what lies in front of it. If the record for which there
    /// is no memory is the newest, it ends in front of that. The report tells how much is missing.
    /// Its [state](crate::RingFile::state) is [`Copy`](crate::RingState::Copy). It is as long as the ring and 68 KiB, of
    /// which what has records is in memory until it is written. The sink is flushed when it has all, and nothing waits in
    /// it for readers.
    ///
    /// # Errors
    ///
    /// The sink's own. `BrokenPipe` in a forked child. `OutOfMemory` if there is none for it. `WouldBlock` if writers
    /// were so fast that nothing stayed long enough to be copied: try again.
    pub fn write_image(&self, sink: impl Write) -> io::Result<DumpReport> {
        let shared = self.shared();
        refuse_in_a_forked_child(shared)?;
        image_to_sink(shared, &DumpOptions::default(), sink)
    }
}

/// Where a dump goes: a new file in a directory, or a sink. See [`Handle::dump_to`](crate::Handle::dump_to).
pub struct DumpTo<'a>(To<'a>);

enum To<'a> {
    Dir(PathBuf),
    Sink(Box<dyn Write + Send + 'a>),
}

impl<'a> DumpTo<'a> {
    /// Returns the sink as a place for a dump. It is flushed when it has all.
    pub fn sink(sink: impl Write + Send + 'a) -> Self {
        Self(To::Sink(Box::new(sink)))
    }
}

impl From<PathBuf> for DumpTo<'_> {
    fn from(dir: PathBuf) -> Self {
        Self(To::Dir(dir))
    }
}

impl From<&PathBuf> for DumpTo<'_> {
    fn from(dir: &PathBuf) -> Self {
        Self(To::Dir(dir.clone()))
    }
}

impl From<&Path> for DumpTo<'_> {
    fn from(dir: &Path) -> Self {
        Self(To::Dir(dir.to_owned()))
    }
}

impl From<&str> for DumpTo<'_> {
    fn from(dir: &str) -> Self {
        Self(To::Dir(dir.into()))
    }
}

impl From<String> for DumpTo<'_> {
    fn from(dir: String) -> Self {
        Self(To::Dir(dir.into()))
    }
}

/// The options of a dump. Made by [`Handle::dump_to`](crate::Handle::dump_to).
#[must_use = "it does nothing until `write` is called"]
pub struct DumpBuilder<'a> {
    shared: Arc<Shared>,
    to: DumpTo<'a>,
    options: DumpOptions,
}

/// What a dump came to.
#[derive(Debug)]
#[non_exhaustive]
pub struct DumpReport {
    /// The file, if it went to one.
    pub path: Option<PathBuf>,
    /// How many of the ring's records it is of, with those that a hook or a filter left out.
    pub records: u64,
    /// What is missing from the oldest record on that could be read when it was begun: what writers overwrote meanwhile, what
    /// there was no memory for, and what was lost when the ring's file was cut. A text says so in its place. An image has no
    /// gaps, so all that lies in front of one is missing in it, too, though readers may have it still.
    pub missed: Missed,
    /// Why old dumps could not be removed. The dump is whole all the same.
    pub prune_error: Option<io::Error>,
}

impl<'a> DumpBuilder<'a> {
    pub(crate) fn new(shared: Arc<Shared>, to: DumpTo<'a>) -> Self {
        Self {
            shared,
            to,
            options: DumpOptions::default(),
        }
    }

    /// Sets the program's name in the name of the file; that of the executable by default. Characters other
    /// than ASCII letters, digits, `.`, `_` and `-` are replaced.
    pub fn program(mut self, program: impl Into<String>) -> Self {
        self.options.program = Some(program.into());
        self
    }

    /// Hands each record to `hook` before it is dumped: see [`Redacted`], and
    /// [`redact_keys`](crate::redact_keys), which is one. It runs on this thread, and nothing waits in it for
    /// readers.
    pub fn redact(self, hook: impl Fn(&Record<'_>) -> Redacted + Send + Sync + 'static) -> Self {
        self.redaction(Redaction::new(hook))
    }

    /// Does what [`redact`](Self::redact) does, for a hook that has several ways out.
    pub fn redaction(mut self, redaction: Redaction) -> Self {
        self.options.select.redaction = Some(redaction);
        self
    }

    /// Leaves out the records that `targets` does not want.
    pub fn filter(mut self, targets: Targets) -> Self {
        self.options.select.targets = Some(targets);
        self
    }

    /// Makes the dump, on this thread.
    ///
    /// # Errors
    ///
    /// Why the file cannot be made, written or named, with what to do about it; or the sink's own. `BrokenPipe` in a
    /// forked child. `OutOfMemory` if there is none for its buffer, 64 KiB.
    pub fn write(self) -> io::Result<DumpReport> {
        let Self {
            shared,
            to,
            options,
        } = self;
        refuse_in_a_forked_child(&shared)?;
        match to.0 {
            To::Dir(dir) => {
                let mut dir = options.files(dir, Cause::Request);
                let mut file = dir.create(SystemTime::now())?;
                let mut report = feed(&shared, &options.select, &mut SinkWriter::new(&mut file))?;
                report.prune_error = file.finish()?;
                drop(file);
                report.path = Some(dir.last().to_owned());
                Ok(report)
            }
            To::Sink(sink) => {
                // In its destructor, too.
                let _no_wait = NoWait::enter();
                let mut sink = sink;
                let mut writer = SinkWriter::new(&mut sink);
                let report = feed(&shared, &options.select, &mut writer)?;
                writer.flush(true)?;
                Ok(report)
            }
        }
    }

    /// Makes an image instead of a text, on this thread: see [`Handle::write_image`]. In a directory it is called
    /// `<program>-<pid>-<UTC time>.request.ring`, and is one of the newest 8 that stay.
    ///
    /// What a filter or a hook leaves out or makes empty is not in it, and the numbers close up behind it; a text that a
    /// hook makes longer may push out the oldest ones. So with one of the two it is a ring of its own, with an id of its
    /// own: a [`Cursor`](crate::Cursor) of this ring begins at its oldest record. The report counts this ring's records: those
    /// that were pushed out are missed, and one of whose text an end is left is not.
    ///
    /// ```
    /// use circular_core::{Ring, RingFile, SECRET_KEYS, redact_keys};
    /// use std::io::Write;
    ///
    /// let mut ring = Ring::new(1 << 20)?;
    /// writeln!(ring, "password=hunter2")?;
    /// let dump = ring.handle().dump_to(std::env::temp_dir()).program("shop");
    /// let report = dump.redact(redact_keys(SECRET_KEYS)).write_image()?;
    /// let path = report.path.unwrap();
    /// assert_eq!(RingFile::open(&path)?.snapshot()?.bytes(), b"password=[redacted]\n");
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`write`](Self::write) and of [`Handle::write_image`].
    pub fn write_image(self) -> io::Result<DumpReport> {
        let Self {
            shared,
            to,
            options,
        } = self;
        refuse_in_a_forked_child(&shared)?;
        match to.0 {
            To::Dir(dir) => {
                let mut dir = options.files(dir, Cause::Request);
                let mut file = dir.create_image(SystemTime::now())?;
                let image = Image::take(&shared, &options)?;
                let mut report = image.write(&mut |chunk| file.write_chunk(chunk))?;
                report.prune_error = file.finish()?;
                drop(file);
                report.path = Some(dir.last().to_owned());
                Ok(report)
            }
            To::Sink(sink) => image_to_sink(&shared, &options, sink),
        }
    }
}

fn refuse_in_a_forked_child(shared: &Shared) -> io::Result<()> {
    if shared.generation.is_past() {
        return Err(io::Error::new(
            io::ErrorKind::BrokenPipe,
            "the ring is the parent's: a forked child dumps nothing",
        ));
    }
    Ok(())
}

/// An image of what goes through, which is only to be written.
struct Image<'a> {
    shared: &'a Shared,
    image: RingImage,
    taken: Taken,
}

impl<'a> Image<'a> {
    fn take(shared: &'a Shared, options: &DumpOptions) -> io::Result<Self> {
        let mut image = RingImage::new(shared, options.program.as_deref())?;
        let mut buffer = RingImage::buffer(shared)?;
        // A hook must not wait for readers: it may be what they wait for.
        let _no_wait = NoWait::enter();
        shared.mend();
        let taken = image.take(shared, &options.select, &mut buffer, &(0..0))?;
        match taken.why_nothing {
            None => Ok(Self {
                shared,
                image,
                taken,
            }),
            Some(kind) => {
                let message = if kind == io::ErrorKind::OutOfMemory {
                    "no memory for the last record, which is a long one: free some, and try again"
                } else {
                    "writers were faster than every look at the ring: try again"
                };
                Err(io::Error::new(kind, message))
            }
        }
    }

    fn write(mut self, out: &mut image_writer::Out<'_>) -> io::Result<DumpReport> {
        let facts = self.shared.lock().map(|state| Facts::of(&state));
        self.image
            .write(self.shared, facts.unwrap_or_default(), out)?;
        Ok(DumpReport {
            path: None,
            records: self.taken.records,
            missed: self.taken.missed,
            prune_error: None,
        })
    }
}

fn image_to_sink(
    shared: &Shared,
    options: &DumpOptions,
    sink: impl Write,
) -> io::Result<DumpReport> {
    // In its destructor, too.
    let _no_wait = NoWait::enter();
    let mut sink = sink;
    let mut writer = SinkWriter::new(&mut sink);
    let image = Image::take(shared, options)?;
    let report = image.write(&mut |chunk| writer.take(chunk.bytes()))?;
    writer.flush(true)?;
    Ok(report)
}

/// Hands out all that the ring holds, and a line where something is missing.
fn feed<W: Write>(
    shared: &Shared,
    select: &DumpSelect,
    writer: &mut SinkWriter<'_, W>,
) -> io::Result<DumpReport> {
    let mut buffer = select.buffer(shared.tape.capacity())?;
    // A hook must not wait for readers: it may be what they wait for.
    let _no_wait = NoWait::enter();
    let mut out = |piece: Piece<'_>| match piece {
        Piece::Missed(missed) => writer.notice(Notice::Text, missed),
        Piece::Records(records, _) => select.feed(records, writer),
    };
    shared.mend();
    let dumped = write::write(&shared.tape, &mut buffer, &(0..0), &mut out)?;
    Ok(DumpReport {
        path: None,
        records: dumped.records,
        missed: dumped.missing(),
        prune_error: None,
    })
}

impl fmt::Debug for DumpTo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            To::Dir(dir) => f.debug_tuple("Dir").field(dir).finish(),
            To::Sink(_) => f.write_str("Sink"),
        }
    }
}

impl fmt::Debug for DumpBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DumpBuilder")
            .field("to", &self.to)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
