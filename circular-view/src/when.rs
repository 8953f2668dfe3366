//! Points in time as people type them.

use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};

/// Reads a time: RFC 3339 (`2026-11-25T14:00:00Z`, with any offset), or how long before `now` (`5m`, `1h 30m`, `2days`).
///
/// A time before 1970 by "so long ago" is the beginning of 1970. Before an offset a blank stands for a plus, which
/// is what becomes of it in the query of an URL.
///
/// # Errors
///
/// What is neither of the two is a [`ParseTimeError`].
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use circular_view::parse_time;
///
/// let now = SystemTime::now();
/// assert_eq!(parse_time("1h30m", now)?, now - Duration::from_secs(5400));
/// assert_eq!(
///     parse_time("2026-11-25T15:00:00+01:00", now)?,
///     parse_time("2026-11-25T14:00:00Z", now)?
/// );
/// assert!(parse_time("soon", now).is_err());
/// # Ok::<(), circular_view::ParseTimeError>(())
/// ```
pub fn parse_time(text: &str, now: SystemTime) -> Result<SystemTime, ParseTimeError> {
    parse(text, now).ok_or(ParseTimeError)
}

/// The text is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseTimeError;

impl fmt::Display for ParseTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not a time: use one such as 2026-11-25T14:00:00Z, or how long ago, such as 5m or 1h30m",
        )
    }
}

impl Error for ParseTimeError {}

fn parse(text: &str, now: SystemTime) -> Option<SystemTime> {
    if let Ok(ago) = humantime::parse_duration(text) {
        let oldest = SystemTime::UNIX_EPOCH;
        return Some(now.checked_sub(ago).map_or(oldest, |time| time.max(oldest)));
    }
    let text = text.to_ascii_uppercase();
    let (date, offset) = match text.strip_suffix('Z') {
        Some(date) => (date, Some((false, Duration::ZERO))),
        None => {
            let (date, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
            (date, parse_offset(offset))
        }
    };
    let (is_behind, offset) = offset?;
    let time = humantime::parse_rfc3339(&format!("{date}Z")).ok()?;
    if is_behind {
        time.checked_add(offset)
    } else {
        time.checked_sub(offset)
    }
}

/// `+01:00`: whether the clock there is behind UTC, and by how much. A plus that was not escaped in a
/// query is a blank here.
fn parse_offset(text: &str) -> Option<(bool, Duration)> {
    let is_behind = match text.as_bytes().first()? {
        b'+' | b' ' => false,
        b'-' => true,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let two_digits = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u64>().ok()).flatten()
    };
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let fits = hours < 24 && minutes < 60;
    fits.then(|| (is_behind, Duration::from_secs(hours * 3600 + minutes * 60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_how_long_ago() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let now = at(1_795_615_200).unwrap();
        for (text, expected) in [
            ("2026-11-25T14:00:00Z", at(1_795_615_200)),
            ("2026-11-25t14:00:00z", at(1_795_615_200)),
            ("2026-11-25T15:00:00+01:00", at(1_795_615_200)),
            ("2026-11-25T15:00:00 01:00", at(1_795_615_200)),
            ("2026-11-25T08:30:00-05:30", at(1_795_615_200)),
            ("5m", at(1_795_614_900)),
            ("1h 30m", at(1_795_609_800)),
            ("0s", at(1_795_615_200)),
            ("1000years", at(0)),
            ("2026-11-25T14:00:00", None),
            ("2026-11-25T14:00:00+25:00", None),
            ("2026-11-25T14:00:00+1:00", None),
            ("2026-11-25T14:00:00+0a:00", None),
            ("2026-11-25", None),
            ("5", None),
            ("-5m", None),
            ("soon", None),
            ("", None),
            ("ééé", None),
        ] {
            assert_eq!(parse_time(text, now).ok(), expected, "{text}");
        }
        let half = parse_time("2026-11-25T14:00:00.5Z", now).unwrap();
        assert_eq!(
            half.duration_since(now).unwrap(),
            Duration::from_millis(500)
        );
    }

    #[test]
    fn what_is_not_understood_says_what_would_be() {
        let error = parse_time("soon", SystemTime::UNIX_EPOCH).unwrap_err();
        assert!(error.to_string().contains("5m or 1h30m"), "{error}");
    }
}
