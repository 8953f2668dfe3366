//! What a ring counts under its lock, for its statistics.

use crate::record::missed::Missed;
use std::time::Duration;

/// In this order in a ring's file, behind the writes that were refused.
pub(crate) const TOLD: usize = 6;

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) waits: u64,
    pub(crate) waited: Duration,
    pub(crate) longest: Duration,
    pub(crate) overtakes: u64,
    pub(crate) demotions: u64,
    pub(crate) failed_sinks: u64,
    /// By readers that are there no more.
    pub(crate) missed_by_left: Missed,
}

impl Counts {
    /// As they are told in a ring's file.
    pub(crate) fn told(&self) -> [u64; TOLD] {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        [
            self.waits,
            nanos(self.waited),
            nanos(self.longest),
            self.overtakes,
            self.demotions,
            self.failed_sinks,
        ]
    }
}
