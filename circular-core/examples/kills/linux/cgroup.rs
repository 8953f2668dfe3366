//! A memory cgroup of the harness's own, in which the system kills who takes too much.
//!
//! Invariant: it is made below the group that the harness is in, so that no limit is escaped, and is removed at the end.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::Duration;

/// How much the programs in it may take.
pub(crate) const LIMIT: usize = 48 << 20;
/// Where there is only version 2, a group that has processes cannot have others in it: this variable names one that can.
const GIVEN: &str = "KILLS_CGROUP";
/// What a program writes its pid to, to be in it.
const MEMBERS: &str = "cgroup.procs";

pub(crate) struct Group(PathBuf);

impl Group {
    /// Makes it, or tells why there is none.
    pub(crate) fn new() -> Result<Self, String> {
        let (own, limit, swap) = own()?;
        let path = own.join(format!("circular-kills-{}", process::id()));
        let cannot = |what: &str, error| format!("cannot {what} {}: {error}", path.display());
        fs::create_dir(&path).map_err(|error| cannot("make the cgroup", error))?;
        let group = Self(path.clone());
        let set = |name: &str, value: String| fs::write(path.join(name), value);
        set(limit, LIMIT.to_string()).map_err(|error| cannot("limit the memory of", error))?;
        // Where memory is not swapped there is nothing to forbid.
        let (name, value) = swap;
        let _ = set(name, value.to_string());
        Ok(group)
    }

    /// Where a program writes 0 to join.
    pub(crate) fn members(&self) -> PathBuf {
        self.0.join(MEMBERS)
    }

    /// How many the system has killed in it.
    pub(crate) fn killed(&self) -> u64 {
        let read = |name: &str| fs::read_to_string(self.0.join(name)).unwrap_or_default();
        let told = read("memory.events") + &read("memory.oom_control");
        let count = told.lines().find_map(|line| line.strip_prefix("oom_kill "));
        count.and_then(|count| count.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Who has just been killed is in it for a moment yet.
        for _ in 0..100 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

type Found = (PathBuf, &'static str, (&'static str, usize));

/// The group that this process is in, and what limits are called there.
fn own() -> Result<Found, String> {
    let groups = fs::read_to_string("/proc/self/cgroup");
    let groups = groups.map_err(|error| format!("cannot read /proc/self/cgroup: {error}"))?;
    let mut own = None;
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        let path = path.trim_start_matches('/');
        if controllers.split(',').any(|name| name == "memory") {
            let memsw = ("memory.memsw.limit_in_bytes", LIMIT);
            let root = Path::new("/sys/fs/cgroup/memory");
            return Ok((root.join(path), "memory.limit_in_bytes", memsw));
        }
        if controllers.is_empty() {
            let group = Path::new("/sys/fs/cgroup").join(path);
            own = Some((group, "memory.max", ("memory.swap.max", 0)));
        }
    }
    let (own, limit, swap) = own.ok_or("this process is in no cgroup")?;
    let group = env::var_os(GIVEN).map_or(own, PathBuf::from);
    let controllers = group.join("cgroup.subtree_control");
    let given = fs::read_to_string(&controllers).unwrap_or_default();
    if given.split_whitespace().all(|name| name != "memory") {
        return Err(format!(
            "no memory is limited in cgroups below {}: make one where it is, and pass it as {GIVEN}",
            group.display()
        ));
    }
    Ok((group, limit, swap))
}
