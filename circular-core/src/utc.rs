//! Dates and times of day, in UTC.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) const SECONDS_A_DAY: u64 = 86_400;

/// A second, as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Utc {
    pub(crate) year: u64,
    /// 1 to 12.
    pub(crate) month: u64,
    /// 1 to 31.
    pub(crate) day: u64,
    pub(crate) hour: u64,
    pub(crate) minute: u64,
    pub(crate) second: u64,
}

impl Utc {
    /// The second that is `seconds` after the beginning of 1970.
    pub(crate) fn from_seconds(seconds: u64) -> Self {
        let (year, month, day) = civil_from_days(seconds / SECONDS_A_DAY);
        let second = seconds % SECONDS_A_DAY;
        Self {
            year,
            month,
            day,
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
        }
    }
}

/// A time as log lines have it: RFC 3339, with microseconds.
pub(crate) struct LogTime(pub(crate) SystemTime);

impl fmt::Display for LogTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.0.duration_since(UNIX_EPOCH).unwrap_or_default();
        let Utc {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = Utc::from_seconds(since.as_secs());
        let micros = since.subsec_micros();
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z"
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
fn civil_from_days(days: u64) -> (u64, u64, u64) {
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
pub(crate) fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Every day of more than one 400-year cycle, against a calendar that only counts.
    #[test]
    fn days_and_dates_agree() {
        let leap = |year: u64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let mut days = 0;
        for year in 1970..2480 {
            for month in 1..=12 {
                let length = match month {
                    4 | 6 | 9 | 11 => 30,
                    2 if leap(year) => 29,
                    2 => 28,
                    _ => 31,
                };
                for day in 1..=length {
                    assert_eq!(civil_from_days(days), (year, month, day));
                    assert_eq!(days_from_civil(year, month, day), days);
                    days += 1;
                }
            }
        }
    }

    #[test]
    fn log_times_have_microseconds() {
        let time = UNIX_EPOCH + Duration::new(1_795_475_112, 123_456_789);
        assert_eq!(LogTime(time).to_string(), "2026-11-23T23:05:12.123456Z");
        assert_eq!(
            LogTime(UNIX_EPOCH).to_string(),
            "1970-01-01T00:00:00.000000Z"
        );
    }
}
