//! Making the file of a ring, in two steps, between which the caller maps it.
//!
//! Invariant: until it is whole, mapped and locked, the file has a hidden name, and it goes away if that does not come
//! about. Both names are new: nothing is written through a link, and no file is replaced.
//!
//! 1. [`prepare`]: find the directory, ask the limits; under the directory's lock remove old rings, make the file and
//!    lock it; then have the system give all of its memory, and write what readers look for.
//! 2. The caller maps the file.
//! 3. [`Prepared::publish`]: under the directory's lock find the ring that came before, write the first page, and give the
//!    file its name.
//!
//! Old rings go first, as what they take may be what the new one needs.

use crate::error::MappingError;
use crate::file::dir::{Dir, Surroundings};
use crate::file::dir_lock::DirLock;
use crate::file::explain::{cannot, no_room};
use crate::file::file_system::FileSystem;
use crate::file::limits;
use crate::file::lock::{self, Lock};
use crate::file::names::Name;
use crate::file::program;
use crate::file::prune;
use crate::file::system;
use crate::file::wanted::Wanted;
use crate::format::bytes::put;
use crate::format::crc32c::crc32c;
use crate::format::file_header::{FileId, Identity, LARGEST, LOCK_NONE, LOCK_OFD, NOTES_CRASHES};
use crate::format::layout::{FILE_ENTRY, IDENTITY, Layout, META, NOWHERE, OFFSET};
use crate::format::live;
use crate::format::word::WORD;
use crate::sys::fork::Generation;
use crate::time::clock;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::id;

/// How much is asked of the system at once. It does such a piece from the beginning again when a signal comes, and a
/// profiler sends a hundred each second.
const PIECE: u64 = 16 << 20;

/// So many kept rings are given up one by one where there is no room.
const MOST_TO_GIVE_UP: usize = 16;

/// A file that is whole but for its first page, and has its hidden name. Dropped, it goes away.
#[derive(Debug)]
#[must_use = "dropping it removes the file"]
pub(crate) struct Prepared {
    file: File,
    layout: Layout,
    lock: Option<Lock>,
    identity: Identity,
    dir: Dir,
    hidden: Hidden,
    public: PathBuf,
    mode: u32,
}

/// A hidden name, which is removed when this is dropped.
#[derive(Debug)]
struct Hidden {
    path: PathBuf,
    /// It may have become another.
    is_there: bool,
    generation: Generation,
}

/// A file that is whole and has its name.
#[derive(Debug)]
pub(crate) struct Made {
    /// Open for reading and writing; the lock is another description's.
    pub(crate) file: File,
    pub(crate) layout: Layout,
    pub(crate) path: PathBuf,
    /// To be kept as long as the ring is written to. `None` where the file system has no locks.
    pub(crate) lock: Option<Lock>,
    #[cfg(test)]
    pub(super) identity: Identity,
}

/// Makes the file, by what the environment of the process says.
pub(crate) fn prepare(wanted: &Wanted) -> Result<Prepared, MappingError> {
    prepare_in(wanted, &Surroundings::of_process())
}

pub(super) fn prepare_in(
    wanted: &Wanted,
    surroundings: &Surroundings,
) -> Result<Prepared, MappingError> {
    let name = Name::new(&wanted.program, wanted.ring)?;
    check_mode(wanted.mode)?;
    let layout = Layout::file(wanted.capacity, wanted.blocks).ok_or_else(too_large)?;
    if layout.capacity as u64 > LARGEST {
        return Err(too_large());
    }
    let len = layout.len as u64;
    let dir = surroundings.open(wanted.dir.as_deref())?;
    let file_system = FileSystem::of(&dir.handle).ok();
    limits::check(len, wanted.keep, file_system)?;

    let origin = program::origin().of(&wanted.recorded).encode();
    let hidden = dir.path.join(name.hidden(id()));
    let public = dir.path.join(name.public());
    // Until it is locked: whoever removes what killed makers have left must not see it without.
    let under_lock = DirLock::wait(&dir.handle);
    if under_lock.is_some() {
        prune::prune(&dir.path, &wanted.program, wanted.keep);
    }
    let file = create(&hidden).map_err(|error| cannot("make the file", &hidden, error))?;
    let hidden = Hidden {
        path: hidden,
        is_there: true,
        generation: Generation::current(),
    };
    let lock = lock_if_possible(&file, &hidden.path)?;
    drop(under_lock);

    reserve_or_prune(&file, len, &dir, wanted)
        .map_err(|error| no_room(&dir.path, file_system, len, error))?;
    fill(&file, &layout, &origin).map_err(|error| cannot("write to", &hidden.path, error))?;
    let metadata = file
        .metadata()
        .map_err(|error| cannot("look at", &hidden.path, error))?;
    let identity = Identity {
        ring: wanted.ring,
        program: wanted.program.clone(),
        file: FileId {
            device: metadata.dev(),
            inode: metadata.ino(),
        },
        uid: metadata.uid(),
        gid: metadata.gid(),
        lock: if lock.is_some() { LOCK_OFD } else { LOCK_NONE },
        compat: if wanted.notes_crashes {
            NOTES_CRASHES
        } else {
            0
        },
        ..program::identity(&layout, crc32c(&origin))
    };
    Ok(Prepared {
        file,
        layout,
        lock,
        identity,
        dir,
        hidden,
        public,
        mode: wanted.mode,
    })
}

impl Prepared {
    /// What is to be mapped.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Where in it everything lies.
    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// Gives the file its name, now that it is mapped.
    pub(crate) fn publish(self) -> Result<Made, MappingError> {
        let Self {
            file,
            layout,
            lock,
            mut identity,
            dir,
            mut hidden,
            public,
            mode,
        } = self;
        // With it, no ring gets its name between the look for the newest one and this one's name.
        let under_lock = DirLock::wait(&dir.handle);
        identity.before = prune::newest(&dir.path, &identity.program).unwrap_or(0);
        identity.created = clock::exact().since_1970();
        identity.created_boottime = system::since_boot();
        let begun = file
            .write_all_at(&identity.encode(), IDENTITY as u64)
            // By the file and not when it is made: the caller's umask is of no consequence.
            .and_then(|()| file.set_permissions(Permissions::from_mode(mode & 0o777)));
        begun.map_err(|error| cannot("finish", &hidden.path, error))?;
        hidden
            .become_public(&public)
            .map_err(|error| cannot("give the ring its name,", &public, error))?;
        drop(under_lock);
        Ok(Made {
            file,
            layout,
            path: public,
            lock,
            #[cfg(test)]
            identity,
        })
    }
}

impl Hidden {
    /// Fails if there is something of the public name.
    fn become_public(&mut self, public: &Path) -> io::Result<()> {
        match system::rename_new(&self.path, public) {
            // It has gone with the name.
            Ok(()) => self.is_there = false,
            // Linux before 3.15, and file systems that cannot do it in one step. The hidden name is removed on drop.
            Err(error) if is_unsupported(&error) => fs::hard_link(&self.path, public)?,
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // In a forked child it is the parent's.
        if self.is_there && !self.generation.is_past() {
            // If it fails, the next maker finds it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn too_large() -> MappingError {
    let message = "a ring in a file has at most 1 TiB: pass the size in bytes";
    MappingError::new(ErrorKind::InvalidInput, String::from(message))
}

/// The owner reads it, or nobody could look at it, nor see that it is old and is to be removed.
fn check_mode(mode: u32) -> Result<(), MappingError> {
    if mode & !0o777 == 0 && mode & 0o400 != 0 {
        return Ok(());
    }
    let message = format!(
        "{mode:#o} is no mode for a ring's file, which its owner must be able to read: pass it in octal, 0o600 or 0o640"
    );
    Err(MappingError::new(ErrorKind::InvalidInput, message))
}

/// Has the system give all of the file's memory. Where there is too little, dead rings of this program go that would have
/// been kept, the oldest first; but only if that can be enough.
fn reserve_or_prune(file: &File, len: u64, dir: &Dir, wanted: &Wanted) -> io::Result<()> {
    let mut keep = wanted.keep.min(MOST_TO_GIVE_UP);
    loop {
        // Asked before, as what is given piece by piece may be all that others have.
        let free = FileSystem::of(&dir.handle)
            .ok()
            .and_then(|here| here.free());
        let reserved = match free {
            Some(free) if len > free => Err(ErrorKind::StorageFull.into()),
            _ => reserve(file, len),
        };
        let error = match reserved {
            Err(error) if error.kind() == ErrorKind::StorageFull && keep > 0 => error,
            reserved => return reserved,
        };
        let Some(_under_lock) = DirLock::wait(&dir.handle) else {
            return Err(error);
        };
        file.set_len(0)?;
        let of_the_dead = prune::taken_by_dead(&dir.path, &wanted.program);
        if free.is_some_and(|free| len > free.saturating_add(of_the_dead)) {
            return Err(error);
        }
        keep -= 1;
        prune::prune(&dir.path, &wanted.program, keep);
    }
}

/// Readable by its owner only, until it is whole.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // `create_new` does not follow a link, not even one that leads nowhere.
    options.read(true).write(true).create_new(true);
    options.mode(0o600).custom_flags(libc::O_NOFOLLOW);
    let file = options.open(path)?;
    // Whatever the umask.
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

fn lock_if_possible(file: &File, path: &Path) -> Result<Option<Lock>, MappingError> {
    match Lock::take(file, path) {
        Ok(lock) => Ok(Some(lock)),
        Err(error) if lock::is_unsupported(&error) => Ok(None),
        Err(error) => Err(cannot("lock", path, error)),
    }
}

/// Has memory or disk for all of the file, so that a store to it cannot fail later.
fn reserve(file: &File, len: u64) -> io::Result<()> {
    let mut done = 0;
    while done < len {
        let piece = PIECE.min(len - done);
        match system::allocate(file, done, piece) {
            Ok(()) => done += piece,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if is_unsupported(&error) => return write_zeroes(file, done, len),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The same where the file system has no call for it.
fn write_zeroes(file: &File, from: u64, to: u64) -> io::Result<()> {
    let zeroes = vec![0; 64 << 10];
    let mut done = from;
    while done < to {
        let left = usize::try_from(to - done).unwrap_or(usize::MAX);
        let piece = &zeroes[..zeroes.len().min(left)];
        file.write_all_at(piece, done)?;
        done += piece.len() as u64;
    }
    Ok(())
}

fn is_unsupported(error: &io::Error) -> bool {
    let number = error.raw_os_error();
    number.is_some_and(|number| {
        let unsupported = [libc::EINVAL, libc::ENOSYS, libc::EOPNOTSUPP];
        unsupported.contains(&number)
    })
}

/// Writes what is there before the first record. All else is zero.
fn fill(file: &File, layout: &Layout, origin: &[u8]) -> io::Result<()> {
    file.write_all_at(origin, META as u64)?;
    let mut entry = [0; FILE_ENTRY * WORD];
    for word in [OFFSET, FILE_ENTRY - 1] {
        put(&mut entry, word * WORD, &NOWHERE.to_le_bytes());
    }
    file.write_all_at(&entry.repeat(layout.blocks), layout.index as u64)?;
    let mut live = [0; live::BYTES];
    put(&mut live, live::STATE, &live::OPEN.to_le_bytes());
    let now = clock::exact().since_1970();
    put(&mut live, live::WHEN, &now.to_le_bytes());
    file.write_all_at(&live, layout.live as u64)
}
