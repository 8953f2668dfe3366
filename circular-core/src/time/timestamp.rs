//! A time as it stands in log lines.
//!
//! Most lines of a thread are of the same second as the one before, so each thread keeps the text of its
//! last second: the date is worked out once a second, and not for each line.

use crate::time::clock::{self, Reading};
use crate::time::utc::Utc;
use std::cell::Cell;
use std::fmt::{self, Write as _};
use std::str;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A time as log lines have it: RFC 3339, in UTC, with microseconds.
///
/// It is the text that `tracing_subscriber::fmt` writes, for any time that the system can tell: the years
/// from 0 to 9999 have four digits, others a sign.
///
/// ```
/// use circular_core::Timestamp;
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let time = Timestamp::new(UNIX_EPOCH + Duration::new(1_795_475_112, 123_456_789));
/// assert_eq!(time.to_string(), "2026-11-23T23:05:12.123456Z");
/// assert_eq!(format!("{time:.9}"), "2026-11-23T23:05:12.123456789Z");
/// assert_eq!(format!("{time:.0}"), "2026-11-23T23:05:12Z");
/// ```
///
/// An earlier time is less than a later one. Between this and a [`SystemTime`], `From` goes both ways and loses
/// nothing:
///
/// ```
/// use circular_core::Timestamp;
/// use std::time::{SystemTime, UNIX_EPOCH};
///
/// let time = SystemTime::now();
/// let as_written = Timestamp::from(time);
/// assert_eq!(SystemTime::from(as_written), time);
/// assert!(as_written > Timestamp::from(UNIX_EPOCH));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    // Compared in this order.
    /// Since 1970, rounded down.
    second: i64,
    /// Below 1,000,000,000.
    nanos: u32,
}

impl Timestamp {
    /// Returns `time` as it is written.
    pub fn new(time: SystemTime) -> Self {
        Self::from_reading(clock::reading(time))
    }

    /// Returns the system's time, to the nanosecond.
    pub fn now() -> Self {
        Self::from_reading(clock::exact())
    }

    fn from_reading(Reading { second, nanos }: Reading) -> Self {
        Self { second, nanos }
    }

    /// Since 1970, clamped to what a `u64` holds.
    pub(crate) fn since_1970(self) -> u64 {
        let Self { second, nanos } = self;
        Reading { second, nanos }.since_1970()
    }

    /// Appends the text. Nothing is allocated, if `text` has room.
    pub fn push_to(self, text: &mut String) {
        self.with_text(|time| text.push_str(time));
    }

    #[inline(always)]
    fn with_text<R>(self, work: impl FnOnce(&str) -> R) -> R {
        let mut line = SECOND.try_with(Cell::get).unwrap_or(SecondText::NONE);
        if line.second != self.second || line.len == 0 {
            line = SecondText::new(self.second);
            // A thread that is past its variables' end works it out each time.
            let _ = SECOND.try_with(|kept| kept.set(line));
        }
        let micros = self.nanos / 1000;
        let digit = |unit: u32| b'0' + (micros / unit % 10) as u8;
        let rest = [
            digit(100_000),
            digit(10_000),
            digit(1000),
            digit(100),
            digit(10),
            digit(1),
            b'Z',
        ];
        let end = line.len + rest.len();
        line.text[line.len..end].copy_from_slice(&rest);
        // Never fails: it is ASCII. The check takes a few nanoseconds.
        work(str::from_utf8(&line.text[..end]).unwrap_or_default())
    }
}

impl From<SystemTime> for Timestamp {
    /// As [`Timestamp::new`].
    fn from(time: SystemTime) -> Self {
        Self::new(time)
    }
}

impl From<Timestamp> for SystemTime {
    /// The same time, to the nanosecond. It never fails, as each [`Timestamp`] was a [`SystemTime`] or was read from the
    /// system's clock, so this system can tell it.
    fn from(time: Timestamp) -> Self {
        let whole = Duration::from_secs(time.second.unsigned_abs());
        let second = if time.second < 0 {
            UNIX_EPOCH.checked_sub(whole)
        } else {
            UNIX_EPOCH.checked_add(whole)
        };
        let nanos = Duration::from_nanos(time.nanos.into());
        let time = second.and_then(|second| second.checked_add(nanos));
        // Not for a time that there is; and no panic for one that there is not.
        time.unwrap_or(UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    /// With so many digits of the second as the precision says, 9 at most; 6 by default.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|time| {
            let Some(precision) = f.precision() else {
                return f.write_str(time);
            };
            // Without the dot, the microseconds and the Z.
            let whole = &time[..time.len().saturating_sub(8)];
            let nanos = format_args!("{:09}", self.nanos).to_string();
            match &nanos[..precision.min(9)] {
                "" => write!(f, "{whole}Z"),
                digits => write!(f, "{whole}.{digits}Z"),
            }
        })
    }
}

thread_local! {
    static SECOND: Cell<SecondText> = const { Cell::new(SecondText::NONE) };
}

/// The text of one second, with its dot, and room for the rest.
#[derive(Clone, Copy)]
struct SecondText {
    second: i64,
    text: [u8; Self::LONGEST],
    len: usize,
}

impl SecondText {
    /// The year has up to twelve digits and a sign: an `i64` of seconds.
    const LONGEST: usize = 40;

    const NONE: Self = Self {
        second: 0,
        text: [0; Self::LONGEST],
        len: 0,
    };

    fn new(second: i64) -> Self {
        let mut line = Self {
            second,
            ..Self::NONE
        };
        // Never fails: it has room for every year that there is.
        let _ = line.write(Utc::from_seconds(second));
        line
    }

    fn write(&mut self, time: Utc) -> fmt::Result {
        match time.year {
            ..0 => write!(self, "{:05}", time.year)?,
            0..10_000 => write!(self, "{:04}", time.year)?,
            10_000.. => write!(self, "+{}", time.year)?,
        }
        let Utc {
            month,
            day,
            hour,
            minute,
            second,
            ..
        } = time;
        write!(
            self,
            "-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}."
        )
    }
}

impl fmt::Write for SecondText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        let place = self.text.get_mut(self.len..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// As the system tells it: for times before 1970, how long before.
    fn before_1970(seconds: u64, nanos: u32) -> SystemTime {
        UNIX_EPOCH - Duration::new(seconds, nanos)
    }

    fn since_1970(seconds: u64, nanos: u32) -> SystemTime {
        UNIX_EPOCH + Duration::new(seconds, nanos)
    }

    /// From `date -u -d @SECONDS`, and for years that it does not tell, from the calendar's repeating
    /// every 400 years, which are 12,622,780,800 seconds.
    #[test]
    fn times_are_rfc_3339_in_utc() {
        let cases = [
            (0, 0, "1970-01-01T00:00:00.000000Z"),
            (0, 999, "1970-01-01T00:00:00.000000Z"),
            (951_782_399, 999_999_999, "2000-02-28T23:59:59.999999Z"),
            (951_782_400, 1000, "2000-02-29T00:00:00.000001Z"),
            (1_795_475_112, 123_456_789, "2026-11-23T23:05:12.123456Z"),
            (-1, 0, "1969-12-31T23:59:59.000000Z"),
            (-1, 500_000_000, "1969-12-31T23:59:59.500000Z"),
            (-2_208_988_800, 0, "1900-01-01T00:00:00.000000Z"),
            (-62_167_219_200, 0, "0000-01-01T00:00:00.000000Z"),
            (-62_167_219_201, 0, "-0001-12-31T23:59:59.000000Z"),
            (253_402_300_799, 0, "9999-12-31T23:59:59.000000Z"),
            (253_402_300_800, 0, "+10000-01-01T00:00:00.000000Z"),
        ];
        for (second, nanos, expected) in cases {
            let whole = Duration::from_secs(i64::unsigned_abs(second));
            let time = if second < 0 {
                UNIX_EPOCH - whole
            } else {
                UNIX_EPOCH + whole
            };
            let time = time + Duration::from_nanos(nanos);
            assert_eq!(Timestamp::new(time).to_string(), expected);
        }
    }

    #[test]
    fn every_time_of_a_64_bit_clock_has_a_text() {
        for (second, year) in [
            (i64::MAX, "+292277026596-"),
            (i64::MIN + 1, "-292277022657-"),
        ] {
            let time = Timestamp {
                second,
                nanos: 999_999_999,
            }
            .to_string();
            assert!(
                time.starts_with(year) && time.ends_with(".999999Z"),
                "{time}"
            );
        }
    }

    #[test]
    fn each_thread_and_each_second_has_its_own() {
        let text = |second| {
            Timestamp {
                second,
                nanos: 1000,
            }
            .to_string()
        };
        let first = text(1_000_000_000);
        assert_eq!(first, "2001-09-09T01:46:40.000001Z");
        assert_eq!(text(1_000_000_001), "2001-09-09T01:46:41.000001Z");
        assert_eq!(text(1_000_000_000), first);
        let other = std::thread::spawn(move || text(1_000_000_000));
        assert_eq!(other.join().unwrap(), first);
    }

    /// Each with its second, rounded down, and what is beyond that. On Windows the clock's step is 100 ns.
    #[test]
    fn it_is_made_of_a_systems_time_and_one_is_made_of_it() {
        let cases = [
            (since_1970(0, 0), 0, 0),
            (since_1970(0, 900), 0, 900),
            (
                since_1970(1_795_475_112, 123_456_700),
                1_795_475_112,
                123_456_700,
            ),
            (before_1970(0, 100), -1, 999_999_900),
            (before_1970(1, 0), -1, 0),
            (before_1970(1, 250_000_000), -2, 750_000_000),
            (before_1970(2_208_988_800, 0), -2_208_988_800, 0),
        ];
        for (time, second, nanos) in cases {
            let as_written = Timestamp::from(time);
            assert_eq!(as_written, Timestamp { second, nanos });
            assert_eq!(SystemTime::from(as_written), time);
        }
    }

    /// As far as the system's own time goes there.
    #[cfg(all(unix, target_pointer_width = "64"))]
    #[test]
    fn the_first_and_the_last_time_are_themselves() {
        let last = since_1970(i64::MAX.unsigned_abs(), 999_999_999);
        let first = before_1970(i64::MIN.unsigned_abs(), 0);
        for time in [first, first + Duration::from_nanos(1), last] {
            assert_eq!(SystemTime::from(Timestamp::from(time)), time);
        }
    }

    #[test]
    fn what_is_earlier_is_less() {
        let sorted = [
            before_1970(2, 0),
            before_1970(1, 999_999_900),
            before_1970(1, 0),
            before_1970(0, 100),
            since_1970(0, 0),
            since_1970(0, 999_999_900),
            since_1970(1, 0),
        ]
        .map(Timestamp::from);
        let mut mixed = [5, 1, 6, 0, 3, 2, 4].map(|index: usize| sorted[index]);
        mixed.sort();
        assert_eq!(mixed, sorted);
        let twice = sorted.iter().chain(&sorted);
        assert_eq!(twice.collect::<HashSet<_>>().len(), 7);
    }
}
