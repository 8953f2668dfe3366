//! The time in a dump's name.
//!
//! Dumps are ordered by it, so it has a fixed width and sorts as text too.

use crate::utc::{SECONDS_A_DAY, Utc, days_from_civil};
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds after which an unfinished dump is taken for abandoned. Its process was killed, or is so
/// slow that its dump is lost.
const STALE_SECONDS: u64 = 10 * 60;

/// A time as it stands in a name, `YYYYMMDDTHHMMSS.nnnnnnnnnZ`: UTC, 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp {
    /// Since 1970, at most [`Stamp::LAST`]'s.
    pub(super) seconds: u64,
    /// Below 1,000,000,000.
    pub(super) nanos: u32,
}

impl Stamp {
    /// The end of the year 9999; then the digits run out.
    pub(super) const LAST: Stamp = Stamp {
        seconds: 253_402_300_799,
        nanos: 999_999_999,
    };

    /// What has no such name is clamped: before 1970 to its first instant, after 9999 to its last.
    pub(super) fn new(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let stamp = Stamp {
            seconds: since.as_secs(),
            nanos: since.subsec_nanos(),
        };
        stamp.min(Stamp::LAST)
    }

    /// One nanosecond later, if there is one.
    pub(super) fn next(self) -> Self {
        let stamp = if self.nanos < Stamp::LAST.nanos {
            Stamp {
                nanos: self.nanos + 1,
                ..self
            }
        } else {
            Stamp {
                seconds: self.seconds + 1,
                nanos: 0,
            }
        };
        stamp.min(Stamp::LAST)
    }

    pub(super) fn is_stale(self, now: Stamp) -> bool {
        let limit = Stamp {
            seconds: self.seconds + STALE_SECONDS,
            ..self
        };
        limit < now
    }

    /// Reads the digits where `Display` puts them. What stands between them, and whether there is
    /// such a day, is left to the caller: to print the result and compare.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let number = |from, to| text.get(from..to)?.parse::<u64>().ok();
        let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
        let (hour, minute, second) = (number(9, 11)?, number(11, 13)?, number(13, 15)?);
        if year < 1970 || month == 0 || day == 0 {
            return None;
        }
        let days = days_from_civil(year, month, day);
        Some(Stamp {
            seconds: days * SECONDS_A_DAY + hour * 3600 + minute * 60 + second,
            nanos: text.get(16..25)?.parse().ok()?,
        })
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Utc {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = Utc::from_seconds(self.seconds);
        let nanos = self.nanos;
        write!(
            f,
            "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}.{nanos:09}Z"
        )
    }
}
