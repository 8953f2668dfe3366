//! How much memory the process may have, by its control group and those above it.
//!
//! What a file in memory takes counts there, and who takes more is killed, not refused. So it is asked before.
//!
//! Formats: `/proc/self/cgroup` is of cgroups(7), `/proc/self/mountinfo` of proc_pid_mountinfo(5); the limits are of the
//! kernel's cgroup-v2.rst (`memory.max`) and cgroup-v1/memory.rst (`memory.limit_in_bytes`).

use std::fs;
use std::path::{Path, PathBuf};

/// A limit, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) bytes: u64,
    pub(super) file: PathBuf,
}

/// The smallest limit that holds for this process; `None` if there is none, or it is not told.
pub(super) fn smallest() -> Option<Limit> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    // Where others have mounted something may have any name.
    let mounts = fs::read("/proc/self/mountinfo").ok()?;
    let mounts = String::from_utf8_lossy(&mounts);
    smallest_of(&groups, &mounts, Path::new("/"))
}

/// The same by these texts, and files below `root`.
fn smallest_of(groups: &str, mounts: &str, root: &Path) -> Option<Limit> {
    let limits = mounts.lines().filter_map(Mount::parse).filter_map(|mount| {
        let group = groups.lines().find_map(|line| mount.group(line))?;
        mount.smallest(group, root)
    });
    limits.min_by_key(|limit| limit.bytes)
}

/// Where control groups that know of memory are to be seen.
struct Mount {
    is_v2: bool,
    /// Which group is seen at the mount point.
    top: PathBuf,
    point: PathBuf,
}

impl Mount {
    fn parse(line: &str) -> Option<Self> {
        let (place, kind) = line.split_once(" - ")?;
        let mut kind = kind.split(' ');
        let is_v2 = match kind.next()? {
            "cgroup2" => true,
            "cgroup" if kind.nth(1)?.split(',').any(|option| option == "memory") => false,
            _ => return None,
        };
        let mut place = place.split(' ').skip(3);
        Some(Self {
            is_v2,
            top: unescaped(place.next()?),
            point: unescaped(place.next()?),
        })
    }

    /// The process's group of this kind, if the line of `/proc/self/cgroup` tells it.
    fn group<'a>(&self, line: &'a str) -> Option<&'a Path> {
        let mut fields = line.splitn(3, ':');
        let (number, controllers, group) = (fields.next()?, fields.next()?, fields.next()?);
        let is_it = if self.is_v2 {
            number == "0" && controllers.is_empty()
        } else {
            controllers.split(',').any(|name| name == "memory")
        };
        is_it.then(|| Path::new(group))
    }

    /// The smallest limit of the group, and of those above it that can be seen.
    fn smallest(&self, group: &Path, root: &Path) -> Option<Limit> {
        // In a container the process's own may be what is mounted, and called by a path of the world outside.
        let below = group.strip_prefix(&self.top).unwrap_or(Path::new(""));
        let below = if below.starts_with("..") {
            Path::new("")
        } else {
            below
        };
        let point = root.join(self.point.strip_prefix("/").unwrap_or(&self.point));
        let name = if self.is_v2 {
            "memory.max"
        } else {
            "memory.limit_in_bytes"
        };
        let groups = below.ancestors().map(|group| point.join(group).join(name));
        let limits = groups.filter_map(|file| {
            // Where there is no limit it says "max", or a number that is larger than any memory.
            let bytes = fs::read_to_string(&file).ok()?.trim().parse().ok()?;
            Some(Limit { bytes, file })
        });
        limits.min_by_key(|limit| limit.bytes)
    }
}

/// A path in which spaces and the like are written as `\040`.
fn unescaped(path: &str) -> PathBuf {
    let mut pieces = path.split('\\');
    let mut plain = String::from(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = piece.get(..3).unwrap_or_default();
        match u8::from_str_radix(digits, 8) {
            Ok(byte) => {
                plain.push(char::from(byte));
                plain.push_str(&piece[3..]);
            }
            Err(_) => {
                plain.push('\\');
                plain.push_str(piece);
            }
        }
    }
    PathBuf::from(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::tests::TempDir;

    /// Files below a root, and their contents.
    fn tree(files: &[(&str, &str)]) -> TempDir {
        let root = TempDir::new();
        for (path, content) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        root
    }

    #[track_caller]
    fn finds(root: &TempDir, groups: &str, mounts: &str, expected: Option<(u64, &str)>) {
        let expected = expected.map(|(bytes, file)| Limit {
            bytes,
            file: root.path().join(file),
        });
        assert_eq!(smallest_of(groups, mounts, root.path()), expected);
    }

    const V2: &str =
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";

    #[test]
    fn a_group_has_the_limits_of_those_above_it() {
        let root = tree(&[
            ("sys/fs/cgroup/memory.max", "max\n"),
            ("sys/fs/cgroup/system.slice/memory.max", "1000\n"),
            (
                "sys/fs/cgroup/system.slice/shop.service/memory.max",
                "2000\n",
            ),
            ("sys/fs/cgroup/other/memory.max", "1\n"),
        ]);
        let group = "0::/system.slice/shop.service\n";
        let expected = Some((1000, "sys/fs/cgroup/system.slice/memory.max"));
        finds(&root, group, V2, expected);
        // No limit at all, and one that is not told.
        finds(&root, "0::/\n", V2, None);
        finds(&root, "0::/gone\n", V2, None);
        finds(&root, "", V2, None);
        finds(&root, group, "", None);
    }

    #[test]
    fn version_one_has_a_tree_for_memory_alone() {
        let root = tree(&[
            (
                "sys/fs/cgroup/memory/memory.limit_in_bytes",
                "9223372036854771712\n",
            ),
            ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "4096\n"),
            ("sys/fs/cgroup/cpu/a/memory.limit_in_bytes", "1\n"),
        ]);
        let mounts = "41 32 0:36 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                      42 32 0:37 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                      43 32 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        let groups = "5:cpu:/a\n4:hugetlb,memory:/a\n1:name=systemd:/b\n0::/\n";
        let expected = Some((4096, "sys/fs/cgroup/memory/a/memory.limit_in_bytes"));
        finds(&root, groups, mounts, expected);
    }

    #[test]
    fn in_a_container_paths_are_of_the_world_outside() {
        let root = tree(&[
            ("sys/fs/cgroup/memory.max", "3000\n"),
            ("sys/fs/cgroup/inner/memory.max", "2000\n"),
        ]);
        let at_the_top = Some((3000, "sys/fs/cgroup/memory.max"));
        let mounted = V2.replace(" / /sys", " /docker/1f /sys");
        finds(&root, "0::/docker/1f\n", &mounted, at_the_top);
        let inner = Some((2000, "sys/fs/cgroup/inner/memory.max"));
        finds(&root, "0::/docker/1f/inner\n", &mounted, inner);
        // A namespace of its own, left by a move to another group.
        finds(&root, "0::/../elsewhere\n", V2, at_the_top);
        finds(&root, "0::/elsewhere\n", &mounted, at_the_top);
    }

    #[test]
    fn paths_may_have_spaces() {
        assert_eq!(unescaped("/a\\040b\\134c"), Path::new("/a b\\c"));
        assert_eq!(unescaped("/a\\"), Path::new("/a\\"));
        assert_eq!(unescaped("/a\\ñ"), Path::new("/a\\ñ"));
        let root = tree(&[("a b/memory.max", "7")]);
        let mounts = V2.replace("/sys/fs/cgroup", "/a\\040b");
        finds(&root, "0::/\n", &mounts, Some((7, "a b/memory.max")));
    }
}
