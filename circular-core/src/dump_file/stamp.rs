//! The time in a dump's name.
//!
//! Dumps are ordered by it, so it has a fixed width and sorts as text too.

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

const SECONDS_A_DAY: u64 = 86_400;

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
        let (year, month, day) = civil_from_days(self.seconds / SECONDS_A_DAY);
        let second = self.seconds % SECONDS_A_DAY;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let nanos = self.nanos;
        write!(
            f,
            "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}.{nanos:09}Z"
        )
    }
}

// Both ways between days and dates follow the method of Howard Hinnant's "chrono-Compatible
// Low-Level Date Algorithms". Years begin in March, so that the leap day is a year's last; they are
// counted in eras of 400, which all have the same number of days; and day 0 of era 0 is the 1st of
// March of year 0. From March on, month lengths go 31 30 31 30 31 twice, so that month `m` begins on
// day `(153 m + 2) / 5`.

const DAYS_AN_ERA: u64 = 146_097;

/// Days from the 1st of March of year 0 to the 1st of January 1970.
const DAYS_TO_1970: u64 = 719_468;

/// Year, month (1 to 12) and day (1 to 31) of the day that is `days` after the 1st of January 1970.
pub(super) fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + DAYS_TO_1970;
    let (era, day) = (days / DAYS_AN_ERA, days % DAYS_AN_ERA);
    // Take out the leap days before `day`; then all years have 365.
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = 400 * era + year;
    if month < 10 {
        (year, month + 3, day)
    } else {
        (year + 1, month - 9, day)
    }
}

/// The inverse, for years from 1970 and months and days from 1. A day that the month does not have
/// counts on into the next.
pub(super) fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (era, year) = (year / 400, year % 400);
    let day = (153 * month + 2) / 5 + day - 1;
    let day = 365 * year + year / 4 - year / 100 + day;
    era * DAYS_AN_ERA + day - DAYS_TO_1970
}
