//! Text on its way to a terminal, with nothing in it that this would obey.
//!
//! Whoever gets text into a log must not get to move a cursor, set a title or answer a question of the terminal of
//! whoever reads it. This is the one rule for that: lines on a terminal, on stderr and over HTTP are shown by it, and
//! the page of `circular-http` has the same one.
//!
//! Invariant: nothing here panics, whatever the text: it runs inside a panic hook.

use crate::text::color;
use crate::text::fixed_text::FixedText;
use crate::text::plain;
use std::fmt::{self, Write as _};

/// Takes all colours back.
const RESET: &str = "\x1b[0m";

/// What becomes of colours that a text has of its own: `ESC [ numbers m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Colors {
    /// They stay, but for the one that conceals (number 8), and are taken back at the end. A colour like that of what
    /// is behind it stays too, and is not seen.
    Keep,
    /// They are shown as escapes like everything else that a terminal obeys.
    Show,
}

/// Appends `text`, with what a terminal would obey shown as escapes.
///
/// A control character is shown as its bytes, `\x1b` or `\xc2\x9b`, and so is what is not UTF-8. What changes the
/// direction of text is shown by its number, as `\u{202e}`: with it, a line can be made to look like another one. Line
/// ends and tabs stay as they are. A character must be whole in one call, as records are.
///
/// ```
/// use circular_core::{Colors, push_for_terminal};
///
/// let text = b"\x1b[31mred\x1b[0m, \x1b]0;a title\x07\n";
/// let mut shown = Vec::new();
/// push_for_terminal(&mut shown, text, Colors::Keep);
/// assert_eq!(shown, b"\x1b[31mred\x1b[0m, \\x1b]0;a title\\x07\n");
///
/// shown.clear();
/// push_for_terminal(&mut shown, text, Colors::Show);
/// assert_eq!(shown, b"\\x1b[31mred\\x1b[0m, \\x1b]0;a title\\x07\n");
/// ```
pub fn push_for_terminal(out: &mut Vec<u8>, text: &[u8], colors: Colors) {
    // Colours are taken back before it.
    let line = text.strip_suffix(b"\n");
    let mut push = |piece: &str| out.extend_from_slice(piece.as_bytes());
    let mut is_coloured = false;
    for chunk in line.unwrap_or(text).utf8_chunks() {
        escape(chunk.valid(), colors, &mut is_coloured, &mut push);
        push_bytes(chunk.invalid(), &mut push);
    }
    if is_coloured {
        push(RESET);
    }
    if line.is_some() {
        push("\n");
    }
}

/// Writes on into a line for a terminal, with what that would obey shown as escapes, colours too. It allocates nothing.
pub(crate) struct ForTerminal<'a, W>(pub(crate) &'a mut W);

impl<W: fmt::Write> fmt::Write for ForTerminal<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut written = Ok(());
        escape(text, Colors::Show, &mut false, &mut |piece| {
            if written.is_ok() {
                written = self.0.write_str(piece);
            }
        });
        written
    }
}

/// Hands the text out in pieces, with each character that is obeyed as its escape.
fn escape(text: &str, colors: Colors, is_coloured: &mut bool, push: &mut impl FnMut(&str)) {
    let mut rest = text;
    if plain::is_printable(rest) {
        return push(rest);
    }
    while let Some((at, obeyed)) = plain::find_special(rest, may_begin_obeyed, is_obeyed) {
        let (before, odd) = rest.split_at(at);
        push(before);
        let color = match colors {
            Colors::Keep => color::harmless(odd.as_bytes()),
            Colors::Show => None,
        };
        let length = if let Some(color) = color {
            *is_coloured = !color.is_reset;
            push(&odd[..color.length]);
            color.length
        } else {
            push_escape(obeyed, push);
            obeyed.len_utf8()
        };
        rest = &odd[length..];
    }
    push(rest);
}

fn push_escape(obeyed: char, push: &mut impl FnMut(&str)) {
    if obeyed.is_control() {
        push_bytes(obeyed.encode_utf8(&mut [0; 4]).as_bytes(), push);
    } else {
        let mut number = FixedText::<10>::new();
        // It does not fail.
        let _ = write!(number, "\\u{{{:x}}}", u32::from(obeyed));
        push(number.as_str());
    }
}

fn push_bytes(bytes: &[u8], push: &mut impl FnMut(&str)) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        let [high, low] = [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]);
        push(std::str::from_utf8(&[b'\\', b'x', high, low]).unwrap_or_default());
    }
}

/// What a terminal may take for an order: control characters, those that change the direction of text, and line
/// ends that are none of ours.
pub(crate) fn is_obeyed(c: char) -> bool {
    let is_kept = matches!(c, '\n' | '\t');
    let turns = matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    turns || c.is_control() && !is_kept
}

/// Whether one of these may begin with the byte. (May say yes when none does.)
pub(crate) fn may_begin_obeyed(byte: u8) -> bool {
    match byte {
        b'\n' | b'\t' => false,
        // In UTF-8, U+0080 to U+009F begin with the first, U+061C with the second, those around U+2000 with the third.
        0xc2 | 0xd8 | 0xe2 => true,
        _ => byte.is_ascii_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &[u8], colors: Colors) -> String {
        let mut out = b"before ".to_vec();
        push_for_terminal(&mut out, text, colors);
        String::from_utf8(out.split_off("before ".len())).unwrap()
    }

    #[test]
    fn what_is_obeyed_is_shown() {
        let cases: [(&[u8], &str); 15] = [
            (b"", ""),
            (b"\n", "\n"),
            (b"plain\ttext\n", "plain\ttext\n"),
            (b"two\nlines\n\n", "two\nlines\n\n"),
            ("größer → 日本 🦀\n".as_bytes(), "größer → 日本 🦀\n"),
            (b"\x1b]0;x\x07", r"\x1b]0;x\x07"),
            (b"\x1b[2J\x1b[31", r"\x1b[2J\x1b[31"),
            (b"\x1b", r"\x1b"),
            (b"\x1b[?25l\x1bc", r"\x1b[?25l\x1bc"),
            (b"a\rb\x08\x00\x7f", r"a\x0db\x08\x00\x7f"),
            // CSI and OSC as one character.
            (
                "\u{9b}31m\u{9d}\u{a0}".as_bytes(),
                "\\xc2\\x9b31m\\xc2\\x9d\u{a0}",
            ),
            (b"\x9b31m\xff\xc3", r"\x9b31m\xff\xc3"),
            (b"\xe6\x97", r"\xe6\x97"),
            (
                "a\u{202e}b\u{200d}\u{2069}".as_bytes(),
                "a\\u{202e}b\u{200d}\\u{2069}",
            ),
            (
                "a\u{61c}b\u{2028}c\u{2029}".as_bytes(),
                r"a\u{61c}b\u{2028}c\u{2029}",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text, Colors::Keep), expected);
            assert_eq!(shown(text, Colors::Show), expected);
        }
    }

    #[test]
    fn colours_are_kept_or_shown() {
        let cases: [(&[u8], &str, &str); 8] = [
            (
                b"\x1b[31mred\x1b[0m\n",
                "\x1b[31mred\x1b[0m\n",
                "\\x1b[31mred\\x1b[0m\n",
            ),
            (b"\x1b[1mx\x1b[00m", "\x1b[1mx\x1b[00m", r"\x1b[1mx\x1b[00m"),
            // What is not taken back is, so that it is not for what follows.
            (
                b"\x1b[38:2::1:2:3mx\n",
                "\x1b[38:2::1:2:3mx\x1b[0m\n",
                "\\x1b[38:2::1:2:3mx\n",
            ),
            (b"\x1b[0;31mx", "\x1b[0;31mx\x1b[0m", r"\x1b[0;31mx"),
            (
                b"\x1b[0m\x1b[1m",
                "\x1b[0m\x1b[1m\x1b[0m",
                r"\x1b[0m\x1b[1m",
            ),
            (
                b"\x1b[31m\xff\n",
                "\x1b[31m\\xff\x1b[0m\n",
                "\\x1b[31m\\xff\n",
            ),
            // It would hide.
            (b"\x1b[8mx\n", "\\x1b[8mx\n", "\\x1b[8mx\n"),
            (
                b"\x1b[31m\x1b[8mx\n",
                "\x1b[31m\\x1b[8mx\x1b[0m\n",
                "\\x1b[31m\\x1b[8mx\n",
            ),
        ];
        for (text, kept, as_escapes) in cases {
            assert_eq!(shown(text, Colors::Keep), kept);
            assert_eq!(shown(text, Colors::Show), as_escapes);
        }
    }

    #[test]
    fn each_character_that_is_obeyed_is_looked_for() {
        for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let first = c.encode_utf8(&mut [0; 4]).as_bytes()[0];
            assert!(!is_obeyed(c) || may_begin_obeyed(first), "{c:?}");
        }
    }

    #[test]
    fn text_that_is_formatted_is_shown_the_same_way() {
        let text = "a\x1b[31m\u{9b}ü\u{202e}\tb\n";
        let mut line = FixedText::<64>::new();
        write!(ForTerminal(&mut line), "{text}").unwrap();
        assert_eq!(line.as_str(), "a\\x1b[31m\\xc2\\x9bü\\u{202e}\tb\n");
    }

    /// Text of what matters here, and of anything.
    fn texts() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            any::<char>().prop_map(|c| c.to_string().into_bytes()),
            any::<u8>().prop_map(|byte| vec![byte]),
            "[\0-\u{a0}]{1,8}".prop_map(String::into_bytes),
            "\x1b\\[[0-9;:]{0,34}m".prop_map(String::into_bytes),
            "[\u{61c}\u{2000}-\u{2070}\n\t]".prop_map(String::into_bytes),
        ];
        proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn nothing_but_colours_is_left_to_obey(text in texts()) {
            let as_escapes = shown(&text, Colors::Show);
            prop_assert!(!as_escapes.contains(is_obeyed), "{:?}", as_escapes);

            let kept = shown(&text, Colors::Keep);
            let mut rest = kept.as_str();
            let mut last = None;
            while let Some(at) = rest.find(is_obeyed) {
                let found = color::harmless(&rest.as_bytes()[at..]);
                prop_assert!(found.is_some(), "{:?} has {:?}", kept, &rest[at..]);
                let found = found.unwrap();
                rest = &rest[at + found.length..];
                last = Some(found);
            }
            prop_assert!(last.is_none_or(|last| last.is_reset), "{:?} leaves a colour", kept);
            prop_assert_eq!(kept.ends_with('\n'), text.ends_with(b"\n"));
        }

        #[test]
        fn harmless_text_stays(text in "[ -~üß→日\n\t]{0,40}") {
            prop_assert_eq!(shown(text.as_bytes(), Colors::Keep), text.as_str());
            prop_assert_eq!(shown(text.as_bytes(), Colors::Show), text.as_str());
        }
    }
}
