//! What a ring's file says of the program that makes it: which process it is, and where it runs.
//!
//! Invariant: what the system does not tell is as FORMAT.md has it for what is not known, and never a guess.

use crate::format::file_header::{Identity, LOCK_NONE};
use crate::format::layout::Layout;
use crate::format::origin::Origin;
use std::env;
use std::fs;
use std::process::id;

/// What its executable is called, without an ending; empty if that is not known.
pub(crate) fn executable_name() -> String {
    let path = env::current_exe().ok();
    let name = path.as_deref().and_then(|path| path.file_stem());
    name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// What people want to know of it.
pub(crate) fn origin() -> Origin {
    let host = fs::read("/proc/sys/kernel/hostname").unwrap_or_default();
    let path = env::current_exe().ok();
    let path = path.map(|path| path.to_string_lossy().into_owned());
    Origin {
        program: path.unwrap_or_default(),
        version: String::from(env!("CARGO_PKG_VERSION")),
        host: String::from_utf8_lossy(host.trim_ascii_end()).into_owned(),
        ..Origin::default()
    }
}

/// Of this process, with the file itself left open: what is made of it is a copy of nothing.
pub(crate) fn identity(layout: &Layout, meta_checksum: u32) -> Identity {
    let blank = Identity {
        pid: id().into(),
        lock: LOCK_NONE,
        ..Identity::blank(layout, meta_checksum)
    };
    known(blank)
}

/// With what Linux tells.
#[cfg(target_os = "linux")]
fn known(identity: Identity) -> Identity {
    use crate::file::{process, system};
    Identity {
        boot_id: process::boot_id(),
        pid_started: process::own_start(),
        pid_namespace: process::pid_namespace(),
        uid: system::user(),
        gid: system::group(),
        page_size: system::page_size(),
        ..identity
    }
}

#[cfg(not(target_os = "linux"))]
fn known(identity: Identity) -> Identity {
    /// No user has it: POSIX's `(uid_t) -1`.
    const NOBODY: u32 = u32::MAX;
    Identity {
        uid: NOBODY,
        gid: NOBODY,
        ..identity
    }
}

/// Nanoseconds since the system was started, the time that it slept included; 0 where that is not asked for.
pub(crate) fn since_boot() -> u64 {
    #[cfg(target_os = "linux")]
    return crate::file::system::since_boot();
    #[cfg(not(target_os = "linux"))]
    0
}
