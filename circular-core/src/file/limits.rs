//! What a process may have, which the system does not refuse but kills for, or tells of too late.

use crate::error::MappingError;
use crate::file::cgroup::{self, Limit};
use crate::file::file_system::{FileSystem, Size};
use crate::file::system;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

/// What a file is, in the words of an error.
struct What {
    file: &'static str,
    one: &'static str,
    others: &'static str,
}

const RING: What = What {
    file: "the ring's file would have",
    one: "this ring",
    others: "dead ones",
};

const TEXT: What = What {
    file: "the text of a crash may have",
    one: "the text of a crash",
    others: "older ones",
};

/// Whether a file of `len` bytes may be made and mapped, and `keep` dead ones beside it.
pub(super) fn check(
    len: u64,
    keep: usize,
    file_system: Option<FileSystem>,
) -> Result<(), MappingError> {
    file_size(&RING, len, system::file_size_limit())?;
    let limit = system::address_space_limit();
    address_space(len, limit, limit.map_or(0, |_| mapped()))?;
    memory_of(&RING, len, keep, file_system)
}

/// The same for the text of a crash, which is written when it is too late to ask. On a disk it takes no memory that the system
/// could not have back: who writes more than that waits for the disk. So only files that are memory are asked about.
pub(super) fn check_text(
    len: u64,
    keep: usize,
    file_system: Option<FileSystem>,
) -> Result<(), MappingError> {
    file_size(&TEXT, len, system::file_size_limit())?;
    memory_of(&TEXT, len, keep, file_system)
}

fn memory_of(
    what: &What,
    len: u64,
    keep: usize,
    file_system: Option<FileSystem>,
) -> Result<(), MappingError> {
    match file_system {
        Some(here) if here.is_memory() => {
            let limits = cgroup::smallest().into_iter().chain(machine());
            memory(what, len, keep, limits.min_by_key(|limit| limit.bytes))
        }
        _ => Ok(()),
    }
}

/// Who makes a larger file gets SIGXFSZ, which ends the process; or it is cut short.
fn file_size(what: &What, len: u64, limit: Option<u64>) -> Result<(), MappingError> {
    match limit {
        Some(limit) if len > limit => {
            let (file, len, limit) = (what.file, Size(len), Size(limit));
            let message = format!(
                "{file} {len}, and a file of this process at most {limit}: \
                 raise that limit (`ulimit -f`, systemd's LimitFSIZE=), or choose a smaller capacity"
            );
            Err(MappingError::new(ErrorKind::FileTooLarge, message))
        }
        _ => Ok(()),
    }
}

fn address_space(len: u64, limit: Option<u64>, used: u64) -> Result<(), MappingError> {
    match limit {
        Some(limit) if len > limit.saturating_sub(used) => {
            let (len, limit, used) = (Size(len), Size(limit), Size(used));
            let message = format!(
                "the ring's file has {len} to map, and this process may map {limit}, of which it has {used}: \
                 raise that limit (`ulimit -v`, systemd's LimitAS=), or choose a smaller capacity"
            );
            Err(MappingError::new(ErrorKind::OutOfMemory, message))
        }
        _ => Ok(()),
    }
}

/// Who takes more than a group's limit is killed.
fn memory(what: &What, len: u64, keep: usize, limit: Option<Limit>) -> Result<(), MappingError> {
    let Some(Limit { bytes, file }) = limit else {
        return Ok(());
    };
    let files = u64::try_from(keep).unwrap_or(u64::MAX).saturating_add(1);
    let needed = files.saturating_mul(len);
    if needed <= bytes / 2 {
        return Ok(());
    }
    let What { one, others, .. } = what;
    let (len, needed, limit, file) = (Size(len), Size(needed), Size(bytes), file.display());
    let message = format!(
        "{one} and {keep} {others} of {len} each would be {needed} of memory, more than half of the {limit} that \
         this process and its neighbours may have ({file}): choose a smaller capacity or keep fewer (keep), \
         raise the limit, or choose a directory on a disk ($CIRCULAR_DIR, or mapped_in)"
    );
    Err(MappingError::new(ErrorKind::OutOfMemory, message))
}

/// What the machine has, as `/proc/meminfo` tells, from proc_meminfo(5).
fn machine() -> Option<Limit> {
    let file = PathBuf::from("/proc/meminfo");
    let text = fs::read_to_string(&file).ok()?;
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = total.trim().strip_suffix(" kB")?.trim_end().parse().ok()?;
    let bytes = kilobytes.saturating_mul(1024);
    Some(Limit { bytes, file })
}

/// How much the process has mapped: the first field of `/proc/self/statm`, from proc_pid_statm(5). 0 if it is not told.
fn mapped() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').next().and_then(|pages| pages.parse().ok());
    pages.map_or(0, |pages: u64| {
        pages.saturating_mul(system::page_size().into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_exactly_allowed_is_allowed() {
        assert!(file_size(&RING, 4096, None).is_ok());
        assert!(file_size(&RING, 4096, Some(4096)).is_ok());
        let error = file_size(&RING, 4097, Some(4096)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        assert!(error.to_string().contains("at most 4 KiB"), "{error}");

        assert!(address_space(4096, None, 0).is_ok());
        assert!(address_space(4096, Some(8192), 4096).is_ok());
        let error = address_space(4097, Some(8192), 4096).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfMemory);
        assert!(address_space(1, Some(8192), u64::MAX).is_err());
        assert!(mapped() > 0);
    }

    #[test]
    fn all_rings_together_may_have_half_of_the_memory() {
        let limit = |bytes| {
            let file = PathBuf::from("/sys/fs/cgroup/memory.max");
            Some(Limit { bytes, file })
        };
        assert!(memory(&RING, 1 << 20, 2, None).is_ok());
        assert!(memory(&RING, 1 << 20, 2, limit(6 << 20)).is_ok());
        assert!(memory(&RING, 1 << 20, 0, limit(2 << 20)).is_ok());
        assert!(memory(&RING, 1 << 20, usize::MAX, limit(u64::MAX)).is_err());
        let error = memory(&RING, 1 << 20, 2, limit((6 << 20) - 2)).unwrap_err();
        let told = error.to_string();
        assert!(
            told.contains("2 dead ones of 1 MiB each would be 3 MiB"),
            "{told}"
        );
        assert!(told.contains("the 5.9 MiB"), "{told}");
        assert!(told.contains("(/sys/fs/cgroup/memory.max)"), "{told}");
        let error = memory(&TEXT, 1 << 20, 2, limit(1 << 20)).unwrap_err();
        let told = error.to_string();
        assert!(
            told.starts_with("the text of a crash and 2 older ones of 1 MiB each"),
            "{told}"
        );
    }
}
