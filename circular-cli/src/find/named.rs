//! A ring that somebody names by its path.
//!
//! Invariant: a link is followed here and nowhere else. The path is the choice of whoever types it; what lies in a directory may be
//! anybody's, and so may be where a link there leads.

use std::fs::{self, FileType};
use std::io::ErrorKind;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use crate::failure::{next_in, typed};
use crate::find::rings::{self, Found};

/// Why a path is no ring that can be read.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// `InvalidData` if what is there is damaged, or was never a ring.
    pub(crate) kind: ErrorKind,
    /// The reason, without the path.
    pub(crate) why: String,
    /// What to type, unless it is to be checked.
    pub(crate) next: Option<String>,
}

/// Opens the ring, or image, at a path, or where a link there leads.
///
/// # Errors
///
/// It cannot be read, or is none.
pub(crate) fn open(path: &Path) -> Result<Found, Refusal> {
    if let Ok(metadata) = fs::metadata(path) {
        if !metadata.is_file() {
            return Err(no_file(path, metadata.file_type()));
        }
    }
    let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    let file = if is_link {
        fs::canonicalize(path).map_err(|error| {
            refusal(
                path,
                error.kind(),
                format!("it is a link, which cannot be followed: {error}"),
            )
        })?
    } else {
        path.to_path_buf()
    };
    Found::open(&file).map_err(|error| refusal(path, error.kind(), rings::why(&file, &error)))
}

fn refusal(path: &Path, kind: ErrorKind, why: String) -> Refusal {
    let shown = typed(path);
    let next = match kind {
        ErrorKind::InvalidData => None,
        ErrorKind::NotFound => Some(String::from("circular ls")),
        ErrorKind::Unsupported => Some(String::from("circular --version")),
        ErrorKind::PermissionDenied => Some(format!("sudo circular check {shown}")),
        _ => Some(format!("ls -lL {shown}")),
    };
    Refusal { kind, why, next }
}

/// What is no file has no bytes at places, which is how a ring is read.
fn no_file(path: &Path, kind: FileType) -> Refusal {
    let (why, next) = if kind.is_dir() {
        let dir = [PathBuf::from(path)];
        ("it is a directory", next_in("circular ls", &dir))
    } else if kind.is_fifo() {
        // Of whatever writes into it; it may be one that only that command had.
        let next = "COMMAND > copy.ring && circular check copy.ring";
        ("it is a pipe, and a ring is a file", String::from(next))
    } else {
        ("it is no file", String::from("circular ls"))
    };
    Refusal {
        kind: ErrorKind::InvalidInput,
        why: String::from(why),
        next: Some(next),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_merely_not_readable_is_not_to_be_checked_as_it_is() {
        for (kind, next) in [
            (
                ErrorKind::PermissionDenied,
                Some("sudo circular check ./-x"),
            ),
            (ErrorKind::NotFound, Some("circular ls")),
            (ErrorKind::Unsupported, Some("circular --version")),
            (ErrorKind::Other, Some("ls -lL ./-x")),
            (ErrorKind::InvalidData, None),
        ] {
            let refusal = refusal(Path::new("-x"), kind, String::new());
            assert_eq!(refusal.next.as_deref(), next, "{kind:?}");
        }
    }
}
