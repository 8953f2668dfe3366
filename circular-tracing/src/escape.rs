//! Text that came from the program, as it may stand in a line.
//!
//! Most of it is plain and is copied as it is; what is plain is found out for many bytes at once.

use std::fmt::{self, Write as _};

/// Whether it is printable ASCII and nothing else.
fn is_printable(bytes: &[u8]) -> bool {
    // Without a branch for each byte, so that the compiler takes many at a time.
    bytes
        .iter()
        .fold(true, |all, byte| all & matches!(byte, b' '..=b'~'))
}

/// Writes on into a text, and makes of what a terminal would obey something that it shows, the way
/// `fmt` does since 0.3.20.
pub(crate) struct ForTerminal<'a>(pub(crate) &'a mut String);

impl fmt::Write for ForTerminal<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if is_printable(text.as_bytes()) {
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
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') & (*byte != b'"') & (*byte != b'\\');
    if value.bytes().fold(true, |all, byte| all & is_plain(&byte)) {
        text.push('"');
        text.push_str(value);
        text.push('"');
    } else {
        // Writing to a string does not fail, and neither does a string's own `Debug`.
        let _ = write!(text, "{value:?}");
    }
}

/// Appends `value` as a JSON string.
pub(crate) fn push_json(text: &mut String, value: &str) {
    text.push('"');
    // Writing to a string does not fail.
    let _ = InJson(text).write_str(value);
    text.push('"');
}

/// Writes on into a JSON string, between its quotes. (RFC 8259, section 7.)
pub(crate) struct InJson<'a>(pub(crate) &'a mut String);

impl fmt::Write for InJson<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
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
