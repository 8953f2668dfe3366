//! What a ring counts under its lock, for its statistics.

use crate::record::missed::Missed;
use std::time::Duration;

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
