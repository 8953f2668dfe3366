//! Text that came from the program, as it may stand in a line of text.
//!
//! Most of it is plain and is copied as it is.

use std::fmt::{self, Write as _};

use circular_core::plain;

/// Writes on into a text, and makes of what a terminal would obey something that it shows.
///
/// It is `fmt`'s rule since 0.3.20, and not that of [`circular_core::push_for_terminal`], since a line is to be what `fmt`
/// writes, byte for byte. What this leaves, which is less than a terminal obeys, is shown at the ways out, by the core's.
pub(crate) struct AsFmtEscapes<'a>(pub(crate) &'a mut String);

impl fmt::Write for AsFmtEscapes<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if plain::is_printable(text) {
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
    if plain::is_printable_in_quotes(value) {
        plain::push_in_quotes(text, value);
    } else {
        // Writing to a string does not fail, and neither does a string's own `Debug`.
        let _ = write!(text, "{value:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        let shown = |text: &str| {
            let mut shown = String::new();
            AsFmtEscapes(&mut shown).write_str(text).unwrap();
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
    }
}
