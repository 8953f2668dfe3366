//! The file of a ring that is looked at, of another process or of none that is left.
//!
//! Invariant: it is only read, and what it says of itself is checked before anything else is looked at.

use crate::error::OpenError;
use crate::file::state::{self, RingState};
use crate::format::bytes::u64_at;
use crate::format::command::{self, CommandEnd};
use crate::format::file_header::refused::Refused;
use crate::format::file_header::{Identity, MAGIC};
use crate::format::layout::{IDENTITY, Layout, PAGE};
use crate::format::live::{self, Live};
use crate::format::origin::Origin;
use crate::format::word::WORD;
use crate::sys::read_at::ReadAt;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(crate) struct Opened {
    path: PathBuf,
    file: File,
    identity: Identity,
    layout: Layout,
    origin: Option<Origin>,
    is_copy: bool,
    was_cut: bool,
}

impl ReadAt for Opened {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        ReadAt::read_at(&self.file, bytes, offset)
    }
}

impl Opened {
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |error| OpenError::of_system(path, error);
        let file = open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(OpenError::of_bytes(
                path,
                "this is no file but something else: pass the path of a file that ends in .ring",
            ));
        }
        let mut page = [0; PAGE];
        let there = ReadAt::read_at(&file, &mut page, IDENTITY as u64).map_err(failed)?;
        let refused = |why: Refused| {
            if why.is_for_others() {
                OpenError::for_others(path, why)
            } else {
                OpenError::of_bytes(path, why)
            }
        };
        if there == 0 {
            let why = "the file is empty: somebody has cut it, or it never was a ring";
            return Err(OpenError::of_bytes(path, why));
        }
        if there < PAGE && page.starts_with(&MAGIC) {
            let why = format!(
                "only {there} bytes are left of this ring, which is nothing that can be read"
            );
            return Err(OpenError::of_bytes(path, why));
        }
        let identity = Identity::decode(&page).map_err(refused)?;
        let layout = identity.layout().map_err(refused)?;
        Ok(Self {
            path: path.to_path_buf(),
            is_copy: state::is_copy(&file, &identity),
            was_cut: identity.is_cut(metadata.len()),
            origin: origin(&file, &identity),
            file,
            identity,
            layout,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// What is known of the program, if that is not damaged.
    pub(crate) fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    pub(crate) fn is_copy(&self) -> bool {
        self.is_copy
    }

    /// Whether its end is missing, or was when it was opened: somebody may have put zeroes there since, of which LIVE may tell.
    pub(crate) fn is_cut(&self) -> io::Result<bool> {
        let is_too_short = || Ok::<_, io::Error>(self.identity.is_cut(self.len()?));
        Ok(self.was_cut || is_too_short()? || self.live()?.is_blank())
    }

    /// Whether so much is missing that it does not say how it is, and what it has counted.
    pub(crate) fn lacks_live(&self) -> io::Result<bool> {
        Ok(self.len()? < (self.layout.live + live::BYTES) as u64)
    }

    /// Whether nobody finds it any more.
    pub(crate) fn is_removed(&self) -> io::Result<bool> {
        let metadata = self.file.metadata()?;
        #[cfg(unix)]
        return Ok(std::os::unix::fs::MetadataExt::nlink(&metadata) == 0);
        #[cfg(not(unix))]
        {
            let _ = metadata;
            Ok(false)
        }
    }

    /// How long the file is now.
    fn len(&self) -> io::Result<u64> {
        self.file.metadata().map(|metadata| metadata.len())
    }

    pub(crate) fn live(&self) -> io::Result<Live> {
        let mut bytes = [0; live::BYTES];
        ReadAt::read_at(&self.file, &mut bytes, self.layout.live as u64)?;
        Ok(Live::decode(&bytes))
    }

    /// How the command has ended whose output is recorded, and when, in nanoseconds since 1970.
    pub(crate) fn command_end(&self) -> io::Result<Option<(CommandEnd, u64)>> {
        let mut bytes = [0; command::BYTES];
        ReadAt::read_at(
            &self.file,
            &mut bytes,
            (self.layout.live + command::AT) as u64,
        )?;
        let end = CommandEnd::decode(u64_at(&bytes, 0));
        Ok(end.map(|end| (end, u64_at(&bytes, WORD))))
    }

    pub(crate) fn state(&self) -> io::Result<RingState> {
        Ok(state::judge(&self.file, &self.identity, &self.live()?))
    }
}

/// For reading, and not through a link, which anybody may have put there. A FIFO is not waited for.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

/// What is said of the program.
pub(crate) fn origin(file: &impl ReadAt, identity: &Identity) -> Option<Origin> {
    let meta = identity.sections.meta?;
    let len = usize::try_from(meta.len)
        .ok()
        .filter(|len| *len <= MOST_META)?;
    let mut section = vec![0; len];
    ReadAt::read_at(file, &mut section, meta.offset).ok()?;
    Origin::decode(&section, identity.sections.meta_checksum)
}

/// What is said of the program is not longer in any version so far.
const MOST_META: usize = 1 << 20;
