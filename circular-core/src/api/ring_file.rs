//! A ring of another process, or of one that has ended.

use crate::api::file_reader::FileReaderBuilder;
use crate::error::OpenError;
use crate::file::names::Name;
use crate::file::opened::Opened;
use crate::file::state::RingState;
use crate::format::command::CommandEnd;
use crate::read::alarm::Alarm;
use crate::record::cursor::Cursor;
use crate::record::missed::Missed;
use crate::ring::stats::{Stats, Waits};
use crate::sys::sync;
use crate::tape::image::Image;
use crate::tape::recording::Recording;
use crate::tape::recover;
use crate::tape::snapshot::Snapshot;
use crate::text::escape::is_obeyed;
use crate::time::clock;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A ring that is in a file ([`RingBuilder::mapped`](crate::RingBuilder::mapped)), looked at from outside: while its
/// program runs, or after it has ended, however it did. Or an image of any ring
/// ([`Handle::write_image`](crate::Handle::write_image)), which is a copy. Cheap to clone.
///
/// It only reads, and never maps the file, so nothing that is in it, and nothing that happens to it, hurts whoever looks:
/// a file that is cut is an error. The program is not asked and does not notice.
///
/// What was written is there as it was, as long as nobody changes the file; that no payload was changed cannot be
/// told, as no checksum covers it.
///
/// ```
/// # #[cfg(target_os = "linux")] {
/// use circular_core::{Ring, RingFile, RingState, Start};
/// use std::io::Write;
///
/// # let dir = std::env::temp_dir().join(format!("circular-file-{}", std::process::id()));
/// # std::fs::create_dir(&dir)?;
/// let mut ring = Ring::builder().capacity(1 << 20).mapped_in(&dir, "shop").build()?;
/// writeln!(ring, "sold")?;
///
/// let path = ring.handle().path().unwrap().to_path_buf();
/// let file = RingFile::open(&path)?;
/// assert_eq!(file.state()?, RingState::Running);
/// let mut reader = file.reader().start(Start::Last(10)).open();
/// assert_eq!(reader.recv()?.bytes(), b"sold\n");
///
/// drop(ring);
/// assert_eq!(file.state()?, RingState::Closed);
/// assert!(reader.recv().is_err(), "it has had everything");
/// # std::fs::remove_dir_all(&dir)?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RingFile {
    opened: Arc<Opened>,
    alarm: Arc<Alarm>,
}

/// What a ring's file says of itself and of its program. From [`RingFile::info`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RingInfo {
    /// The name that the program gave.
    pub program: String,
    /// The program's path, if it is known.
    pub executable: Option<PathBuf>,
    /// The name of the machine or of the container, if it is known.
    pub host: Option<String>,
    /// Its process, as that is called where it runs: in a container, that may be another number than outside.
    pub pid: u64,
    /// Its user; `u32::MAX` in an image that was made where that is not asked for, on other systems than Linux.
    pub uid: u32,
    /// The ring's id, which is in the file's name as well, in hexadecimal.
    pub ring: u64,
    /// The id of the ring that the program had in its run before, if there was one in the directory.
    pub previous: Option<u64>,
    /// The path of the command whose output is recorded, where that is another process than this one.
    pub command: Option<PathBuf>,
    /// That command's process.
    pub command_pid: Option<u64>,
    /// The id of the ring that has what the command printed until it ended, if this one has what was printed later, by
    /// processes that it left behind.
    pub rest_of: Option<u64>,
    /// When it was made.
    pub created: SystemTime,
    /// Bytes that records with their headers can take.
    pub capacity: u64,
    /// What wrote it, with its version.
    pub writer: String,
    /// Whether the file is a copy of the one that the program writes, or an image, which is a copy of none.
    pub is_copy: bool,
    /// Whether the end of the file is missing: the records there are lost. In a copy of a ring that was written meanwhile,
    /// records may be mixed up then, as what tells which are whole lies at the end.
    pub is_cut: bool,
}

/// A file that looks like a ring's by its name, and what came of opening it. From [`RingFile::list`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Listed {
    /// Where it is.
    pub path: PathBuf,
    /// The ring, or why it cannot be read.
    pub ring: Result<RingFile, OpenError>,
}

impl RingFile {
    /// Opens the file of a ring, for reading only.
    ///
    /// # Errors
    ///
    /// It is not there, or may not be read; or it is no ring, a damaged one, or one of a later version: the text says
    /// which, and what to do.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Ok(Self {
            opened: Arc::new(Opened::open(path.as_ref())?),
            alarm: Alarm::new(),
        })
    }

    /// Returns all that is called like a ring in a directory, `<program>.<ring>.ring`, of whatever program and user, in the
    /// order of the names. Images have other names: open those by their paths.
    ///
    /// # Errors
    ///
    /// Why the directory cannot be read.
    pub fn list(dir: impl AsRef<Path>) -> io::Result<Vec<Listed>> {
        let open = |path: PathBuf| Listed {
            ring: Self::open(&path),
            path,
        };
        // What has been removed since is none.
        let is_there = |listed: &Listed| match &listed.ring {
            Ok(_) => true,
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        };
        let paths = paths(dir.as_ref(), |_| true)?.into_iter();
        Ok(paths.map(open).filter(is_there).collect())
    }

    /// Returns where the file was when it was opened.
    pub fn path(&self) -> &Path {
        self.opened.path()
    }

    /// Returns what the file says of itself and of its program.
    pub fn info(&self) -> RingInfo {
        let identity = self.opened.identity();
        let origin = self.opened.origin();
        let known = |text: &String| (!text.is_empty()).then(|| shown(text));
        let created = UNIX_EPOCH.checked_add(Duration::from_nanos(identity.created));
        RingInfo {
            program: shown(&identity.program),
            executable: origin
                .and_then(|origin| known(&origin.program))
                .map(PathBuf::from),
            host: origin.and_then(|origin| known(&origin.host)),
            pid: identity.pid,
            uid: identity.uid,
            ring: identity.ring,
            previous: (identity.before != 0).then_some(identity.before),
            command: origin
                .and_then(|origin| known(&origin.command))
                .map(PathBuf::from),
            command_pid: origin.and_then(|origin| origin.command_pid.parse().ok()),
            rest_of: origin.and_then(|origin| u64::from_str_radix(&origin.rest_of, 16).ok()),
            created: created.unwrap_or(UNIX_EPOCH),
            capacity: identity.capacity,
            writer: shown(&identity.writer),
            is_copy: self.opened.is_copy(),
            // If that is not told, nothing can be read either.
            is_cut: self.opened.is_cut().unwrap_or(true),
        }
    }

    /// Returns what has become of the program that writes it, or wrote it.
    ///
    /// # Errors
    ///
    /// The file cannot be read any more.
    pub fn state(&self) -> io::Result<RingState> {
        self.opened.state()
    }

    /// Returns how the command has ended whose output is recorded, and when; `None` if it has not, or there is none.
    ///
    /// # Errors
    ///
    /// The file cannot be read any more.
    pub fn command_end(&self) -> io::Result<Option<(CommandEnd, SystemTime)>> {
        let end = self.opened.command_end()?;
        Ok(end.map(|(end, nanos)| {
            let when = UNIX_EPOCH.checked_add(Duration::from_nanos(nanos));
            (end, when.unwrap_or(UNIX_EPOCH))
        }))
    }

    /// Returns an owned copy of what the ring holds now: whole records, the oldest first. If the file is damaged, it goes
    /// on behind that: there is a gap in the records' numbers then.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or there is no memory for the copy.
    pub fn snapshot(&self) -> io::Result<Snapshot> {
        let image = self.image();
        let buffer = recover::all(&image);
        match image.take_error() {
            Some(error) => Err(error),
            None => Ok(Snapshot::new(buffer?)),
        }
    }

    /// Returns a builder for a reader, which gets what is in the ring, and what comes, as those of
    /// [`Handle::reader`](crate::Handle::reader) do.
    pub fn reader(&self) -> FileReaderBuilder {
        FileReaderBuilder::new(Arc::clone(&self.opened), Arc::clone(&self.alarm))
    }

    /// Returns the ring that the program had after this one, if there is one in the same directory: the one to go on with
    /// when this one has ended. It is the one that names this one as its predecessor, or else, as that may have been
    /// removed, the first that was made later.
    ///
    /// Where several processes of one name share a directory, it may be another one's: give each a directory, or a name,
    /// of its own if that matters.
    ///
    /// # Errors
    ///
    /// Why the directory cannot be read.
    pub fn next_run(&self) -> io::Result<Option<RingFile>> {
        let dir = self.opened.path().parent();
        let dir = dir.filter(|dir| !dir.as_os_str().is_empty());
        let own = self.opened.identity();
        let is_later = |ring: &RingFile| {
            let name = ring.path().file_name().and_then(|name| name.to_str());
            let identity = ring.opened.identity();
            let is_named_so = name.and_then(Name::parse).is_some_and(|name| {
                (name.program, name.ring) == (&*identity.program, identity.ring)
            });
            is_named_so
                && !ring.opened.is_copy()
                && (identity.uid, &identity.program) == (own.uid, &own.program)
                // The clock may have been set back between the two.
                && (identity.before == own.ring || identity.created > own.created)
        };
        let is_of_program = |name: &Name<'_>| name.program == own.program;
        let paths = paths(dir.unwrap_or(Path::new(".")), is_of_program)?.into_iter();
        let later = paths
            .filter_map(|path| Self::open(path).ok())
            .filter(is_later);
        Ok(later.min_by_key(|ring| {
            let identity = ring.opened.identity();
            (identity.before != own.ring, identity.created)
        }))
    }

    /// Returns whether the file has been removed since it was opened. Its program goes on writing to it, and who has it
    /// open can read it, but nobody else finds it.
    ///
    /// # Errors
    ///
    /// The file cannot be looked at any more.
    pub fn is_removed(&self) -> io::Result<bool> {
        self.opened.is_removed()
    }

    /// Returns what the ring has done so far. Of its readers nothing is known here.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or writers were faster than every attempt to, or it is damaged or cut so much that no record
    /// can be found, or that it does not say what it has counted.
    pub fn stats(&self) -> io::Result<Stats> {
        if self.opened.lacks_live()? {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, CUT));
        }
        let image = self.image();
        let counters = self.opened.live()?.counters;
        let mut stats = Stats {
            capacity: image.capacity(),
            refused: counters.refused,
            waits: Waits {
                count: counters.waits,
                total: Duration::from_nanos(counters.waited_ns),
                longest: Duration::from_nanos(counters.longest_ns),
            },
            overtakes: counters.overtakes,
            demotions: counters.demotions,
            failed_sinks: counters.failed_sinks,
            lost_memory: counters.lost_memory,
            missed: Missed::default(),
            ..Stats::default()
        };
        for _ in 0..TRIES {
            let committed = image.committed();
            let Some(head) = recover::head(&image, committed) else {
                if image.committed() == committed {
                    break;
                }
                sync::yield_now();
                continue;
            };
            stats.written = head.seq;
            stats.bytes = head.bytes;
            let oldest = image.entry_from(0, committed).map(|entry| entry.position);
            stats.overwritten = oldest.map_or(head.seq, |position| position.seq);
            let Some(oldest) = oldest else { break };
            let time = image.step(oldest, committed).map(|(_, stamp, _)| stamp);
            if !image.is_overtaken(oldest.offset, committed) {
                let age = |nanos| Duration::from_nanos(clock::now().saturating_sub(nanos));
                stats.oldest_age = time.map(|stamp| age(stamp.nanos));
                break;
            }
        }
        if let Some(error) = image.take_error() {
            return Err(error);
        }
        if stats.written == 0 && image.committed() > 0 {
            return Err(if matches!(self.state()?, RingState::Running) {
                io::Error::new(io::ErrorKind::WouldBlock, TOO_FAST)
            } else if self.opened.is_cut()? {
                io::Error::new(io::ErrorKind::UnexpectedEof, CUT)
            } else {
                let message = "no record can be found: the index of the ring is damaged, or it is a copy that was made \
                               while all of it was overwritten";
                io::Error::new(io::ErrorKind::InvalidData, message)
            });
        }
        Ok(stats)
    }

    /// Returns the place behind the newest record, as [`Handle::cursor`](crate::Handle::cursor) does. Where the file is
    /// damaged so much that none is found, it is the one before the first.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or writers were faster than every attempt to.
    pub fn cursor(&self) -> io::Result<Cursor> {
        let image = self.image();
        for _ in 0..TRIES {
            let committed = image.committed();
            let head = recover::head(&image, committed);
            if let Some(error) = image.take_error() {
                return Err(error);
            }
            if head.is_some() || image.committed() == committed {
                let head = head.unwrap_or_default();
                return Ok(Cursor {
                    ring: self.opened.identity().ring,
                    seq: head.seq,
                    bytes: Some(head.bytes),
                });
            }
            sync::yield_now();
        }
        Err(io::Error::new(io::ErrorKind::WouldBlock, TOO_FAST))
    }

    fn image(&self) -> Image<Arc<Opened>> {
        let opened = &self.opened;
        Image::new(Arc::clone(opened), opened.layout(), opened.is_copy())
    }
}

const TOO_FAST: &str = "writers were faster than every look at the ring: try again";

/// Of what it takes to count.
const CUT: &str = "somebody has cut the file, and what says how much was written is gone";

/// Those in a directory that have a ring's name, and one that is wanted, in the order of the names.
fn paths(dir: &Path, is_wanted: impl Fn(&Name<'_>) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name
            .and_then(Name::parse)
            .is_some_and(|name| is_wanted(&name))
        {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// A text that somebody else may have put there, without what a terminal would obey.
fn shown(text: &str) -> String {
    let shown = |c: char| {
        if is_obeyed(c) || c.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    text.chars().map(shown).collect()
}

/// How often a look at a ring begins anew, while writers overwrite all that there was.
const TRIES: u32 = 16;

impl fmt::Debug for RingFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingFile")
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}
