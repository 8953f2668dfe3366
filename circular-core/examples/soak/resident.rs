//! How much memory the process takes, and whether that grows.
//!
//! The first ten seconds are for warming up: code pages, thread stacks, the allocator's arenas. From
//! then on the mean of the last third must not be above that of the first third, but for a tolerance.
//! Means, since single figures go up and down by half: rounds differ in how many readers, large
//! records and snapshots meet. Rings and readers come and go several times a second, so what leaks is
//! soon more than the tolerance.

use std::fs;
use std::time::Duration;

const WARM_UP: Duration = Duration::from_secs(10);
const TOLERANCE_KIB: u64 = 4 << 10;

pub(crate) struct Resident {
    duration: Duration,
    early: Mean,
    late: Mean,
    pub(crate) highest: u64,
}

#[derive(Default)]
struct Mean {
    sum: u64,
    count: u64,
}

impl Mean {
    fn add(&mut self, figure: u64) {
        self.sum += figure;
        self.count += 1;
    }

    /// `None` without figures.
    fn get(&self) -> Option<u64> {
        self.sum.checked_div(self.count)
    }
}

impl Resident {
    pub(crate) fn new(duration: Duration) -> Self {
        Self {
            duration,
            early: Mean::default(),
            late: Mean::default(),
            highest: 0,
        }
    }

    pub(crate) fn look(&mut self, elapsed: Duration) {
        let now = resident_kib().unwrap_or(0);
        self.highest = self.highest.max(now);
        if elapsed >= self.duration * 2 / 3 {
            self.late.add(now);
        } else if elapsed >= WARM_UP && elapsed <= self.duration / 3 {
            self.early.add(now);
        }
    }

    /// The means of the first third and of the last, if there are any.
    pub(crate) fn means(&self) -> Option<(u64, u64)> {
        self.early.get().zip(self.late.get())
    }

    /// Fails if it has grown; a run that is too short tells nothing.
    pub(crate) fn check(&self) {
        let Some((early, late)) = self.means() else {
            return;
        };
        assert!(
            late <= early + TOLERANCE_KIB,
            "the resident size grows: {early} KiB early, {late} KiB late"
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
