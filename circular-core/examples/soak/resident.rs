//! How much memory the process takes, and whether that grows.
//!
//! The first ten seconds are for warming up: code pages, thread stacks, the allocator's arenas. From
//! then on the highest figure of the last third must not be above the highest before the end of the
//! first third, but for a tolerance: rounds differ in how many readers, large records and snapshots
//! meet, and the allocator keeps some of what is freed. Rings and readers come and go several times
//! a second, so what leaks is soon more than that.

use std::fs;
use std::time::Duration;

const WARM_UP: Duration = Duration::from_secs(10);
const TOLERANCE_KIB: u64 = 4 << 10;

pub(crate) struct Resident {
    duration: Duration,
    early: u64,
    late: u64,
    pub(crate) highest: u64,
}

impl Resident {
    pub(crate) fn new(duration: Duration) -> Self {
        Self {
            duration,
            early: 0,
            late: 0,
            highest: 0,
        }
    }

    pub(crate) fn look(&mut self, elapsed: Duration) {
        let now = resident_kib().unwrap_or(0);
        self.highest = self.highest.max(now);
        if elapsed >= self.duration * 2 / 3 {
            self.late = self.late.max(now);
        } else if elapsed >= WARM_UP && elapsed <= self.duration / 3 {
            self.early = self.early.max(now);
        }
    }

    /// Fails if it has grown; a run that is too short tells nothing.
    pub(crate) fn check(&self) {
        let (early, late) = (self.early, self.late);
        assert!(
            early == 0 || late <= early + TOLERANCE_KIB,
            "the resident size grows: at most {early} KiB early, {late} KiB late"
        );
    }
}

/// `None` where the system does not tell.
fn resident_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
