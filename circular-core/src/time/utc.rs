//! Dates and times of day, in UTC.

pub(crate) const SECONDS_A_DAY: i64 = 86_400;

/// A second, as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Utc {
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: i64,
    /// 1 to 31.
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
}

impl Utc {
    /// The second that is `seconds` after the beginning of 1970, or before it.
    pub(crate) fn from_seconds(seconds: i64) -> Self {
        let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_A_DAY));
        let second = seconds.rem_euclid(SECONDS_A_DAY);
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

// Both ways between days and dates follow the method of Howard Hinnant's "chrono-Compatible
// Low-Level Date Algorithms". Years begin in March, so that the leap day is a year's last; they are
// counted in eras of 400, which all have the same number of days; and day 0 of era 0 is the 1st of
// March of year 0. From March on, month lengths go 31 30 31 30 31 twice, so that month `m` begins on
// day `(153 m + 2) / 5`.

const DAYS_AN_ERA: i64 = 146_097;

/// Days from the 1st of March of year 0 to the 1st of January 1970.
const DAYS_TO_1970: i64 = 719_468;

/// Year, month (1 to 12) and day (1 to 31) of the day that is `days` after the 1st of January 1970.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_1970;
    let (era, day) = (days.div_euclid(DAYS_AN_ERA), days.rem_euclid(DAYS_AN_ERA));
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
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
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

    /// Every day of more than one 400-year cycle, against a calendar that only counts.
    #[test]
    fn days_and_dates_agree() {
        let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
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
}
