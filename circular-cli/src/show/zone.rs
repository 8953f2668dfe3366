//! The time zone that times are shown in and read in, and how one looks.

use std::time::SystemTime;

use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ZonedDateTime};

use crate::args::Look;
use crate::failure::Failure;

/// So far from UTC: `+05:30`, `-0800`, `+2`.
fn offset(text: &str) -> Option<Offset> {
    let is_west = text.starts_with('-');
    let digits = text.strip_prefix(['+', '-'])?;
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let number = |text: &str| {
        let is_one =
            (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_one.then(|| text.parse::<i32>().ok()).flatten()
    };
    let (hours, minutes) = (
        number(hours)?,
        number(minutes).filter(|&minutes| minutes < 60)?,
    );
    let seconds = hours * 3600 + minutes * 60;
    Offset::from_seconds(if is_west { -seconds } else { seconds }).ok()
}

/// A zone, which remembers how the last second looked: most records are of the same as the one before.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    zone: TimeZone,
    second: i64,
    text: String,
}

impl Zone {
    /// The one that is asked for; else the local one, by `TZ` or the system's setting.
    ///
    /// # Errors
    ///
    /// There is none of that name.
    pub(crate) fn of(look: &Look) -> Result<Self, Failure> {
        let zone = match &look.time_zone {
            _ if look.utc => TimeZone::UTC,
            None => TimeZone::system(),
            Some(name) => match offset(name) {
                Some(offset) => TimeZone::fixed(offset),
                None => TimeZone::get(name).map_err(|error| {
                    Failure::usage(
                        format!("there is no time zone {name:?} on this machine: {error}"),
                        "timedatectl list-timezones",
                    )
                })?,
            },
        };
        Ok(Self {
            zone,
            second: i64::MIN,
            text: String::new(),
        })
    }

    /// Returns that time here.
    pub(crate) fn at(&self, time: SystemTime) -> ZonedDateTime {
        let timestamp = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
        timestamp.to_zoned_datetime(self.zone.clone())
    }

    /// Appends a time as `2026-11-28 10:15:00.123`.
    pub(crate) fn push(&mut self, time: SystemTime, out: &mut Vec<u8>) {
        let timestamp = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
        let (second, nanos) = (
            timestamp.as_second(),
            timestamp.subsec_nanosecond().unsigned_abs(),
        );
        if second != self.second {
            let zoned = timestamp.to_zoned_datetime(self.zone.clone());
            self.text = zoned.strftime("%Y-%m-%d %H:%M:%S").to_string();
            self.second = second;
        }
        out.extend_from_slice(self.text.as_bytes());
        out.extend_from_slice(format!(".{:03}", nanos / 1_000_000).as_bytes());
    }

    /// Returns a time as [`push`](Self::push) has it.
    pub(crate) fn text(&mut self, time: SystemTime) -> String {
        let mut text = Vec::new();
        self.push(time, &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_without_a_name() {
        for (text, seconds) in [
            ("+05:30", Some(19_800)),
            ("-08:00", Some(-28_800)),
            ("+0530", Some(19_800)),
            ("+2", Some(7_200)),
            ("-3:30", Some(-12_600)),
            ("+00:00", Some(0)),
            ("05:30", None),
            ("+5:60", None),
            ("+99", None),
            ("+", None),
            ("+a", None),
            ("Europe/Berlin", None),
        ] {
            let offset = offset(text).map(Offset::seconds);
            assert_eq!(offset, seconds, "{text}");
        }
    }
}
