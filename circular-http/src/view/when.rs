//! Points in time as people type them.

use std::time::{Duration, SystemTime};

/// Reads RFC 3339 (`2026-11-25T14:00:00Z`, with any offset), or how long ago (`5m`, `1h 30m`).
pub(crate) fn parse(text: &str, now: SystemTime) -> Option<SystemTime> {
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

/// `+01:00`: whether the clock there is behind UTC, and by how much. A plus that was not escaped in the
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
            assert_eq!(parse(text, now), expected, "{text}");
        }
        let half = parse("2026-11-25T14:00:00.5Z", now).unwrap();
        assert_eq!(
            half.duration_since(now).unwrap(),
            Duration::from_millis(500)
        );
    }
}
