//! The time zone that times are shown in and read in, and how one looks.

use std::time::SystemTime;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

use crate::args::Look;
use crate::failure::Failure;

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
            Some(name) => TimeZone::get(name).map_err(|error| {
                Failure::usage(
                    format!("there is no time zone {name:?} on this machine: {error}"),
                    "timedatectl list-timezones, or --utc",
                )
            })?,
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
