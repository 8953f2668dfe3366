//! Why something could not be had, one type for each operation.

use std::alloc::{Layout, handle_alloc_error};
use std::fmt;
use std::io;
use std::path::Path;

/// Why a ring could not be made.
///
/// It is neither `Clone` nor `Eq`, so that it can hold the system's own error, which is neither.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The capacity is zero.
    ZeroCapacity,
    /// The capacity is more than an address space can hold.
    TooLarge {
        /// What was asked for, in bytes.
        capacity: usize,
    },
    /// The system did not give the memory.
    OutOfMemory {
        /// What was asked for, in bytes.
        capacity: usize,
    },
    /// The ring was to have a file, or one for the text of a crash, and that could not be made.
    Mapping(MappingError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroCapacity => f.write_str(
                "a capacity of 0 bytes holds no record: pass the size in bytes, such as 10 << 20",
            ),
            Self::TooLarge { capacity } => write!(
                f,
                "a capacity of {capacity} bytes is more than an address space holds: pass the size in bytes"
            ),
            Self::OutOfMemory { capacity } => write!(
                f,
                "the system has no {capacity} bytes of memory for the ring: choose a smaller capacity"
            ),
            Self::Mapping(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // Its own words are this error's.
            Self::Mapping(error) => error.source(),
            _ => None,
        }
    }
}

impl From<MappingError> for BuildError {
    fn from(error: MappingError) -> Self {
        Self::Mapping(error)
    }
}

impl From<BuildError> for io::Error {
    fn from(error: BuildError) -> Self {
        let kind = match &error {
            BuildError::ZeroCapacity | BuildError::TooLarge { .. } => io::ErrorKind::InvalidInput,
            BuildError::OutOfMemory { .. } => io::ErrorKind::OutOfMemory,
            BuildError::Mapping(error) => error.kind(),
        };
        io::Error::new(kind, error)
    }
}

/// Why a ring has no file.
///
/// As text it is what was wrong, and what to do about it.
#[derive(Debug)]
pub struct MappingError {
    kind: io::ErrorKind,
    message: String,
    /// What the system said, if it was asked.
    source: Option<io::Error>,
}

impl MappingError {
    /// What was found to be wrong before the system was asked.
    pub(crate) fn new(kind: io::ErrorKind, message: String) -> Self {
        Self {
            kind,
            message,
            source: None,
        }
    }

    /// What the system said, in a message that has it already.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "no system but Linux is asked")
    )]
    pub(crate) fn of_system(message: String, error: io::Error) -> Self {
        Self {
            kind: error.kind(),
            message,
            source: Some(error),
        }
    }

    /// Returns the kind of the error, as an [`io::Error`] has it.
    pub fn kind(&self) -> io::ErrorKind {
        self.kind
    }
}

/// Nothing in it changes. A ring keeps it, and is to be used across a panic.
impl std::panic::UnwindSafe for MappingError {}
impl std::panic::RefUnwindSafe for MappingError {}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for MappingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.source.as_ref()?;
        Some(source)
    }
}

impl From<MappingError> for io::Error {
    fn from(error: MappingError) -> Self {
        io::Error::new(error.kind, error)
    }
}

/// Why the file of a ring cannot be read.
///
/// As text it is what was wrong, and what to do about it.
#[derive(Debug)]
pub struct OpenError {
    kind: io::ErrorKind,
    message: String,
    /// What the system said, if it was that.
    source: Option<io::Error>,
}

impl OpenError {
    /// What the system said.
    pub(crate) fn of_system(path: &Path, error: io::Error) -> Self {
        let what_to_do = match error.kind() {
            io::ErrorKind::NotFound => "rings end in .ring; the directory may have others",
            io::ErrorKind::PermissionDenied => {
                "a ring, and the directory that it is in, are its owner's, unless they were made with another mode: read it as that user, or as root"
            }
            _ if is_link(path) => "it is a link: pass the path of the file itself",
            _ => "pass the path of a ring's file",
        };
        Self {
            kind: error.kind(),
            message: format!("{}: {error}; {what_to_do}", path.display()),
            source: Some(error),
        }
    }

    /// What its bytes have shown.
    pub(crate) fn of_bytes(path: &Path, why: impl fmt::Display) -> Self {
        Self::told(path, io::ErrorKind::InvalidData, why)
    }

    /// It may well be a whole one, but not for this version, or this machine.
    pub(crate) fn for_others(path: &Path, why: impl fmt::Display) -> Self {
        Self::told(path, io::ErrorKind::Unsupported, why)
    }

    fn told(path: &Path, kind: io::ErrorKind, why: impl fmt::Display) -> Self {
        Self {
            kind,
            message: format!("{}: {why}", path.display()),
            source: None,
        }
    }

    /// Returns the kind of the error, as an [`io::Error`] has it: `InvalidData` for a file that is no ring, or a damaged
    /// one; `Unsupported` for one of a later version, or one that is larger than this machine can address.
    pub fn kind(&self) -> io::ErrorKind {
        self.kind
    }
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata()
        .is_ok_and(|metadata| metadata.is_symlink())
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.source.as_ref()?;
        Some(source)
    }
}

impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> Self {
        io::Error::new(error.kind, error)
    }
}

/// Why a reader of a ring's file gave nothing.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileRecvError {
    /// Nothing was written in time, or so far.
    Empty,
    /// It has had everything, and there will be no more: the ring was closed, its program has ended, or the file is a
    /// copy. [`RingFile::state`](crate::RingFile::state) says which.
    Ended,
    /// The file cannot be read any more. Or it can, but somebody has cut it, or its program could not write to it any more and
    /// goes on in its own memory: that is told once, when the reader has had what is left, and then the ring has ended for it.
    Io(io::Error),
}

impl fmt::Display for FileRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("nothing more was written so far"),
            Self::Ended => f.write_str("the ring has ended, and is read to its end"),
            Self::Io(error) => write!(f, "the ring's file cannot be read any more: {error}"),
        }
    }
}

impl std::error::Error for FileRecvError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Empty | Self::Ended => None,
        }
    }
}

/// The ring is closed, and the reader has had all that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// Why [`Reader::try_recv`](crate::Reader::try_recv) gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// The reader has had all that was written so far.
    Empty,
    /// As [`Closed`].
    Closed,
}

/// Why [`Reader::recv_timeout`](crate::Reader::recv_timeout) gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvTimeoutError {
    /// Nothing was written in time.
    Timeout,
    /// As [`Closed`].
    Closed,
}

/// There is no memory for what was to be looked at. What is in the ring is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutOfMemory {
    /// How many bytes were asked for.
    pub bytes: usize,
}

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.bytes;
        write!(f, "no memory: {bytes} bytes were asked for")
    }
}

impl std::error::Error for OutOfMemory {}

impl From<OutOfMemory> for io::Error {
    fn from(error: OutOfMemory) -> Self {
        io::Error::new(io::ErrorKind::OutOfMemory, error)
    }
}

impl OutOfMemory {
    /// Ends the process, as the standard library's collections do.
    pub(crate) fn abort(self) -> ! {
        let layout = Layout::array::<u8>(self.bytes).unwrap_or(Layout::new::<u8>());
        handle_alloc_error(layout)
    }
}

const CLOSED: &str = "the ring is closed and read to its end";

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(CLOSED)
    }
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing more was written so far",
            Self::Closed => CLOSED,
        })
    }
}

impl fmt::Display for RecvTimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "nothing more was written in time",
            Self::Closed => CLOSED,
        })
    }
}

impl std::error::Error for Closed {}

impl From<Closed> for TryRecvError {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<Closed> for RecvTimeoutError {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl std::error::Error for TryRecvError {}
impl std::error::Error for RecvTimeoutError {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    #[test]
    fn what_the_system_said_of_a_file_is_kept_in_every_form() {
        let system = io::Error::from(io::ErrorKind::ReadOnlyFilesystem);
        let message = String::from("cannot make the file: choose another directory");
        let error = BuildError::from(MappingError::of_system(message.clone(), system));
        assert_eq!(error.to_string(), message);
        let source = error.source().and_then(|source| source.downcast_ref());
        let kind = source.map(io::Error::kind);
        assert_eq!(kind, Some(io::ErrorKind::ReadOnlyFilesystem));
        let error = io::Error::from(error);
        assert_eq!(error.kind(), io::ErrorKind::ReadOnlyFilesystem);
        assert_eq!(error.to_string(), message);
    }
}
