//! What the maker of a ring wants of its file.

use crate::format::origin::Recorded;
use std::path::PathBuf;

#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The caller's directory; without one the default is taken (see [`dir`](crate::file::dir)).
    pub(crate) dir: Option<PathBuf>,
    /// Whose ring it is: the beginning of the file's name.
    pub(crate) program: String,
    /// In bytes, whole pages.
    pub(crate) capacity: usize,
    /// How many blocks that is split into.
    pub(crate) blocks: usize,
    /// How many dead rings of this program stay.
    pub(crate) keep: usize,
    /// Who may read the file once it has its name, as `chmod` takes it.
    pub(crate) mode: u32,
    pub(crate) ring: u64,
    /// Whether crashes will be noted.
    pub(crate) notes_crashes: bool,
    pub(crate) recorded: Recorded,
}
