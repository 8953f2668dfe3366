//! Times that people type: how long ago, or when, in the zone that times are shown in.

use std::time::{Duration, SystemTime};

use jiff::civil::{Date, DateTime, Time};
use jiff::{Timestamp, ToSpan, ZonedDateTime};

use crate::failure::Failure;
use crate::show::zone::Zone;

/// Returns the time that `text`, which was given with `flag`, means at `now`.
///
/// # Errors
///
/// It means none.
pub(crate) fn parse(
    flag: &str,
    text: &str,
    zone: &Zone,
    now: SystemTime,
) -> Result<SystemTime, Failure> {
    let text = text.trim();
    let time = relative(text, now).or_else(|| absolute(text, &zone.at(now))?.try_into().ok());
    time.ok_or_else(|| {
        Failure::usage(
            format!(
                "{flag} {text:?} is no time; it can be 5m, 1h30m, -5min, '5 min ago', today, yesterday, 10:15, \
                 '2026-11-28 10:15:00', 2026-11-28T10:15:00Z or @1764320000"
            ),
            format!("{flag} 5m"),
        )
    })
}

/// So long before now, or after it with a plus: `5m`, `1h30m`, `-5min`, `5 min ago`.
fn relative(text: &str, now: SystemTime) -> Option<SystemTime> {
    if text == "now" {
        return Some(now);
    }
    let (is_later, text) = match text.strip_prefix('+') {
        Some(text) => (true, text),
        None => (false, text.strip_prefix('-').unwrap_or(text)),
    };
    let text = text.strip_suffix("ago").unwrap_or(text);
    let text: String = text.split_whitespace().collect();
    let then = circular_view::parse_time(&text, now).ok()?;
    // A point in time is none, and is read with its zone.
    if !text.starts_with(|c: char| c.is_ascii_digit()) || text.contains(':') {
        return None;
    }
    if is_later {
        now.checked_add(now.duration_since(then).ok()?)
    } else {
        Some(then)
    }
}

fn absolute(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    if let Some(seconds) = text.strip_prefix('@') {
        let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 9 {
            return None;
        }
        let nanos: i32 = format!("{fraction:0<9}").parse().ok()?;
        return Timestamp::new(whole.parse().ok()?, nanos).ok();
    }
    let day = now.date();
    let here = |time: DateTime| {
        let zoned = time.to_zoned_datetime(now.time_zone().clone()).ok()?;
        Some(zoned.timestamp())
    };
    let midnight = |day: Date| here(day.to_datetime(Time::midnight()));
    match text {
        "today" => return midnight(day),
        "yesterday" => return midnight(day.checked_sub(1.day()).ok()?),
        "tomorrow" => return midnight(day.checked_add(1.day()).ok()?),
        _ => {}
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp);
    }
    let is_time_alone =
        text.as_bytes().get(2) == Some(&b':') || text.as_bytes().get(1) == Some(&b':');
    if is_time_alone {
        let padded = if text.as_bytes().get(1) == Some(&b':') {
            format!("0{text}")
        } else {
            String::from(text)
        };
        return here(day.to_datetime(padded.parse().ok()?));
    }
    here(text.parse::<DateTime>().ok()?)
}

/// Returns how long ago `then` was, roughly: `4 min ago`.
pub(crate) fn ago(then: SystemTime, now: SystemTime) -> String {
    match now.duration_since(then) {
        Ok(age) => format!("{} ago", roughly(age)),
        Err(_) => String::from("just now"),
    }
}

/// Returns a duration by its largest unit.
pub(crate) fn roughly(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{ColorChoice, Look};

    fn zone(name: &str) -> Zone {
        Zone::of(&Look {
            color: ColorChoice::Auto,
            utc: name == "UTC",
            time_zone: Some(String::from(name)),
            quiet: false,
        })
        .unwrap()
    }

    #[test]
    fn all_that_journalctl_knows_and_rfc_3339() {
        let at = |text: &str| SystemTime::try_from(text.parse::<Timestamp>().ok()?).ok();
        let now = at("2026-11-28T12:00:00Z").unwrap();
        for (text, expected) in [
            ("5m", at("2026-11-28T11:55:00Z")),
            ("1h30m", at("2026-11-28T10:30:00Z")),
            ("2d", at("2026-11-26T12:00:00Z")),
            ("-5min", at("2026-11-28T11:55:00Z")),
            ("5 min ago", at("2026-11-28T11:55:00Z")),
            ("1 hour ago", at("2026-11-28T11:00:00Z")),
            ("+1h", at("2026-11-28T13:00:00Z")),
            ("now", at("2026-11-28T12:00:00Z")),
            ("today", at("2026-11-28T00:00:00Z")),
            ("yesterday", at("2026-11-27T00:00:00Z")),
            ("10:15", at("2026-11-28T10:15:00Z")),
            ("9:05", at("2026-11-28T09:05:00Z")),
            ("10:15:30.5", at("2026-11-28T10:15:30.5Z")),
            ("2026-11-27", at("2026-11-27T00:00:00Z")),
            ("2026-11-28 10:15:00", at("2026-11-28T10:15:00Z")),
            ("2026-11-28 10:15", at("2026-11-28T10:15:00Z")),
            ("2026-11-28T10:15:00", at("2026-11-28T10:15:00Z")),
            ("2026-11-28T10:15:00+01:00", at("2026-11-28T09:15:00Z")),
            ("@1764320000", at("2025-11-28T08:53:20Z")),
            ("@1764320000.25", at("2025-11-28T08:53:20.25Z")),
            ("soon", None),
            ("", None),
            ("@", None),
            ("5", None),
            ("25:00", None),
            ("2026-13-01", None),
        ] {
            let parsed = parse("--since", text, &zone("UTC"), now).ok();
            assert_eq!(parsed, expected, "{text}");
        }
    }

    #[test]
    fn what_names_no_zone_is_in_the_one_that_is_shown() {
        let at = |text: &str| SystemTime::try_from(text.parse::<Timestamp>().unwrap()).unwrap();
        let now = at("2026-11-27T23:30:00Z");
        let zone = zone("Europe/Berlin");
        for (text, expected) in [
            ("today", "2026-11-27T23:00:00Z"),
            ("10:15", "2026-11-28T09:15:00Z"),
            ("2026-07-01 10:15:00", "2026-07-01T08:15:00Z"),
            ("2026-07-01 10:15:00Z", "2026-07-01T10:15:00Z"),
        ] {
            let parsed = parse("--since", text, &zone, now).unwrap();
            assert_eq!(parsed, at(expected), "{text}");
        }
    }
}
