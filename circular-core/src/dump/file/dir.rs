//! Where one program's dumps are: the directory, the names there, and what is kept ready for the next one.

use super::listing::Listing;
use super::names::{self, Cause, Names};
use super::reserve::Reserve;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{self, Path, PathBuf};

/// Where one program's dumps go, and what they are called. It makes one at a time.
#[derive(Debug)]
pub(crate) struct DumpDir {
    /// Absolute, so that a later change of the working directory does not move the dumps.
    pub(super) dir: PathBuf,
    pub(super) names: Names,
    pub(super) reserve: Reserve,
    pub(super) listing: Listing,
    /// The two names of the dump that is being written, or was written last.
    pub(super) partial: PathBuf,
    pub(super) whole: PathBuf,
    /// The name of the image beside it.
    pub(super) image: PathBuf,
}

impl DumpDir {
    /// Dumps of `program` in `dir`. Nothing is looked at or made there yet: see [`try_out`](DumpDir::try_out).
    ///
    /// Programs whose names differ only in characters that a file name cannot have, or after the
    /// 64th byte, share their eight dumps.
    pub(crate) fn new(dir: PathBuf, program: &str, cause: Cause) -> Self {
        let dir = if dir.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            dir
        };
        let dir = path::absolute(&dir).unwrap_or(dir);
        let names = Names::new(program, cause);
        let room = || PathBuf::with_capacity(dir.as_os_str().len() + 1 + names::LONGEST);
        let (partial, whole, image) = (room(), room(), room());
        let mut reserve = Reserve::default();
        reserve.refill();
        Self {
            dir,
            names,
            reserve,
            listing: Listing::new(),
            partial,
            whole,
            image,
        }
    }

    /// The dump that was made last, if it has got to its end.
    pub(crate) fn last(&self) -> &Path {
        &self.whole
    }

    /// The image that was made beside it, if that has got to its end.
    pub(crate) fn last_image(&self) -> &Path {
        &self.image
    }
}

/// Removes a file. That another process was faster is fine.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
