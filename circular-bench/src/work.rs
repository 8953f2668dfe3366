//! What is timed: a group for each kind of work.

mod allocations;
mod catch_up;
mod drive;
mod events;
mod laps;
mod latency;
mod logs;
mod memory;
mod readers;
mod wake;
mod write;

use crate::effort::Effort;
use crate::rounds::Group;

/// Bytes of a record, where it is only one size: a line of a log, as a rule.
pub(crate) const USUAL: usize = 128;

/// All of them.
pub(crate) fn groups(effort: &Effort) -> Vec<Group> {
    let mut groups = Vec::new();
    for len in [64, USUAL, 512, 4096] {
        groups.push(write::group(effort, len));
    }
    groups.push(readers::group(effort));
    groups.push(latency::group(effort));
    groups.push(laps::group(effort));
    groups.push(events::text(effort));
    groups.push(events::json(effort));
    groups.push(logs::group(effort));
    groups.push(wake::group(effort));
    groups.push(catch_up::group(effort));
    groups.push(memory::group(effort));
    groups.push(allocations::group(effort));
    groups
}

/// What rows are about, where it has a name of its own.
pub(crate) mod rows {
    pub(crate) use super::catch_up::{MEMCPY, SINK as CATCH_UP};
    pub(crate) use super::events::{FMT, FMT_JSON, RING_JSON, RING_TEXT};
    pub(crate) use super::logs::{ENV, RING};
}
