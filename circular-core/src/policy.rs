//! What a reader asks for: where it begins, and what happens when it is slow.

use crate::Cursor;
use std::time::{Duration, SystemTime};

/// What happens when a reader is slower than the writers and the ring is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// Writers wait for it, for as long as it takes. It loses nothing, and if its sink hangs, so
    /// does every thread that logs. Never for a network client.
    Block,
    /// A write waits for it at most this long, in all and counted from when the write is first in
    /// line; then the reader is demoted to [`Policy::Skip`], for good. So it is when a
    /// [`flush`](crate::Handle::flush) has seen it get no further for as long.
    BlockFor(Duration),
    /// Writers never wait for it. What is overwritten before it was read, it misses, and is told how
    /// much that was.
    #[default]
    Skip,
}

/// Where a reader begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Start {
    /// At the oldest record that the ring holds.
    #[default]
    Oldest,
    /// At the next record that is written.
    Newest,
    /// With this many of the newest records, or all if there are fewer. If the reader filters, they are counted
    /// among those that pass; so it goes through all that the ring holds, if need be.
    Last(u64),
    /// At the first record that is not older than this. Records stand in the order in which they
    /// were written, so older times may follow: of a line that took long to format, or where the clock
    /// was set back. None that may have been written then or later is left out, which those whose time
    /// the ring took itself may have been if that is some milliseconds before: see
    /// [`Record::is_since`](crate::Record::is_since).
    Since(SystemTime),
    /// Where another reader of this ring left off. What was overwritten since is told as missed. If
    /// the cursor is of another ring, or was never reached in this one, the reader begins at the
    /// oldest record and [`Reader::restarted`](crate::Reader::restarted) says so.
    After(Cursor),
}
