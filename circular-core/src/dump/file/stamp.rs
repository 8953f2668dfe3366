//! The time in a dump's name.
//!
//! Dumps are ordered by it, so it has a fixed width and sorts as text too.

use crate::time::utc::{SECONDS_A_DAY, Utc, days_from_civil};
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds after which an unfinished dump is taken for abandoned. Its process was killed, or is so
/// slow that its dump is lost.
const STALE_SECONDS: i64 = 10 * 60;

/// A time as it stands in a name, `YYYYMMDDTHHMMSS.nnnnnnnnnZ`: UTC, 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp {
    /// Since 1970, at most [`Stamp::LAST`]'s.
    pub(super) seconds: i64,
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
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
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
        let number = |from, to| text.get(from..to)?.parse::<u32>().ok().map(i64::from);
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// From `date -u -d @SECONDS`.
    #[test]
    fn times_are_written_in_utc() {
        let cases = [
            (0, "19700101T000000"),
            (68_169_599, "19720228T235959"),
            (68_169_600, "19720229T000000"),
            (94_694_399, "19721231T235959"),
            (946_684_799, "19991231T235959"),
            (946_684_800, "20000101T000000"),
            (951_782_399, "20000228T235959"),
            (951_782_400, "20000229T000000"),
            (951_868_800, "20000301T000000"),
            (978_307_199, "20001231T235959"),
            (1_000_000_000, "20010909T014640"),
            (1_234_567_890, "20090213T233130"),
            (1_709_164_799, "20240228T235959"),
            (1_709_164_800, "20240229T000000"),
            (1_709_251_200, "20240301T000000"),
            (1_735_689_599, "20241231T235959"),
            (1_735_689_600, "20250101T000000"),
            (2_147_483_647, "20380119T031407"),
            (2_147_483_648, "20380119T031408"),
            (4_007_836_799, "20961231T235959"),
            (4_102_444_799, "20991231T235959"),
            (4_102_444_800, "21000101T000000"),
            (4_107_542_399, "21000228T235959"),
            (4_107_542_400, "21000301T000000"),
            (4_294_967_296, "21060207T062816"),
            (13_574_563_200, "24000229T000000"),
            (253_402_300_799, "99991231T235959"),
        ];
        for (seconds, expected) in cases {
            let stamp = Stamp::new(UNIX_EPOCH + Duration::new(seconds, 7));
            let text = format!("{expected}.000000007Z");
            assert_eq!(stamp.to_string(), text);
            assert_eq!(Stamp::parse(&text), Some(stamp));
        }
    }

    #[test]
    fn times_without_a_name_are_clamped() {
        let first = "19700101T000000.000000000Z";
        let last = "99991231T235959.999999999Z";
        let text = |time| Stamp::new(time).to_string();
        assert_eq!(text(UNIX_EPOCH - Duration::from_nanos(1)), first);
        assert_eq!(text(UNIX_EPOCH - Duration::from_secs(1 << 30)), first);
        let end = UNIX_EPOCH + Duration::from_secs(253_402_300_800);
        assert_eq!(text(end), last);
        assert_eq!(text(end + Duration::new(1 << 33, 5)), last);
        assert_eq!(Stamp::LAST.next(), Stamp::LAST);
    }

    #[test]
    fn the_next_nanosecond_may_be_in_the_next_year() {
        let end = UNIX_EPOCH + Duration::new(946_684_799, 999_999_999);
        let next = Stamp::new(end).next().to_string();
        assert_eq!(next, "20000101T000000.000000000Z");
    }
}
