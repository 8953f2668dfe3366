//! Why a dump cannot be made, and what to do about it.

use std::io::{self, ErrorKind};
use std::path::Path;

/// What to do about a dump that cannot be made.
pub(super) fn advice(error: &io::Error) -> &'static str {
    #[cfg(unix)]
    if let Some(advice) = error.raw_os_error().and_then(advice_by_number) {
        return advice;
    }
    match error.kind() {
        ErrorKind::NotFound => "create the directory or choose another",
        ErrorKind::NotADirectory => "it is a file, or below one: choose a directory",
        ErrorKind::PermissionDenied => {
            "make the directory writable for this user or choose another"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "make room there or choose another directory"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "choose a directory on a file system that can be written to"
        }
        ErrorKind::AlreadyExists => "remove what stands in the way or choose another directory",
        ErrorKind::OutOfMemory => "give the process or the machine more memory",
        _ => "choose another directory",
    }
}

/// What the standard library has no kind for.
#[cfg(unix)]
fn advice_by_number(number: i32) -> Option<&'static str> {
    Some(match number {
        libc::EMFILE => {
            "find what the process leaves open, or raise its limit of open files (`ulimit -n`)"
        }
        libc::ENFILE => "find who leaves files open, or raise the system's limit of open files",
        libc::EFBIG => "raise the limit of a file's size (`ulimit -f`)",
        libc::ENAMETOOLONG => "choose a directory with a shorter path",
        libc::ELOOP => "a link there leads back to itself: choose another directory",
        libc::EIO | libc::ESTALE | libc::ENXIO | libc::ENODEV => {
            "see whether the disk or the server behind it is well, or choose another directory"
        }
        _ => return None,
    })
}

/// The same kind of error, with what we tried, where, and what to do about it.
pub(super) fn explain(tried: &str, path: &Path, error: &io::Error, advice: &str) -> io::Error {
    let path = path.display();
    io::Error::new(
        error.kind(),
        format!("cannot {tried} {path}: {error}; {advice}"),
    )
}
