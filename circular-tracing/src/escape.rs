//! Text that came from the program, as it may stand in a line.
//!
//! Most of it is plain and is copied as it is; what is plain is found out for eight bytes at once.

use std::fmt::{self, Write as _};

/// In each byte of a word.
const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Whether no byte of the word is a control character or beyond ASCII. (May say no when all is well.)
fn is_printable(word: u64) -> bool {
    // A byte below a space borrows from its own high bit, one above `~` carries into it.
    let below = word.wrapping_sub(each(b' '));
    let above = word.wrapping_add(each(1));
    (word | below | above) & each(0x80) == 0
}

/// Whether no byte of the word is `byte`. (May say no when all is well.)
fn is_without(word: u64, byte: u8) -> bool {
    let zero_there = word ^ each(byte);
    zero_there.wrapping_sub(each(1)) & !zero_there & each(0x80) == 0
}

/// Whether `is_plain` says so for all of the text, eight bytes at a time.
fn all(text: &str, is_plain: impl Fn(u64) -> bool) -> bool {
    let bytes = text.as_bytes();
    let Some(last) = bytes.last_chunk::<8>() else {
        let mut only = [b' '; 8];
        only.iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = *from);
        return is_plain(u64::from_ne_bytes(only));
    };
    // The last eight may be looked at twice.
    bytes
        .chunks_exact(8)
        .chain([&last[..]])
        .all(|chunk| is_plain(u64::from_ne_bytes(chunk.try_into().unwrap_or_default())))
}

/// Whether `Debug` and JSON write the text as it is, between quotes.
fn is_plain_when_quoted(text: &str) -> bool {
    all(text, |word| {
        is_printable(word) && is_without(word, b'"') && is_without(word, b'\\')
    })
}

fn push_quoted(text: &mut String, plain: &str) {
    text.reserve(plain.len() + 2);
    text.push('"');
    text.push_str(plain);
    text.push('"');
}

/// Writes on into a text, and makes of what a terminal would obey something that it shows, the way
/// `fmt` does since 0.3.20.
pub(crate) struct ForTerminal<'a>(pub(crate) &'a mut String);

impl fmt::Write for ForTerminal<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if all(text, is_printable) {
            self.0.push_str(text);
            return Ok(());
        }
        text.chars().try_for_each(|c| match c {
            // Others, a newline and a tab among them, move the cursor at most.
            '\x07' | '\x08' | '\x0c' | '\x1b' | '\x7f' => write!(self.0, "\\x{:02x}", c as u32),
            '\u{80}'..='\u{9f}' => write!(self.0, "\\u{{{:x}}}", c as u32),
            _ => self.0.write_char(c),
        })
    }
}

/// Appends `value` as its `Debug` writes it.
pub(crate) fn push_debug(text: &mut String, value: &str) {
    if is_plain_when_quoted(value) {
        push_quoted(text, value);
    } else {
        // Writing to a string does not fail, and neither does a string's own `Debug`.
        let _ = write!(text, "{value:?}");
    }
}

/// Appends `value` as a JSON string.
pub(crate) fn push_json(text: &mut String, value: &str) {
    if is_plain_when_quoted(value) {
        return push_quoted(text, value);
    }
    text.push('"');
    // Writing to a string does not fail.
    let _ = InJson(text).write_str(value);
    text.push('"');
}

/// Writes on into a JSON string, between its quotes. (RFC 8259, section 7.)
pub(crate) struct InJson<'a>(pub(crate) &'a mut String);

impl fmt::Write for InJson<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if is_plain_when_quoted(text) {
            self.0.push_str(text);
            return Ok(());
        }
        let mut rest = text;
        while let Some(place) = rest.bytes().position(is_special_in_json) {
            let (plain, special) = rest.split_at(place);
            self.0.push_str(plain);
            match special.as_bytes()[0] {
                b'"' => self.0.push_str("\\\""),
                b'\\' => self.0.push_str("\\\\"),
                b'\n' => self.0.push_str("\\n"),
                b'\r' => self.0.push_str("\\r"),
                b'\t' => self.0.push_str("\\t"),
                0x08 => self.0.push_str("\\b"),
                0x0c => self.0.push_str("\\f"),
                byte => write!(self.0, "\\u{byte:04x}")?,
            }
            // It is ASCII, so the next character begins one byte on.
            rest = &special[1..];
        }
        self.0.push_str(rest);
        Ok(())
    }
}

fn is_special_in_json(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        let shown = |text: &str| {
            let mut shown = String::new();
            ForTerminal(&mut shown).write_str(text).unwrap();
            shown
        };
        assert_eq!(shown("plain"), "plain");
        assert_eq!(
            shown("\x1b[31m\x07\x08\x0c\x7f"),
            r"\x1b[31m\x07\x08\x0c\x7f"
        );
        assert_eq!(
            shown("\u{80}\u{9b}\u{9f}\u{a0}"),
            "\\u{80}\\u{9b}\\u{9f}\u{a0}"
        );
        assert_eq!(shown("a\tb\r\nü\0"), "a\tb\r\nü\0");
    }

    proptest! {
        #[test]
        fn debug_is_what_the_standard_library_writes(value: String) {
            let mut text = String::new();
            push_debug(&mut text, &value);
            prop_assert_eq!(text, format!("{value:?}"));
        }

        #[test]
        fn json_is_read_back(value: String) {
            let mut text = String::new();
            push_json(&mut text, &value);
            prop_assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
        }
    }
}
