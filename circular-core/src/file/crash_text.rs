//! A file without a name, for the text of a ring on the heap, should its program crash: `<program>.<ring>.crash.txt`.
//!
//! Invariant: it has no name until there is something in it, so a healthy run leaves nothing, nor does SIGKILL. Only this user
//! may read it. What is removed is a regular file of this user that has such a name of this program.

use crate::error::MappingError;
use crate::file::dir::{Dir, Surroundings};
use crate::file::dir_lock::DirLock;
use crate::file::explain::cannot;
use crate::file::file_system::FileSystem;
use crate::file::limits;
use crate::file::names::{Name, sanitise};
use crate::file::program::executable_name;
use crate::file::system;
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file that may get that name.
#[derive(Debug)]
pub(crate) struct CrashText {
    pub(crate) file: File,
    pub(crate) dir: PathBuf,
    pub(crate) path: PathBuf,
    pub(crate) program: String,
}

/// What is asked of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WantedText<'a> {
    /// The directory where it is to be if that is possible, or else in the default one.
    pub(crate) dir: Option<&'a Path>,
    /// Whose it is; without one, the executable's.
    pub(crate) program: Option<&'a str>,
    /// How many old ones stay.
    pub(crate) keep: usize,
    /// Its text is not longer than that.
    pub(crate) len: u64,
    pub(crate) ring: u64,
}

/// Opens the file, and removes old ones.
pub(crate) fn prepare(wanted: WantedText<'_>) -> Result<CrashText, MappingError> {
    prepare_in(wanted, &Surroundings::of_process())
}

fn prepare_in(
    wanted: WantedText<'_>,
    surroundings: &Surroundings,
) -> Result<CrashText, MappingError> {
    let WantedText {
        dir,
        program,
        keep,
        len,
        ring,
    } = wanted;
    let program = program.map_or_else(|| sanitise(&executable_name()), String::from);
    let name = Name::new(&program, ring)?.crash_text();
    let open = |wanted: Option<&Path>| -> Result<(Dir, File), MappingError> {
        let dir = surroundings.open(wanted)?;
        limits::check_text(len, keep, FileSystem::of(&dir.handle).ok())?;
        let file = open_unnamed(&dir.path)?;
        Ok((dir, file))
    };
    let opened = match dir {
        Some(wanted) => open(Some(wanted)).or_else(|_| open(None)),
        None => open(None),
    };
    let (dir, file) = opened?;
    if DirLock::wait(&dir.handle).is_some() {
        prune(&dir.path, &program, keep);
    }
    Ok(CrashText {
        file,
        path: dir.path.join(name),
        dir: dir.path,
        program,
    })
}

fn open_unnamed(dir: &Path) -> Result<File, MappingError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    let opened = options.custom_flags(libc::O_TMPFILE).open(dir);
    opened.map_err(|error| match error.raw_os_error() {
        // The second is what a kernel says that does not know of it, the third one that knows half of it.
        Some(libc::EOPNOTSUPP | libc::EISDIR | libc::EINVAL) => {
            let path = dir.display();
            let message = format!(
                "cannot have the text of a crash in {path}: its file system has no files without a name (O_TMPFILE); choose \
                 a directory on another ($CIRCULAR_DIR), a ring in a file (mapped), or leave out crash_note"
            );
            MappingError::new(ErrorKind::Unsupported, message)
        }
        _ => cannot("open a file for the text of a crash in", dir, error),
    })
}

/// Removes old texts of this program, all but the newest `keep`. It does not matter whether that works.
fn prune(dir: &Path, program: &str, keep: usize) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in entries.flatten() {
        let is_one = entry
            .file_name()
            .to_str()
            .and_then(Name::parse_crash_text)
            .is_some_and(|name| name.program == program);
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if is_one && metadata.is_file() && metadata.uid() == system::user() {
            let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            found.push((modified, entry.path()));
        }
    }
    found.sort();
    let old = found.len().saturating_sub(keep);
    for (_, path) in found.into_iter().take(old) {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::tests::TempDir;

    /// As one of a ring's file, it would have the program killed.
    #[test]
    fn one_that_memory_has_no_room_for_is_refused() {
        let dir = TempDir::new();
        let surroundings = Surroundings {
            asked: Some(dir.path().into()),
            runtime: None,
            memory: dir.path().into(),
        };
        let open = |len| {
            let wanted = WantedText {
                dir: None,
                program: Some("shop"),
                keep: 2,
                len,
                ring: 1,
            };
            prepare_in(wanted, &surroundings)
        };
        assert!(open(4096).is_ok());
        let error = open(1 << 50).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfMemory);
        let told = error.to_string();
        assert!(
            told.contains("the text of a crash and 2 older ones"),
            "{told}"
        );
        assert!(told.contains("choose a smaller capacity"), "{told}");
    }
}
