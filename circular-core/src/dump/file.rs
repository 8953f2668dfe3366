//! The files that dumps go to: written under a hidden name, given their own when whole, and the
//! oldest ones removed.
//!
//! Invariant: a name that ends in `.log` belongs to a whole dump. Until then the file is called
//! `.<program>-<pid>-<time>.partial`, and it goes away if the dump does not get to its end. Both
//! names are always new: nothing is written through a link, and no file is replaced. An image has `.ring` for `.log`,
//! and until it is whole it has `.ring.partial`; beside a text it has the same name but for that, and is one dump with it.
//!
//! The dumps of a trigger have `.trigger`, and those that were asked for `.request`, before the ending of both names. It stands behind the
//! time, where no program's name can have anything, so neither kind ever removes the other's: errors
//! that go on for hours leave the dump of the panic that began it.
//!
//! All of this runs inside a panic hook. It must not panic (no `unwrap`, no indexing), prints
//! nothing, starts nothing, and waits for nothing but the file system. Unless it fails, it allocates
//! nothing either on Linux: the panic may be an allocator's, or a signal handler's that interrupted one.
//! And it has two descriptors in reserve, as a program that has none left is one that dumps.
//!
//! Nothing is synced: a dump must not wait for a disk. It outlives the process, not the machine.
//! What a network file system reports only when a file is closed is not seen either, since `std`
//! does not tell.

use self::advice::{advice, explain};
use self::dir::{DumpDir, remove};
use self::names::{Form, Id, State};
use self::prune::BY_HAND;
use self::stamp::Stamp;
use crate::sys::fork::Generation;
use crate::sys::underway::{self, Underway};
use crate::tape::image_writer::Chunk;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::mem;
use std::path::Path;
use std::process;
use std::time::SystemTime;

/// How many nanoseconds in a row may be taken before we give up. Only somebody who blocks names
/// on purpose gets this far.
const TRIES: usize = 64;

/// A dump that is being written. Dropped before [`finish`](DumpFile::finish), it leaves nothing.
#[derive(Debug)]
#[must_use = "dropping an unfinished dump removes it"]
pub(crate) struct DumpFile<'a> {
    dir: &'a mut DumpDir,
    id: Id,
    form: Form,
    /// It goes with a text that is whole, and has the name that it must have.
    is_beside: bool,
    /// `None` when it was taken out.
    file: Option<File>,
    /// Whether the hidden name still exists, as far as we know.
    pending: bool,
    underway: Underway,
}

/// Which of a program's dumps one is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DumpId(Id);

impl DumpDir {
    /// Finds out whether a dump can be made there: makes the file of one, writes to it, and removes it. Other files are left
    /// alone.
    ///
    /// # Errors
    ///
    /// Why there will be none, with what to do about it.
    pub(crate) fn try_out(&mut self) -> io::Result<()> {
        let underway = Underway::begin(Generation::current());
        let mut file = self.make(SystemTime::now(), Form::Text, underway)?;
        // A disk that is full lets a file be made.
        file.write_all(b"\n")?;
        // Some systems do not remove an open file.
        drop(file.file.take());
        let removed = file.remove_partial();
        let path = &file.dir.partial;
        removed
            .map_err(|error| explain("remove what was made to try it out", path, &error, BY_HAND))
    }

    /// Makes a new file, readable by its owner only, for a dump that is made at `now`.
    pub(crate) fn create(&mut self, now: SystemTime) -> io::Result<DumpFile<'_>> {
        self.create_in(now, Form::Text)
    }

    /// The same for an image alone.
    pub(crate) fn create_image(&mut self, now: SystemTime) -> io::Result<DumpFile<'_>> {
        self.create_in(now, Form::Image)
    }

    fn create_in(&mut self, now: SystemTime, form: Form) -> io::Result<DumpFile<'_>> {
        // First of all: from here on whoever ends the process waits.
        let underway = Underway::begin(Generation::current());
        self.reserve.refill();
        // What killed dumps have left goes first: this one may be killed as well. Whether that works is
        // told when this one is whole.
        self.prune(None, Stamp::new(now), &mut Vec::new());
        self.make(now, form, underway)
    }

    /// Makes the file of an image that is to stand beside the text `id`, which is whole.
    pub(crate) fn create_image_beside(&mut self, id: DumpId) -> io::Result<DumpFile<'_>> {
        let underway = Underway::begin(Generation::current());
        let DumpId(id) = id;
        let (names, form) = (&self.names, Form::Image);
        names.set_path(&mut self.partial, &self.dir, (State::Partial, form, id));
        names.set_path(&mut self.image, &self.dir, (State::Whole, form, id));
        let path = &self.partial;
        match self.reserve.open(|| create_new(path)) {
            Ok(file) => Ok(DumpFile {
                dir: self,
                id,
                form,
                is_beside: true,
                file: Some(file),
                pending: true,
                underway,
            }),
            Err(error) => Err(self.create_error(&error)),
        }
    }

    /// If the name is taken (two threads, one nanosecond), the next nanosecond is.
    fn make(
        &mut self,
        now: SystemTime,
        form: Form,
        underway: Underway,
    ) -> io::Result<DumpFile<'_>> {
        let mut id = Id {
            stamp: Stamp::new(now),
            // Not earlier: the process may have forked since.
            pid: process::id(),
        };
        for _ in 0..TRIES {
            let (names, dir) = (&self.names, &self.dir);
            names.set_path(&mut self.partial, dir, (State::Partial, form, id));
            names.set_path(&mut self.whole, dir, (State::Whole, form, id));
            let path = &self.partial;
            match self.reserve.open(|| create_new(path)) {
                Ok(file) => {
                    // As long as we hold the hidden name, nobody but us makes the other. So if
                    // that is free now, it is when we finish.
                    if fs::symlink_metadata(&self.whole).is_err() {
                        return Ok(DumpFile {
                            dir: self,
                            id,
                            form,
                            is_beside: false,
                            file: Some(file),
                            pending: true,
                            underway,
                        });
                    }
                    // If it fails, a later dump finds the file stale.
                    let _ = remove(&self.partial);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(self.create_error(&error)),
            }
            id.stamp = id.stamp.next();
        }
        Err(self.create_error(&names_taken()))
    }

    fn create_error(&self, error: &io::Error) -> io::Error {
        explain("create a dump in", &self.dir, error, advice(error))
    }
}

impl DumpFile<'_> {
    /// Gives the file its name, now that all is written, and removes the oldest dumps. Tells why old
    /// dumps or abandoned ones could not be removed: the first reason, and how many more there are.
    /// The dump itself is whole all the same.
    ///
    /// That name is free, unless somebody else has put something there since `create`. It is not
    /// replaced: `hard_link` makes the name and fails if it exists; the nanosecond is then counted
    /// up. Where there are no hard links, `rename` must do. It would replace what is put there
    /// between our look and the rename.
    pub(crate) fn finish(&mut self) -> io::Result<Option<io::Error>> {
        self.refuse_in_a_forked_child()?;
        let now = self.id.stamp;
        for _ in 0..TRIES {
            match self.publish() {
                Ok(()) => {
                    let mut errors = Vec::new();
                    if let Err(error) = self.remove_partial() {
                        let what = "remove the second name of the dump";
                        errors.push(explain(what, &self.dir.partial, &error, BY_HAND));
                    }
                    self.dir.prune(Some(self.id), now, &mut errors);
                    return Ok(prune::summary(errors));
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    self.id.stamp = self.id.stamp.next();
                    let DumpDir {
                        dir, names, whole, ..
                    } = &mut *self.dir;
                    names.set_path(whole, dir, (State::Whole, self.form, self.id));
                }
                Err(error) => return Err(finish_error(&self.dir.whole, &error)),
            }
        }
        Err(finish_error(&self.dir.partial, &names_taken()))
    }

    /// Gives an image that stands beside a text its name, now that all is written. That counts as one dump with the text,
    /// so none is removed for it; and if the name is taken, there is no other.
    pub(crate) fn finish_beside(&mut self) -> io::Result<()> {
        self.refuse_in_a_forked_child()?;
        if let Err(error) = self.publish() {
            return Err(finish_error(self.target(), &error));
        }
        // The second name. If it stays, a later dump finds it stale.
        let _ = self.remove_partial();
        Ok(())
    }

    /// The name that it is to have.
    fn target(&self) -> &Path {
        if self.is_beside {
            &self.dir.image
        } else {
            &self.dir.whole
        }
    }

    /// Which dump it is, to make an image beside it.
    pub(crate) fn id(&self) -> DumpId {
        DumpId(self.id)
    }

    /// The open file, for what is to come behind a dump that is whole.
    pub(crate) fn take_file(&mut self) -> Option<OpenDump> {
        self.file.take().map(OpenDump)
    }

    /// Writes a chunk of an image, with a hole where there may be one: no room is taken there.
    pub(crate) fn write_chunk(&mut self, chunk: Chunk<'_>) -> io::Result<()> {
        let zeroes = match chunk {
            Chunk::Bytes(bytes) => return self.write_all(bytes),
            Chunk::Zeroes(zeroes) => zeroes,
        };
        self.refuse_in_a_forked_child()?;
        let Some(file) = &mut self.file else {
            return Err(ErrorKind::BrokenPipe.into());
        };
        let further = i64::try_from(zeroes.len()).unwrap_or(i64::MAX);
        let sought = file.seek(SeekFrom::Current(further));
        let path = &self.dir.partial;
        sought.map_err(|error| explain("write the dump", path, &error, advice(&error)))?;
        Ok(())
    }

    /// A redaction hook may fork. The file is the parent's.
    fn refuse_in_a_forked_child(&self) -> io::Result<()> {
        if self.underway.is_past() {
            return Err(ErrorKind::BrokenPipe.into());
        }
        Ok(())
    }

    /// Gives the file its own name, unless that exists. It may keep its hidden name as well.
    fn publish(&mut self) -> io::Result<()> {
        let (from, to) = (&self.dir.partial, self.target());
        if fs::hard_link(from, to).is_err() {
            // No hard links here, or `to` is taken, which this finds out as well.
            rename_new(from, to)?;
            self.pending = false;
        }
        Ok(())
    }

    /// Removes the hidden name, once: afterwards it may be another thread's.
    fn remove_partial(&mut self) -> io::Result<()> {
        if mem::take(&mut self.pending) {
            remove(&self.dir.partial)
        } else {
            Ok(())
        }
    }
}

impl Drop for DumpFile<'_> {
    fn drop(&mut self) {
        // First: some systems do not remove an open file.
        drop(self.file.take());
        if self.underway.is_past() {
            return;
        }
        // Nobody is left to tell. If it fails, a later dump finds the file stale.
        let _ = self.remove_partial();
        self.dir.reserve.refill();
    }
}

impl Write for DumpFile<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.refuse_in_a_forked_child()?;
        let Some(file) = &mut self.file else {
            return Err(ErrorKind::BrokenPipe.into());
        };
        let written = size_limit::write(file, buf);
        underway::got_on();
        let path = &self.dir.partial;
        written.map_err(|error| explain("write the dump", path, &error, advice(&error)))
    }

    /// Does nothing: what `write` took is with the system already, and that outlives the process.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The file of a dump that is whole, for what goes behind it.
pub(crate) struct OpenDump(File);

impl Write for OpenDump {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        size_limit::write(&mut self.0, buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // `create_new` does not follow a link, not even one that leads nowhere.
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Renames, but not onto something that is there to be seen.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match fs::symlink_metadata(to) {
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => fs::rename(from, to),
        Err(error) => Err(error),
    }
}

fn names_taken() -> io::Error {
    let message = "all names that the dump could have there are taken";
    io::Error::new(ErrorKind::AlreadyExists, message)
}

fn finish_error(path: &Path, error: &io::Error) -> io::Error {
    explain("finish the dump", path, error, advice(error))
}

mod advice;
pub(crate) mod dir;
mod listing;
pub(crate) mod names;
mod prune;
mod reserve;
mod size_limit;
mod stamp;
#[cfg(test)]
mod tests;
