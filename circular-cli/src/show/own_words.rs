//! What a line says of itself that its record says as well: time, level and target, which are shown in columns.
//!
//! Invariant: what is cut off is what the record says, and nothing else.

use circular_core::Record;

/// Returns `text` without the time, the level and the target that it begins with, as those of `RingLayer` and
/// `RingLogger` and of `tracing_subscriber::fmt` do.
pub(crate) fn without<'a>(text: &'a [u8], record: &Record<'_>) -> &'a [u8] {
    let text = without_time(text);
    let text = match record.level() {
        Some(level) => without_word(text, level.as_str()),
        None => text,
    };
    without_target(text, record.target())
}

/// RFC 3339, in UTC or not.
fn without_time(text: &[u8]) -> &[u8] {
    const FORM: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let fits = |(form, byte): (&u8, &u8)| match form {
        b'd' => byte.is_ascii_digit(),
        form => form == byte,
    };
    let is_time = text.len() > FORM.len() && FORM.iter().zip(text).all(fits);
    if !is_time {
        return text;
    }
    let rest = &text[FORM.len()..];
    let end = rest
        .iter()
        .position(|byte| !b".0123456789+-:Z".contains(byte));
    match end.map(|end| rest.split_at(end)) {
        Some((_, after)) if after.starts_with(b" ") => after.trim_ascii_start(),
        _ => text,
    }
}

fn without_word<'a>(text: &'a [u8], word: &str) -> &'a [u8] {
    let Some((begin, rest)) = text.split_at_checked(word.len()) else {
        return text;
    };
    match rest.first() {
        Some(b' ') if begin.eq_ignore_ascii_case(word.as_bytes()) => rest.trim_ascii_start(),
        _ => text,
    }
}

fn without_target<'a>(text: &'a [u8], target: &str) -> &'a [u8] {
    let rest = text.strip_prefix(target.as_bytes());
    match rest.and_then(|rest| rest.strip_prefix(b": ")) {
        Some(rest) if !target.is_empty() => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use circular_core::{Level, Meta, Ring};

    #[test]
    fn what_is_in_columns_is_not_said_twice() {
        let ring = Ring::new(4096).unwrap();
        let meta = Meta::new().level(Level::Warn).target("shop::db");
        for (line, expected) in [
            (
                "2026-11-28T10:15:00.123456Z  WARN shop::db: pool is empty",
                "pool is empty",
            ),
            ("2026-11-28T10:15:00+01:00 WARN shop::db: pool", "pool"),
            ("WARN shop::db: pool", "pool"),
            ("shop::db: pool", "pool"),
            ("pool is empty", "pool is empty"),
            // Another's.
            ("INFO pool", "INFO pool"),
            ("WARNING pool", "WARNING pool"),
            ("shop::dbx: pool", "shop::dbx: pool"),
            ("2026-11-28T10:15:00Zpool", "2026-11-28T10:15:00Zpool"),
            ("2026-11-28T10:15:00Z", "2026-11-28T10:15:00Z"),
        ] {
            ring.record(meta, line.as_bytes()).unwrap();
            let held = ring.handle().snapshot();
            let record = held.records().last().unwrap();
            let shown = without(record.bytes(), &record);
            assert_eq!(shown, expected.as_bytes(), "{line}");
        }
    }
}
