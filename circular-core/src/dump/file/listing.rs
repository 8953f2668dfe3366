//! What is in a directory, without asking for memory where the system makes that possible.

use super::reserve::Reserve;
use std::fmt;
use std::io;
use std::path::Path;

/// What an entry is, as far as the directory tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Other,
    Unknown,
}

/// The memory for a look.
pub(super) struct Listing {
    #[cfg(target_os = "linux")]
    entries: Box<[u8]>,
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listing")
    }
}

#[cfg(target_os = "linux")]
impl Listing {
    pub(super) fn new() -> Self {
        /// Some hundred entries; longer directories take several looks.
        const BYTES: usize = 16 * 1024;
        Self {
            entries: vec![0; BYTES].into(),
        }
    }

    /// Hands each name in `dir` that is text to `found`.
    #[expect(
        unsafe_code,
        reason = "the standard library and the C library allocate to read a directory"
    )]
    pub(super) fn each(
        &mut self,
        dir: &Path,
        reserve: &mut Reserve,
        found: &mut dyn FnMut(&str, Kind),
    ) -> io::Result<()> {
        use std::fs::OpenOptions;
        use std::os::fd::AsRawFd;
        use std::os::unix::fs::OpenOptionsExt;

        // Not what looks like one: to open a pipe waits for a writer.
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(libc::O_DIRECTORY);
        let dir = reserve.open(|| options.open(dir))?;
        loop {
            let (entries, room) = (self.entries.as_mut_ptr(), self.entries.len());
            // SAFETY: an open descriptor, and memory of that size, which nobody else uses.
            let filled =
                unsafe { libc::syscall(libc::SYS_getdents64, dir.as_raw_fd(), entries, room) };
            let Ok(filled) = usize::try_from(filled) else {
                return Err(io::Error::last_os_error());
            };
            let mut rest = self.entries.get(..filled).unwrap_or_default();
            if rest.is_empty() {
                return Ok(());
            }
            while let Some((entry, next)) = split_entry(rest) {
                rest = next;
                let name = name(entry).and_then(|name| std::str::from_utf8(name).ok());
                if let Some(name) = name {
                    found(name, kind(entry));
                }
            }
        }
    }
}

/// Where the parts of an entry are: inode and offset, 8 bytes each, the entry's length, its kind, and
/// its name with a zero behind it (getdents64(2)).
#[cfg(target_os = "linux")]
mod at {
    use std::ops::Range;

    pub(super) const LENGTH: Range<usize> = 16..18;
    pub(super) const KIND: usize = 18;
    pub(super) const NAME: usize = 19;
}

#[cfg(target_os = "linux")]
fn split_entry(entries: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = entries.get(at::LENGTH)?.try_into().ok()?;
    let length = usize::from(u16::from_ne_bytes(length));
    if length < at::NAME {
        return None;
    }
    entries.split_at_checked(length)
}

#[cfg(target_os = "linux")]
fn name(entry: &[u8]) -> Option<&[u8]> {
    entry.get(at::NAME..)?.split(|byte| *byte == 0).next()
}

#[cfg(target_os = "linux")]
fn kind(entry: &[u8]) -> Kind {
    match entry.get(at::KIND) {
        Some(&libc::DT_REG) => Kind::File,
        Some(&libc::DT_UNKNOWN) | None => Kind::Unknown,
        Some(_) => Kind::Other,
    }
}

#[cfg(not(target_os = "linux"))]
impl Listing {
    pub(super) fn new() -> Self {
        Self {}
    }

    /// Hands each name in `dir` that is text to `found`.
    pub(super) fn each(
        &mut self,
        dir: &Path,
        reserve: &mut Reserve,
        found: &mut dyn FnMut(&str, Kind),
    ) -> io::Result<()> {
        for entry in reserve.open(|| std::fs::read_dir(dir))? {
            let entry = entry?;
            let kind = match entry.file_type() {
                Ok(kind) if kind.is_file() => Kind::File,
                Ok(_) => Kind::Other,
                Err(_) => Kind::Unknown,
            };
            if let Some(name) = entry.file_name().to_str() {
                found(name, kind);
            }
        }
        Ok(())
    }
}
