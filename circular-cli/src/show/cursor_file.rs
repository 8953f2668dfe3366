//! A cursor in a file, for who goes on tomorrow where they were today.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use circular_core::Cursor;

use crate::failure::{Failure, typed};

/// Returns the cursor in a file; `None` if the file is not there, or empty.
///
/// # Errors
///
/// It cannot be read, or has something else in it.
pub(crate) fn read(path: &Path) -> Result<Option<Cursor>, Failure> {
    let shown = path.display();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Failure::failed(
                format!("cannot read the cursor in {shown}: {error}"),
                format!("ls -l {}", typed(path)),
            ));
        }
    };
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error| {
        Failure::usage(
            format!("{shown} has no cursor in it: {error}; without the file, it begins anew"),
            format!("rm {}", typed(path)),
        )
    })
}

/// Leaves a cursor in a file: whole, or as it was.
///
/// # Errors
///
/// It cannot be written.
pub(crate) fn write(path: &Path, cursor: Cursor) -> Result<(), Failure> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let written =
        fs::write(&beside, format!("{cursor}\n")).and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        // It may be there in part.
        let _ = fs::remove_file(&beside);
        let shown = path.display();
        Failure::failed(
            format!("cannot leave the cursor in {shown}: {error}"),
            "--cursor-file where it can be written, or --show-cursor",
        )
    })
}
