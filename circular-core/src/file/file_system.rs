//! What a directory is on: which file system, how large, and how much of it is free.

use crate::file::system;
use std::fmt;
use std::fs::File;
use std::io;

/// Numbers of file systems, from statfs(2).
const TMPFS: u32 = 0x0102_1994;
const RAMFS: u32 = 0x8584_58f6;
const NAMES: [(u32, &str); 16] = [
    (TMPFS, "tmpfs"),
    (RAMFS, "ramfs"),
    (0xef53, "ext4"),
    (0x5846_5342, "xfs"),
    (0x9123_683e, "btrfs"),
    (0x2fc1_2fc1, "zfs"),
    (0xf2f5_2010, "f2fs"),
    (0x794c_7630, "overlayfs"),
    (0x4d44, "vfat"),
    (0x6573_5546, "fuse"),
    (0x6969, "nfs"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb"),
    (0x00c3_6400, "ceph"),
    (0x0102_1997, "9p"),
    (0x0bd0_0bd0, "lustre"),
];

/// Those of them whose files other machines may have as well.
const REMOTE: [&str; 7] = ["fuse", "nfs", "cifs", "smb", "ceph", "9p", "lustre"];

#[derive(Clone, Copy, Debug)]
pub(super) struct FileSystem {
    kind: u32,
    /// In bytes; 0 for one that has no size.
    size: u64,
    free: u64,
}

impl FileSystem {
    /// That of an open file or directory.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let statistics = system::statistics(file)?;
        Ok(Self {
            kind: statistics.kind,
            size: statistics.blocks.saturating_mul(statistics.block),
            free: statistics.available.saturating_mul(statistics.block),
        })
    }

    /// How much of it this user may still have; `None` if it does not say.
    pub(super) fn free(&self) -> Option<u64> {
        (self.size > 0).then_some(self.free)
    }

    fn name(&self) -> Option<&'static str> {
        let known = NAMES.iter().find(|(kind, _)| *kind == self.kind);
        known.map(|(_, name)| *name)
    }

    /// Whether its files are memory, and count as that.
    pub(super) fn is_memory(&self) -> bool {
        matches!(self.kind, TMPFS | RAMFS)
    }

    /// Whether a file there may be written by a process on another machine.
    pub(super) fn is_remote(&self) -> bool {
        self.name().is_some_and(|name| REMOTE.contains(&name))
    }
}

impl fmt::Display for FileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name)?,
            None => write!(f, "file system {:#x}", self.kind)?,
        }
        if self.size == 0 {
            return Ok(());
        }
        let (size, free) = (Size(self.size), Size(self.free));
        write!(f, " of {size}, {free} free")
    }
}

/// Bytes, for people.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size(pub(super) u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = ["KiB", "MiB", "GiB", "TiB"];
        let (mut bytes, mut unit) = (self.0, "bytes");
        let mut tenths = 0;
        for larger in units {
            if bytes < 1024 {
                break;
            }
            tenths = bytes % 1024 * 10 / 1024;
            (bytes, unit) = (bytes / 1024, larger);
        }
        match (unit, tenths) {
            ("bytes", _) | (_, 0) => write!(f, "{bytes} {unit}"),
            _ => write!(f, "{bytes}.{tenths} {unit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_for_people() {
        for (bytes, told) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (64 << 20, "64 MiB"),
            ((64 << 20) - 1, "63.9 MiB"),
            (24 << 30, "24 GiB"),
            (u64::MAX, "16777215.9 TiB"),
        ] {
            assert_eq!(Size(bytes).to_string(), told);
        }
    }

    #[test]
    fn a_file_system_is_told_with_what_is_free() {
        let of = |kind, size| FileSystem {
            kind,
            size,
            free: size / 4,
        };
        let tmpfs = of(0x0102_1994, 64 << 20);
        assert_eq!(tmpfs.to_string(), "tmpfs of 64 MiB, 16 MiB free");
        assert!(tmpfs.is_memory() && !tmpfs.is_remote());
        assert_eq!(of(7, 0).to_string(), "file system 0x7");
        let nfs = of(0x6969, 1 << 30);
        assert!(!nfs.is_memory() && nfs.is_remote());
        let proc = File::open("/proc").unwrap();
        assert!(!FileSystem::of(&proc).unwrap().is_memory());
    }
}
