//! A file without a name, for the text of a ring on the heap, should its program crash: `<program>.<ring>.crash.txt`.
//!
//! Invariant: it has no name until there is something in it, so a healthy run leaves nothing, nor does SIGKILL. Only this user
//! may read it. What is removed is a regular file of this user that has such a name of this program.

use crate::error::MappingError;
use crate::file::dir::{Dir, Surroundings};
use crate::file::dir_lock::DirLock;
use crate::file::explain::cannot;
use crate::file::names::{self, Name};
use crate::file::system;
use std::env;
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

/// Opens the file, in the first of these directories where that is possible, or else in the default one, and removes old
/// ones, all but `keep`. Without a name it is the executable's.
pub(crate) fn prepare(
    dir: Option<&Path>,
    program: Option<&str>,
    keep: usize,
    ring: u64,
) -> Result<CrashText, MappingError> {
    let surroundings = Surroundings::of_process();
    let program = program.map_or_else(executable, String::from);
    let name = Name::new(&program, ring)?.crash_text();
    let open = |wanted: Option<&Path>| -> Result<(Dir, File), MappingError> {
        let dir = surroundings.open(wanted)?;
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

fn executable() -> String {
    let path = env::current_exe().unwrap_or_default();
    let name = path.file_name().unwrap_or_default();
    names::fit(&name.to_string_lossy())
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
