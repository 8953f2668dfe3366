//! The one line on stderr that tells what became of a dump.

use crate::dump::write::Dumped;
use std::fmt::{self, Write};
use std::io;
use std::path::Path;

/// What each line that the hook prints begins with.
pub(super) const PREFIX: &str = "circular: ";

/// What became of the dump to stderr.
pub(super) enum ToStderr {
    Unwanted,
    Dumped(io::Result<Dumped>),
    /// Another thread's does not get on.
    Stuck,
}

/// Begins the line with a file that was made.
pub(super) fn begin_with_file(line: &mut impl Write, dumped: Dumped, path: &Path) -> fmt::Result {
    write!(line, "{PREFIX}{} to {}", Count(dumped), path.display())
}

/// Goes on with the image that was made beside it, or why there is none.
pub(super) fn tell_image(line: &mut impl Write, image: Result<&Path, &io::Error>) -> fmt::Result {
    match image {
        Ok(path) => {
            let name = path.file_name().map_or(path, Path::new);
            write!(line, " and {}", name.display())
        }
        Err(error) => write!(line, "; no image: {error}"),
    }
}

/// Ends a line without a file, where there was to be an image beside one.
pub(super) const IMAGE_NEEDS_A_DIR: &str =
    "; no image: it goes beside a dump in a directory, so choose one with dir(path)";

/// Ends the line, and tells whether there is anything to say: nothing if stderr, where it would be said,
/// has failed. If a file was made, the line begins with it; it may tell why old ones could not be removed.
/// `text` is the panic's own, which may be nowhere else soon.
pub(super) fn end(
    line: &mut impl Write,
    in_file: Option<Result<Option<&io::Error>, &io::Error>>,
    to_stderr: &ToStderr,
    text: impl FnOnce() -> Vec<u8>,
) -> bool {
    // What it is written to does not fail.
    let _ = match (in_file, to_stderr) {
        (Some(Ok(prune_error)), to_stderr) => {
            let _ = prune_error.map_or(Ok(()), |error| write!(line, "; {error}"));
            match to_stderr {
                ToStderr::Dumped(Ok(_)) => line.write_str(", and to stderr"),
                _ => Ok(()),
            }
        }
        (Some(Err(error)), ToStderr::Dumped(Ok(dumped))) => write!(
            line,
            "{PREFIX}{} to stderr, but not to a file: {error}",
            Count(*dumped)
        ),
        (Some(Err(error)), _) => {
            let text = text();
            let text = String::from_utf8_lossy(&text);
            write!(line, "{PREFIX}no dump: {error}; {}", text.trim_end())
        }
        (None, ToStderr::Dumped(Ok(dumped))) => {
            write!(line, "{PREFIX}{} to stderr", Count(*dumped))
        }
        (None, ToStderr::Stuck) => {
            write!(line, "{PREFIX}no dump: another thread's is stuck in stderr")
        }
        (None, ToStderr::Dumped(Err(_)) | ToStderr::Unwanted) => return false,
    };
    true
}

/// How much a dump was.
struct Count(Dumped);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Dumped {
            records,
            bytes,
            missed,
            lost_memory,
            no_memory,
            ..
        } = self.0;
        write!(f, "dumped {records} records ({bytes} bytes)")?;
        if !missed.is_empty() {
            write!(f, ", {missed} while others wrote,")?;
        }
        if !lost_memory.is_empty() {
            write!(
                f,
                ", {lost_memory} as the ring's file was cut, or its disk was full,"
            )?;
        }
        if !no_memory.is_empty() {
            write!(f, ", {no_memory} for want of memory,")?;
        }
        Ok(())
    }
}
