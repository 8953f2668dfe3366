//! What a directory is on, and how much room is there.

use std::fs;
use std::path::Path;

/// A file system, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileSystem {
    /// `tmpfs` say; empty where it is not known.
    pub(crate) kind: String,
    pub(crate) size: u64,
    pub(crate) free: u64,
}

/// Returns that of a directory; `None` if it does not say.
pub(crate) fn of(dir: &Path) -> Option<FileSystem> {
    let numbers = rustix::fs::statvfs(dir).ok()?;
    let real = fs::canonicalize(dir).ok()?;
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    Some(FileSystem {
        kind: kind(&mounts, &real).unwrap_or_default().to_owned(),
        size: numbers.f_blocks.saturating_mul(numbers.f_frsize),
        free: numbers.f_bavail.saturating_mul(numbers.f_frsize),
    })
}

/// The kind of what is mounted nearest to a path, by proc_mounts(5); of several at one place, the last one covers the others.
fn kind<'a>(mounts: &'a str, path: &Path) -> Option<&'a str> {
    let mut nearest = None;
    for line in mounts.lines() {
        let mut words = line.split(' ').skip(1);
        let (Some(point), Some(kind)) = (words.next(), words.next()) else {
            continue;
        };
        let point = point.replace("\\040", " ");
        let is_nearer = nearest.is_none_or(|(length, _)| point.len() >= length);
        if is_nearer && path.starts_with(&point) {
            nearest = Some((point.len(), kind));
        }
    }
    nearest.map(|(_, kind)| kind)
}

/// Returns a size as people say it: `16 MiB`, `1.5 GiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut tenths, mut unit) = (u128::from(bytes) * 10 / 1024, 0);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    match (tenths / 10, tenths % 10) {
        (whole, tenth) if whole < 10 && tenth > 0 => format!("{whole}.{tenth} {}", UNITS[unit]),
        (whole, _) => format!("{whole} {}", UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_counts_and_of_two_the_last() {
        let mounts = "overlay / overlay rw 0 0\ntmpfs /dev tmpfs rw 0 0\nshm /dev/shm tmpfs rw 0 0\n\
                      /dev/sda /mnt ext4 rw 0 0\n/dev/sdb /mnt xfs rw 0 0\n/dev/sdc /with\\040blank btrfs rw 0 0\n";
        for (path, expected) in [
            ("/dev/shm/circular-0", "tmpfs"),
            ("/mnt/rings", "xfs"),
            ("/mntx", "overlay"),
            ("/with blank/rings", "btrfs"),
        ] {
            assert_eq!(kind(mounts, Path::new(path)), Some(expected), "{path}");
        }
        assert_eq!(kind("", Path::new("/")), None);
    }

    #[test]
    fn sizes_are_short() {
        for (bytes, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (16 << 20, "16 MiB"),
            (3 << 29, "1.5 GiB"),
            (u64::MAX, "16383 PiB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }
}
