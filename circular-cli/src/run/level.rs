//! The level of a line that plainly says so.
//!
//! Invariant: a line that does not has none. What is guessed wrong hides lines from whoever filters, so a word in a sentence does
//! not count: a level stands in a logger's place for it.
//!
//! | form | as in |
//! |---|---|
//! | a word in capitals, alone or in brackets, at the beginning or behind what a logger has there: a time, a host, a thread in brackets | `2026-11-28 10:15:00 ERROR shop: …`, `[WARN] …`, `INFO:root:…`, `[W] …` |
//! | a field of logfmt | `time=… level=warn msg=…` |
//! | a field of JSON | `{"level":"info",…}`, `"severity": "ERROR"` |

use std::borrow::Cow;

use circular_core::Level;

/// How much of a line is looked at.
const LOOKED_AT: usize = 512;
/// A logger has time, host, program and process before the level at most.
const WORDS: usize = 6;
/// So many of them are plain words, behind a time.
const NAMES: usize = 2;

const FIELDS: [&[u8]; 3] = [b"level", b"lvl", b"severity"];

/// Returns the level that a line says it has.
pub(crate) fn of(line: &[u8]) -> Option<Level> {
    let line = line.get(..LOOKED_AT).unwrap_or(line);
    let line = without_colors(line);
    if line.trim_ascii_start().starts_with(b"{") {
        return in_json(&line);
    }
    in_logfmt(&line).or_else(|| in_words(&line))
}

fn in_words(line: &[u8]) -> Option<Level> {
    let words = line.split(|&byte| is_between(byte));
    let words = words.filter(|word| !word.is_empty()).take(WORDS);
    let (mut has_time, mut names) = (false, 0);
    for word in words {
        if let Some(level) = in_word(word) {
            return Some(level);
        }
        has_time |= word.contains(&b':') && word.iter().any(u8::is_ascii_digit);
        if word.iter().all(u8::is_ascii_alphabetic) && !is_month(word) {
            // A sentence begins with words; behind a time there may be a host's name, and a program's.
            names += 1;
            if !has_time || names > NAMES {
                return None;
            }
        }
    }
    None
}

fn in_word(word: &[u8]) -> Option<Level> {
    // In brackets, a letter is enough.
    if let [b'[', letter, b']'] | [b'[', letter, b']', b':'] = word {
        return by_letter(*letter);
    }
    let word = word.strip_prefix(b"[").unwrap_or(word);
    let word = word.strip_prefix(b"<").unwrap_or(word);
    // `INFO:root:` is Python's, `ERROR]` and `WARN>` are others'.
    let end = word.iter().position(|byte| b":]>,".contains(byte));
    let word = &word[..end.unwrap_or(word.len())];
    let is_plain = word.iter().all(u8::is_ascii_uppercase);
    is_plain.then(|| by_name(word)).flatten()
}

/// As syslog's times begin.
fn is_month(word: &[u8]) -> bool {
    const MONTHS: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    MONTHS.contains(&word)
}

/// The line without its colours, which a terminal's has around a level, as a rule.
fn without_colors(line: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(0x1b, line).is_none() {
        return Cow::Borrowed(line);
    }
    let (mut plain, mut rest) = (Vec::with_capacity(line.len()), line);
    while let Some(at) = memchr::memmem::find(rest, b"\x1b[") {
        let parameters = &rest[at + 2..];
        let length = parameters
            .iter()
            .take_while(|byte| b"0123456789;:".contains(byte))
            .count();
        plain.extend_from_slice(&rest[..at]);
        rest = match parameters.get(length) {
            Some(b'm') => &parameters[length + 1..],
            _ => parameters,
        };
    }
    plain.extend_from_slice(rest);
    Cow::Owned(plain)
}

/// Blanks, and what stands between columns.
fn is_between(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'|' | b'\r' | b'\n')
}

fn in_logfmt(line: &[u8]) -> Option<Level> {
    memchr::memchr_iter(b'=', line).find_map(|at| {
        let (before, value) = (&line[..at], &line[at + 1..]);
        let begin = before
            .iter()
            .rposition(|&byte| is_between(byte))
            .map_or(0, |at| at + 1);
        let key = &before[begin..];
        if !FIELDS.iter().any(|field| key.eq_ignore_ascii_case(field)) {
            return None;
        }
        let end = value.iter().position(|&byte| is_between(byte));
        by_name(without_quotes(&value[..end.unwrap_or(value.len())]))
    })
}

fn without_quotes(value: &[u8]) -> &[u8] {
    let value = value.strip_prefix(b"\"").unwrap_or(value);
    value.strip_suffix(b"\"").unwrap_or(value)
}

fn in_json(line: &[u8]) -> Option<Level> {
    FIELDS.iter().find_map(|field| {
        let quoted = [b"\"", *field, b"\""].concat();
        let at = line
            .windows(quoted.len())
            .position(|window| window == quoted)?;
        let rest = line[at + quoted.len()..]
            .trim_ascii_start()
            .strip_prefix(b":")?;
        let value = rest.trim_ascii_start().strip_prefix(b"\"")?;
        let end = value.iter().position(|&byte| byte == b'"')?;
        by_name(&value[..end])
    })
}

fn by_letter(letter: u8) -> Option<Level> {
    Some(match letter {
        b'E' | b'F' | b'C' => Level::Error,
        b'W' => Level::Warn,
        b'I' | b'N' => Level::Info,
        b'D' => Level::Debug,
        b'T' => Level::Trace,
        _ => return None,
    })
}

fn by_name(name: &[u8]) -> Option<Level> {
    const KNOWN: [(&str, Level); 17] = [
        ("error", Level::Error),
        ("err", Level::Error),
        ("fatal", Level::Error),
        ("critical", Level::Error),
        ("crit", Level::Error),
        ("alert", Level::Error),
        ("emerg", Level::Error),
        ("panic", Level::Error),
        ("severe", Level::Error),
        ("warn", Level::Warn),
        ("warning", Level::Warn),
        ("info", Level::Info),
        ("notice", Level::Info),
        ("debug", Level::Debug),
        ("dbg", Level::Debug),
        ("verbose", Level::Debug),
        ("trace", Level::Trace),
    ];
    let known = KNOWN
        .iter()
        .find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
    known.map(|(_, level)| *level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_plainly_said_counts() {
        use Level::{Debug, Error, Info, Trace, Warn};
        for (line, expected) in [
            ("ERROR no such table", Some(Error)),
            (
                "2026-11-28T10:15:00Z  WARN shop::db: pool is empty",
                Some(Warn),
            ),
            (
                "2026-11-28 10:15:00,123 [main] INFO com.example.Shop - open",
                Some(Info),
            ),
            ("INFO:root:started", Some(Info)),
            ("WARNING:root:low", Some(Warn)),
            ("[W] low", Some(Warn)),
            ("10:15:00 [E] broken", Some(Error)),
            ("[DEBUG] 12", Some(Debug)),
            ("<CRITICAL> out of paper", Some(Error)),
            ("TRACE | x", Some(Trace)),
            (
                "time=2026-11-28T10:15:00Z level=warn msg=\"low\"",
                Some(Warn),
            ),
            ("ts=1 lvl=\"error\" msg=x", Some(Error)),
            (r#"{"level":"info","msg":"open"}"#, Some(Info)),
            (r#"{"time":1, "severity" : "ERROR"}"#, Some(Error)),
            (
                "Nov 28 10:15:00 web-1 shop[4711]: ERROR no such table",
                Some(Error),
            ),
            ("10:15:00.123 main shop WARN low", Some(Warn)),
            (
                "\u{1b}[2m10:15:00\u{1b}[0m \u{1b}[32m INFO\u{1b}[0m open",
                Some(Info),
            ),
            ("\u{1b}[1;31mERROR\u{1b}[0m: broken", Some(Error)),
            ("\u{1b}[31mlevel\u{1b}[0m=warn", Some(Warn)),
            ("[E]: broken", Some(Error)),
            // Words in a sentence, other words, other fields.
            ("[E]xit the menu", None),
            ("I saw an ERROR", None),
            ("10:15:00 nobody saw any ERROR", None),
            ("\u{1b}[2JERROR", None),
            ("no ERRORS were found", None),
            ("an error occurred", None),
            ("error: could not compile", None),
            ("Information: none", None),
            ("1. 2. 3. 4. 5. 6. ERROR", None),
            ("loglevel=warn", None),
            ("level=high", None),
            (r#"{"msg":"level is \"info\""}"#, None),
            (r#"{"level":30,"msg":"pino"}"#, None),
            ("[X] marks", None),
            ("E broken", None),
            ("", None),
            ("[", None),
            ("\u{1b}[31m", None),
        ] {
            assert_eq!(of(line.as_bytes()), expected, "{line}");
        }
    }
}
