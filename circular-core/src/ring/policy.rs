//! What a reader asks for: where it begins, and what happens when it is slow.

use crate::record::cursor::Cursor;
use crate::time::timestamp::Timestamp;
use std::fmt;
use std::time::{Duration, SystemTime};

/// What happens when a reader is slower than the writers and the ring is full.
///
/// As text, as in metrics, it has one word, which stays what it is in later versions:
///
/// | policy | text |
/// |---|---|
/// | `Block` | `block` |
/// | `BlockFor(patience)` | `block-for-250ms`: a whole number, and the largest unit of `s`, `ms`, `us` and `ns` that makes it one |
/// | `Skip` | `skip` |
///
/// ```
/// use circular_core::Policy;
/// use std::time::Duration;
///
/// let patience = Duration::from_millis(250);
/// assert_eq!(Policy::BlockFor(patience).to_string(), "block-for-250ms");
/// assert_eq!(Policy::default().to_string(), "skip");
/// ```
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

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Policy::Block => f.pad("block"),
            Policy::BlockFor(patience) => {
                let (number, unit) = in_largest_unit(*patience);
                f.pad(&format!("block-for-{number}{unit}"))
            }
            Policy::Skip => f.pad("skip"),
        }
    }
}

/// The `Debug` of a duration has fractions, and may be another one in another version of Rust.
fn in_largest_unit(duration: Duration) -> (u128, &'static str) {
    let nanos = duration.as_nanos();
    [(1_000_000_000, "s"), (1_000_000, "ms"), (1000, "us")]
        .into_iter()
        .find(|(unit, _)| nanos % unit == 0)
        .map_or((nanos, "ns"), |(unit, name)| (nanos / unit, name))
}

/// Where a reader begins.
///
/// As text it is `oldest`, `newest`, `last 100`, `since 2026-11-23T23:05:12.123456Z` or `after` with the [`Cursor`];
/// a time is told to the microsecond:
///
/// ```
/// use circular_core::Start;
/// use std::time::{Duration, UNIX_EPOCH};
///
/// assert_eq!(Start::Last(100).to_string(), "last 100");
/// let time = UNIX_EPOCH + Duration::from_micros(1_795_475_112_123_456);
/// assert_eq!(Start::Since(time).to_string(), "since 2026-11-23T23:05:12.123456Z");
/// ```
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

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Start::Oldest => f.pad("oldest"),
            Start::Newest => f.pad("newest"),
            Start::Last(count) => write!(f, "last {count}"),
            Start::Since(time) => write!(f, "since {}", Timestamp::new(*time)),
            Start::After(cursor) => write!(f, "after {cursor}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn a_policy_is_one_word() {
        let patiences = [
            (Duration::ZERO, "block-for-0s"),
            (Duration::from_nanos(17), "block-for-17ns"),
            (Duration::from_nanos(1_000_001), "block-for-1000001ns"),
            (Duration::from_micros(2500), "block-for-2500us"),
            (Duration::from_millis(250), "block-for-250ms"),
            (Duration::from_millis(1500), "block-for-1500ms"),
            (Duration::from_secs(90), "block-for-90s"),
            (Duration::MAX, "block-for-18446744073709551615999999999ns"),
        ]
        .map(|(patience, text)| (Policy::BlockFor(patience), text));
        let others = [(Policy::Block, "block"), (Policy::Skip, "skip")];
        for (policy, text) in patiences.into_iter().chain(others) {
            assert_eq!(policy.to_string(), text);
        }
    }

    #[test]
    fn a_start_says_where() {
        let cursor: Cursor = "00000000000000ff.17.340".parse().unwrap();
        let cases = [
            (Start::Oldest, "oldest"),
            (Start::Newest, "newest"),
            (Start::Last(100), "last 100"),
            (
                Start::Since(UNIX_EPOCH - Duration::from_millis(500)),
                "since 1969-12-31T23:59:59.500000Z",
            ),
            (Start::After(cursor), "after 00000000000000ff.17.340"),
        ];
        for (start, text) in cases {
            assert_eq!(start.to_string(), text);
        }
    }
}
