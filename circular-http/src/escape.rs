//! Log text on its way to a terminal.
//!
//! Whoever gets text into a log must not get to move a cursor, set a title or answer a question of the
//! terminal of whoever reads it. Colours are left, as they do no harm: `ESC [ digits m`, but for the one
//! that hides text. They end with the record. The page shows the same characters in the same way, so that
//! a download says what was seen.

use std::io::Write as _;
use std::str;

/// The longest colour that is left as it is, in bytes between `ESC [` and `m`.
const LONGEST_COLOUR: usize = 32;

/// Takes all colours back.
const RESET: &[u8] = b"\x1b[0m";

/// Appends `text`, with every control character but line ends, tabs and colours shown as `\x1b` is, and
/// every byte that is not UTF-8 too. What turns the direction of text is shown as `\u{202e}` is.
pub(crate) fn push(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    let mut is_coloured = false;
    while let Some(at) = rest.iter().position(|&byte| !is_harmless(byte)) {
        let (harmless, odd) = rest.split_at(at);
        out.extend_from_slice(harmless);
        if let Some(length) = colour(odd) {
            let numbers = &odd[2..length - 1];
            is_coloured = !numbers.iter().all(|&byte| byte == b'0');
        }
        rest = push_one(odd, out);
    }
    out.extend_from_slice(rest);
    if is_coloured {
        let has_line_end = out.last() == Some(&b'\n');
        out.truncate(out.len() - usize::from(has_line_end));
        out.extend_from_slice(RESET);
        out.extend(has_line_end.then_some(b'\n'));
    }
}

/// Most bytes of most logs.
fn is_harmless(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\t')
}

/// Appends what `text` begins with, which is not harmless as it stands, and gives the rest back.
fn push_one<'a>(text: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let length = colour(text).or_else(|| printable(text));
    if let Some(length) = length {
        let (as_it_is, rest) = text.split_at(length);
        out.extend_from_slice(as_it_is);
        return rest;
    }
    if let Some(turning) = first(text).filter(|&c| turns_direction(c)) {
        // Writing to memory does not fail.
        let _ = write!(out, "\\u{{{:x}}}", u32::from(turning));
        return &text[turning.len_utf8()..];
    }
    // A control character of two bytes is shown byte by byte as well.
    let (first, rest) = text.split_at(1.min(text.len()));
    for byte in first {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let [high, low] = [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]);
        out.extend_from_slice(&[b'\\', b'x', high, low]);
    }
    rest
}

/// How long the colour is that `text` begins with.
fn colour(text: &[u8]) -> Option<usize> {
    let numbers = text.strip_prefix(b"\x1b[")?;
    let is_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b';' | b':');
    let length = numbers
        .iter()
        .take(LONGEST_COLOUR + 1)
        .take_while(|byte| is_number(byte))
        .count();
    let is_colour = numbers.get(length) == Some(&b'm') && length <= LONGEST_COLOUR;
    (is_colour && !hides(&numbers[..length])).then_some(2 + length + 1)
}

/// Whether text may not be to be seen with these: the number 8, where it is not one of a colour's. Of a colour
/// that is not whole, terminals think differently.
fn hides(numbers: &[u8]) -> bool {
    let is_8 = |number: &[u8]| {
        let first = number.split(|&byte| byte == b':').next();
        let mut digits = first.unwrap_or_default().iter();
        digits.by_ref().skip_while(|&&byte| byte == b'0').eq(b"8")
    };
    let mut numbers = numbers.split(|&byte| byte == b';');
    while let Some(number) = numbers.next() {
        if is_8(number) {
            return true;
        }
        // `38;5;8` and `38;2;8;8;8`; with colons it is one.
        if matches!(number, b"38" | b"48") {
            let mut rest = numbers.clone();
            let count = match rest.next() {
                Some(b"5") => 1,
                Some(b"2") => 3,
                _ => return numbers.any(is_8),
            };
            if rest.by_ref().take(count).count() < count {
                return numbers.any(is_8);
            }
            numbers = rest;
        }
    }
    false
}

/// How long the character is that `text` begins with, if it may be shown as it is.
fn printable(text: &[u8]) -> Option<usize> {
    let first = first(text)?;
    (!first.is_control() && !turns_direction(first)).then_some(first.len_utf8())
}

/// The character that `text` begins with.
fn first(text: &[u8]) -> Option<char> {
    let start = &text[..text.len().min(4)];
    let valid = match str::from_utf8(start) {
        Ok(valid) => valid,
        Err(error) => str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default(),
    };
    valid.chars().next()
}

/// With these a line can be made to look like another one.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_and_colours_are_left() {
        let cases: &[(&[u8], &[u8])] = &[
            (b"plain\ttext\n", b"plain\ttext\n"),
            (
                "größer → 日本 🦀\n".as_bytes(),
                "größer → 日本 🦀\n".as_bytes(),
            ),
            (b"\x1b[31mred\x1b[0m\n", b"\x1b[31mred\x1b[0m\n"),
            (b"\x1b[38;5;196mx\x1b[m", b"\x1b[38;5;196mx\x1b[m"),
            (b"\x1b[38;5;8mx\x1b[m", b"\x1b[38;5;8mx\x1b[m"),
            (
                b"\x1b[1;48;2;8;8;8mx\x1b[00m",
                b"\x1b[1;48;2;8;8;8mx\x1b[00m",
            ),
            // What is not taken back is, so that it is not for what follows.
            (b"\x1b[38:2::1:2:3mx\n", b"\x1b[38:2::1:2:3mx\x1b[0m\n"),
            (b"\x1b[0;31mx", b"\x1b[0;31mx\x1b[0m"),
            // It would hide.
            (b"\x1b[8mx\n", b"\\x1b[8mx\n"),
            (b"\x1b[1;08mx\n", b"\\x1b[1;08mx\n"),
            (b"\x1b[38;5;1;8mx\n", b"\\x1b[38;5;1;8mx\n"),
            (b"\x1b[8:1mx\n", b"\\x1b[8:1mx\n"),
            (b"\x1b[38;2;1;8mx\n", b"\\x1b[38;2;1;8mx\n"),
            (b"\x1b[48;8mx\n", b"\\x1b[48;8mx\n"),
            (b"\x1b[38;5mx\n", b"\x1b[38;5mx\x1b[0m\n"),
            (b"\x1b]0;x\x07", b"\\x1b]0;x\\x07"),
            (b"\x1b[2J\x1b[31", b"\\x1b[2J\\x1b[31"),
            (b"\x1b", b"\\x1b"),
            (b"\x1b[?25l\x1bc", b"\\x1b[?25l\\x1bc"),
            (b"a\rb\x08\x00\x7f", b"a\\x0db\\x08\\x00\\x7f"),
            // CSI and OSC as one character.
            ("\u{9b}31m\u{9d}".as_bytes(), b"\\xc2\\x9b31m\\xc2\\x9d"),
            (b"\x9b31m\xff\xc3", b"\\x9b31m\\xff\\xc3"),
            (b"\xe6\x97", b"\\xe6\\x97"),
            (
                "a\u{202e}b\u{200d}\u{2069}".as_bytes(),
                "a\\u{202e}b\u{200d}\\u{2069}".as_bytes(),
            ),
            (b"", b""),
        ];
        for (text, shown) in cases {
            let mut out = Vec::new();
            push(text, &mut out);
            let (text, out) = (String::from_utf8_lossy(text), String::from_utf8_lossy(&out));
            assert_eq!(out, String::from_utf8_lossy(shown), "{text:?}");
        }
    }

    #[test]
    fn a_colour_without_an_end_in_sight_is_none() {
        let long = format!("\x1b[{}m", "1;".repeat(LONGEST_COLOUR / 2 + 1));
        assert_eq!(colour(long.as_bytes()), None);
        let short = format!("\x1b[{}m", "1;".repeat(LONGEST_COLOUR / 2));
        assert_eq!(colour(short.as_bytes()), Some(short.len()));
    }
}
