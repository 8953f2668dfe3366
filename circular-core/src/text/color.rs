//! What a colour in a text is: `ESC [ numbers m`, which terminals call SGR.
//!
//! Invariant: nothing here panics, whatever the text: it runs inside a panic hook.

/// The longest colour that is harmless, in bytes between `ESC [` and `m`.
const LONGEST: usize = 32;

const BEGIN: &[u8] = b"\x1b[";

/// The length of the colour that `text` begins with, whatever that does and however long it is.
pub(crate) fn length(text: &[u8]) -> Option<usize> {
    let numbers = text.strip_prefix(BEGIN)?;
    let is_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b';' | b':');
    let length = numbers.iter().take_while(|&byte| is_number(byte)).count();
    (numbers.get(length) == Some(&b'm')).then_some(BEGIN.len() + length + 1)
}

/// A colour that does no harm to who looks at the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Harmless {
    pub(crate) length: usize,
    /// It takes all others back.
    pub(crate) is_reset: bool,
}

/// The colour that `text` begins with, if it is of a bearable length and does not hide what follows.
pub(crate) fn harmless(text: &[u8]) -> Option<Harmless> {
    let longest = BEGIN.len() + LONGEST + 1;
    let length = length(&text[..text.len().min(longest)])?;
    let numbers = &text[BEGIN.len()..length - 1];
    (!hides(numbers)).then_some(Harmless {
        length,
        is_reset: numbers.iter().all(|&byte| byte == b'0'),
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_harmless_unless_they_hide() {
        let cases = [
            ("\x1b[m", Some((3, true))),
            ("\x1b[0m", Some((4, true))),
            ("\x1b[00mx", Some((5, true))),
            ("\x1b[31mred", Some((5, false))),
            ("\x1b[0;31m", Some((7, false))),
            ("\x1b[38;5;196m", Some((11, false))),
            ("\x1b[38;5;8m", Some((9, false))),
            ("\x1b[1;48;2;8;8;8m", Some((15, false))),
            ("\x1b[38:2::1:2:3m", Some((14, false))),
            ("\x1b[38;5m", Some((7, false))),
            ("\x1b[8m", None),
            ("\x1b[1;08m", None),
            ("\x1b[8:1m", None),
            ("\x1b[38;5;1;8m", None),
            ("\x1b[38;2;1;8m", None),
            ("\x1b[38;7;8m", None),
            ("\x1b[48;8m", None),
        ];
        for (text, expected) in cases {
            let found = harmless(text.as_bytes());
            let found = found.map(|found| (found.length, found.is_reset));
            assert_eq!(found, expected, "{text:?}");
            assert!(length(text.as_bytes()).is_some(), "{text:?}");
        }
        for text in [
            "",
            "\x1b",
            "\x1b[",
            "\x1b[31",
            "\x1b[2J",
            "\x1b[?25m",
            "[31m",
        ] {
            assert_eq!(harmless(text.as_bytes()), None, "{text:?}");
            assert_eq!(length(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn a_colour_without_an_end_in_sight_is_none() {
        let long = format!("\x1b[{}m", "1;".repeat(17));
        assert_eq!(harmless(long.as_bytes()), None);
        assert_eq!(length(long.as_bytes()), Some(long.len()));
        let short = format!("\x1b[{}m", "1;".repeat(16));
        let found = harmless(short.as_bytes()).map(|found| found.length);
        assert_eq!(found, Some(short.len()));
    }
}
