//! The files that dumps go to: written under a hidden name, given their own when whole, and the
//! oldest ones removed.
//!
//! Invariant: a name that ends in `.log` belongs to a whole dump. Until then the file is called
//! `.<program>-<pid>-<time>.partial`, and it goes away if the dump does not get to its end. Both
//! names are always new: nothing is written through a link, and no file is replaced.
//!
//! The dumps of a trigger have `.trigger` before the ending of both names. It stands behind the
//! time, where no program's name can have anything, so neither kind ever removes the other's: errors
//! that go on for hours leave the dump of the panic that began it.
//!
//! All of this runs inside a panic hook. It must not panic (no `unwrap`, no indexing), prints
//! nothing, starts nothing, and waits for nothing but the file system. It may allocate.
//!
//! Nothing is synced: a dump must not wait for a disk. It outlives the process, not the machine.
//! What a network file system reports only when a file is closed is not seen either, since `std`
//! does not tell.

use self::prune::BY_HAND;
use self::stamp::Stamp;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::mem;
use std::path::{self, Path, PathBuf};
use std::process;
use std::time::SystemTime;

/// How many nanoseconds in a row may be taken before we give up. Only somebody who blocks names
/// on purpose gets this far.
const TRIES: usize = 64;

/// Longest program name in a file name, in bytes. With pid, time and ending it stays far below the
/// 255 bytes (143 on some encrypted file systems) that a name may have.
const PROGRAM_BYTES: usize = 64;

/// Where one program's dumps go, and what they are called.
#[derive(Debug)]
pub(crate) struct DumpDir {
    /// Absolute, so that a later change of the working directory does not move the dumps.
    dir: PathBuf,
    /// Sanitised: `[A-Za-z0-9._-]`, 1 to 64 bytes, first one neither `.` nor `-`.
    program: String,
    cause: Cause,
}

/// Why dumps are made. Those of each cause are kept by themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cause {
    Panic,
    Trigger,
}

impl Cause {
    /// What stands in a dump's name, between the time and the ending.
    fn suffix(self) -> &'static str {
        match self {
            Cause::Panic => "",
            Cause::Trigger => ".trigger",
        }
    }
}

/// A dump that is being written. Dropped before [`finish`](DumpFile::finish), it leaves nothing.
#[derive(Debug)]
#[must_use = "dropping an unfinished dump removes it"]
pub(crate) struct DumpFile<'a> {
    dir: &'a DumpDir,
    id: Id,
    // Before `partial`: some systems do not remove an open file.
    file: File,
    partial: Partial,
}

/// A whole dump, under its own name.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The dump.
    pub(crate) path: PathBuf,
    /// Why old dumps or abandoned ones could not be removed: the first reason, and how many more
    /// there are. The dump itself is whole all the same.
    pub(crate) prune_error: Option<io::Error>,
}

impl DumpDir {
    /// Dumps of `program` in `dir`. Nothing is looked at or made yet; to find out early whether
    /// dumps will work, [`create`](DumpDir::create) one and drop it.
    ///
    /// Programs whose names differ only in characters that a file name cannot have, or after the
    /// 64th byte, share their eight dumps.
    pub(crate) fn new(dir: PathBuf, program: &str, cause: Cause) -> Self {
        let dir = if dir.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            dir
        };
        DumpDir {
            dir: path::absolute(&dir).unwrap_or(dir),
            program: sanitise(program),
            cause,
        }
    }

    /// Makes a new file, readable by its owner only, for a dump that is made at `now`.
    ///
    /// If the name is taken (two threads, one nanosecond), the next nanosecond is.
    pub(crate) fn create(&self, now: SystemTime) -> io::Result<DumpFile<'_>> {
        let mut options = OpenOptions::new();
        // `create_new` does not follow a link, not even one that leads nowhere.
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);

        let mut id = Id {
            stamp: Stamp::new(now),
            // Not earlier: the process may have forked since.
            pid: process::id(),
        };
        // What killed dumps have left goes first: this one may be killed as well. Whether that works is
        // told when this one is whole.
        self.prune(None, id.stamp, &mut Vec::new());
        for _ in 0..TRIES {
            let path = self.dir.join(self.file_name(State::Partial, id));
            match options.open(&path) {
                Ok(file) => {
                    let dump = DumpFile {
                        dir: self,
                        id,
                        file,
                        partial: Partial {
                            path,
                            pending: true,
                        },
                    };
                    // As long as we hold the hidden name, nobody but us makes the other. So if
                    // that is free now, it is when we finish.
                    let whole = self.dir.join(self.file_name(State::Whole, id));
                    if fs::symlink_metadata(whole).is_err() {
                        return Ok(dump);
                    }
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(self.create_error(&error)),
            }
            id.stamp = id.stamp.next();
        }
        Err(self.create_error(&names_taken()))
    }

    fn create_error(&self, error: &io::Error) -> io::Error {
        explain("create a dump in", &self.dir, error, advice(error.kind()))
    }

    fn file_name(&self, state: State, id: Id) -> String {
        let (program, pid, stamp) = (&self.program, id.pid, id.stamp);
        let suffix = self.cause.suffix();
        match state {
            State::Partial => format!(".{program}-{pid}-{stamp}{suffix}.partial"),
            State::Whole => format!("{program}-{pid}-{stamp}{suffix}.log"),
        }
    }

    /// The inverse of `file_name`. A name that it would not have made, to the letter, is `None`:
    /// that of another program, a pid with leading zeros, the 30th of February.
    fn parse(&self, state: State, name: &str) -> Option<Id> {
        let stem = match state {
            State::Partial => name.strip_prefix('.')?.strip_suffix(".partial")?,
            State::Whole => name.strip_suffix(".log")?,
        };
        let stem = stem.strip_suffix(self.cause.suffix())?;
        let rest = stem
            .strip_prefix(self.program.as_str())?
            .strip_prefix('-')?;
        // Times have no `-`. So "svc" does not take the "1" of "svc-1-<pid>-<time>" for a pid.
        let (pid, stamp) = rest.split_once('-')?;
        let id = Id {
            stamp: Stamp::parse(stamp)?,
            pid: pid.parse().ok()?,
        };
        (self.file_name(state, id) == name).then_some(id)
    }
}

impl DumpFile<'_> {
    /// Gives the file its name, now that all is written, and removes the oldest dumps.
    ///
    /// That name is free, unless somebody else has put something there since `create`. It is not
    /// replaced: `hard_link` makes the name and fails if it exists; the nanosecond is then counted
    /// up. Where there are no hard links, `rename` must do. It would replace what is put there
    /// between our look and the rename.
    pub(crate) fn finish(self) -> io::Result<Finished> {
        let DumpFile {
            dir,
            mut id,
            file,
            mut partial,
        } = self;
        drop(file);
        let now = id.stamp;
        for _ in 0..TRIES {
            let path = dir.dir.join(dir.file_name(State::Whole, id));
            match partial.publish(&path) {
                Ok(()) => {
                    let mut errors = Vec::new();
                    if let Err(error) = partial.remove() {
                        let what = "remove the second name of the dump";
                        errors.push(explain(what, &partial.path, &error, BY_HAND));
                    }
                    dir.prune(Some(id), now, &mut errors);
                    return Ok(Finished {
                        path,
                        prune_error: prune::summary(errors),
                    });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    id.stamp = id.stamp.next();
                }
                Err(error) => return Err(finish_error(&path, &error)),
            }
        }
        Err(finish_error(&partial.path, &names_taken()))
    }
}

impl Write for DumpFile<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.file.write(buf).map_err(|error| {
            let advice = advice(error.kind());
            explain("write the dump", &self.partial.path, &error, advice)
        })
    }

    /// Does nothing: what `write` took is with the system already, and that outlives the process.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a dump has got to its end, which its name tells.
#[derive(Clone, Copy, Debug)]
enum State {
    Partial,
    Whole,
}

/// What tells the dumps of one program apart. Ordered by time first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    stamp: Stamp,
    pid: u32,
}

/// The hidden name of a file, removed when this goes out of scope.
#[derive(Debug)]
struct Partial {
    path: PathBuf,
    /// Whether the name still exists, as far as we know.
    pending: bool,
}

impl Partial {
    /// Gives the file the name `to`, unless that exists. It may keep its hidden name as well.
    fn publish(&mut self, to: &Path) -> io::Result<()> {
        if fs::hard_link(&self.path, to).is_err() {
            // No hard links here, or `to` is taken, which this finds out as well.
            rename_new(&self.path, to)?;
            self.pending = false;
        }
        Ok(())
    }

    /// Removes the hidden name, once: afterwards it may be another thread's.
    fn remove(&mut self) -> io::Result<()> {
        if mem::take(&mut self.pending) {
            remove(&self.path)
        } else {
            Ok(())
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Nobody is left to tell. If it fails, a later dump finds the file stale.
        let _ = self.remove();
    }
}

/// Renames, but not onto something that is there to be seen.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match fs::symlink_metadata(to) {
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => fs::rename(from, to),
        Err(error) => Err(error),
    }
}

/// Removes a file. That another process was faster is fine.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Makes a program name fit for a file name. A first `.` would hide the dumps, and a first `-`
/// would make them options of the commands they are given to.
fn sanitise(program: &str) -> String {
    let name: String = program
        .chars()
        .take(PROGRAM_BYTES)
        .enumerate()
        .map(|(at, c)| match c {
            '.' | '-' if at == 0 => '_',
            'A'..='Z' | 'a'..='z' | '0'..='9' | '.' | '_' | '-' => c,
            _ => '_',
        })
        .collect();
    if name.is_empty() {
        String::from("program")
    } else {
        name
    }
}

/// What dumps are called after if nobody says.
pub(crate) fn executable_name() -> String {
    let path = std::env::current_exe().ok();
    let name = path.as_deref().and_then(|path| path.file_stem());
    name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// What to do about a dump that cannot be made.
fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "create the directory or choose another",
        ErrorKind::NotADirectory => "it is a file, or below one: choose a directory",
        ErrorKind::PermissionDenied => {
            "make the directory writable for this user or choose another"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "make room there or choose another directory"
        }
        _ => "choose another directory",
    }
}

fn names_taken() -> io::Error {
    let message = "all names that the dump could have there are taken";
    io::Error::new(ErrorKind::AlreadyExists, message)
}

fn finish_error(path: &Path, error: &io::Error) -> io::Error {
    explain("finish the dump", path, error, advice(error.kind()))
}

/// The same kind of error, with what we tried, where, and what to do about it.
fn explain(tried: &str, path: &Path, error: &io::Error, advice: &str) -> io::Error {
    let path = path.display();
    io::Error::new(
        error.kind(),
        format!("cannot {tried} {path}: {error}; {advice}"),
    )
}

mod prune;
mod stamp;
#[cfg(test)]
mod tests;
