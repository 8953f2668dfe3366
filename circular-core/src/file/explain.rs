//! Why a ring's file cannot be made, and what to do about it.

use crate::error::MappingError;
use crate::file::file_system::{FileSystem, Size};
use std::io::{self, ErrorKind};
use std::path::Path;

/// What we tried, where, what the system said, and what to do.
pub(super) fn cannot(tried: &str, path: &Path, error: io::Error) -> MappingError {
    let path = path.display();
    let message = if error.get_ref().is_some() {
        // It is our own, and says what to do.
        format!("cannot {tried} {path}: {error}")
    } else {
        format!("cannot {tried} {path}: {error}; {}", advice(&error))
    };
    MappingError::of_system(message, error)
}

/// The file system did not give what the file needs.
pub(super) fn no_room(
    dir: &Path,
    file_system: Option<FileSystem>,
    len: u64,
    error: io::Error,
) -> MappingError {
    let (dir, size) = (dir.display(), Size(len));
    let of = file_system.map_or_else(String::new, |of| format!(" ({of})"));
    let is_memory = file_system.is_some_and(|of| of.is_memory());
    let larger = if is_memory {
        ", or give it more: `mount -o remount,size=…`, docker's --shm-size, the sizeLimit of an emptyDir with medium: Memory"
    } else {
        ""
    };
    let message = format!(
        "cannot have {size} for a ring in {dir}{of}: {error}; choose a smaller capacity or another directory \
         ($CIRCULAR_DIR, or mapped_in){larger}"
    );
    MappingError::of_system(message, error)
}

fn advice(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(libc::EMFILE) => {
            return "find what the process leaves open, or raise its limit of open files (`ulimit -n`)";
        }
        Some(libc::ENFILE) => {
            return "find who leaves files open, or raise the system's limit of open files";
        }
        Some(libc::ENAMETOOLONG) => return "choose a directory with a shorter path",
        _ => {}
    }
    match error.kind() {
        ErrorKind::NotFound => {
            "make the directory, or choose another ($CIRCULAR_DIR, or mapped_in)"
        }
        ErrorKind::NotADirectory => "it is no directory: choose one",
        ErrorKind::PermissionDenied => {
            "let this user read and write the directory, or choose another ($CIRCULAR_DIR, or mapped_in)"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "choose a directory on a file system that can be written to ($CIRCULAR_DIR, or mapped_in)"
        }
        ErrorKind::AlreadyExists => "see what it is, and move it out of the way",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "make room there, or choose another directory ($CIRCULAR_DIR, or mapped_in)"
        }
        ErrorKind::OutOfMemory => "give the process or the machine more memory",
        _ => "choose another directory ($CIRCULAR_DIR, or mapped_in)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_say_ourselves_has_the_advice_that_fits() {
        let own = io::Error::new(ErrorKind::QuotaExceeded, "too many; drop some");
        let told = cannot("lock", Path::new("x"), own).to_string();
        assert_eq!(told, "cannot lock x: too many; drop some");
        let system = io::Error::from_raw_os_error(libc::EROFS);
        let told = cannot("make", Path::new("x"), system).to_string();
        assert!(told.contains("can be written to"), "{told}");
    }
}
