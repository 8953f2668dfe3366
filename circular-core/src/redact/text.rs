//! What a text begins with: a word, a quote, a quoted text.
//!
//! Invariant: nothing here panics, whatever the text: it runs inside a panic hook.

use crate::text::color;
use std::ops::Range;

/// The length of a text with its quotes; 0 if it does not begin with one.
pub(super) fn length_of_whole_quoted(text: &[u8]) -> usize {
    let (opening, quote) = opening(text);
    let rest = after(text, opening.len());
    match length_of_quoted(rest, quote) {
        Some(length) => opening.len() + length + quote.len(),
        None if quote.is_empty() => 0,
        None => text.len(),
    }
}

/// The length of what is before the closing quote; `None` if there is none.
pub(super) fn length_of_quoted(text: &[u8], quote: &[u8]) -> Option<usize> {
    let (mark, before) = quote.split_last()?;
    // As many backslashes as before the first quote, or that and pairs of what one has become.
    let is_whole = |backslashes: usize| {
        let more = backslashes.checked_sub(before.len());
        more.is_some_and(|more| more % (2 * quote.len()) == 0)
    };
    let mut at = 0;
    loop {
        let rest = after(text, at);
        let backslashes = length_of(rest, |byte| byte == b'\\');
        let behind = after(rest, backslashes + 1);
        at += backslashes + 1;
        if rest.get(backslashes)? != mark || !is_whole(backslashes) {
            continue;
        }
        if behind.starts_with(quote) {
            // A quote that is doubled stands for itself.
            at += quote.len();
        } else if behind.first().is_none_or(|&byte| is_behind_quoted(byte)) {
            return at.checked_sub(quote.len());
        }
    }
}

/// The quote that a text begins with, with the backslashes before it if it is in a quoted text itself.
pub(super) fn quote(text: &[u8]) -> &[u8] {
    let backslashes = length_of(text, |byte| byte == b'\\');
    match text.get(backslashes) {
        Some(b'"' | b'\'') => part(text, 0..backslashes + 1),
        _ => b"",
    }
}

/// The quote that a text begins with, with and without what may stand before it, as in `b"x"` and `r#"x"#`.
pub(super) fn opening(text: &[u8]) -> (&[u8], &[u8]) {
    let letters = length_of(text, |byte| b"bru".contains(&byte));
    let hashes = length_of(after(text, letters), |byte| byte == b'#');
    let prefix = letters + hashes;
    match quote(after(text, prefix)) {
        quote if quote.is_empty() || letters > 2 => (b"", b""),
        quote => (part(text, 0..prefix + quote.len()), quote),
    }
}

pub(super) fn skip_blanks(text: &[u8]) -> &[u8] {
    let mut rest = text;
    loop {
        rest = match rest.first() {
            Some(&byte) if is_blank(byte) => after(rest, 1),
            _ => match color::length(rest) {
                Some(length) => after(rest, length),
                None => return rest,
            },
        };
    }
}

pub(super) fn without_prefix<'a>(text: &'a [u8], prefix: &str) -> Option<&'a [u8]> {
    let (begin, rest) = text.split_at_checked(prefix.len())?;
    begin
        .eq_ignore_ascii_case(prefix.as_bytes())
        .then_some(rest)
}

/// The word that a text begins with. What is encoded in it is a letter of it: `api%5Fkey`.
pub(super) fn word(text: &[u8]) -> &[u8] {
    let mut length = 0;
    loop {
        length += length_of(after(text, length), is_of_word);
        match encoded(after(text, length)) {
            Some(byte) if is_of_word(byte) => length += ENCODED,
            _ => return part(text, 0..length),
        }
    }
}

/// How long a byte is that is encoded as addresses have it.
pub(super) const ENCODED: usize = 3;

/// The byte that a text begins with as `%5F`.
pub(super) fn encoded(text: &[u8]) -> Option<u8> {
    let &[b'%', high, low, ..] = text else {
        return None;
    };
    let digit = |byte| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

/// Where `wanted` is in a text.
pub(super) fn position_of(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut windows = text.windows(wanted.len().max(1));
    windows.position(|window| window == wanted)
}

pub(super) const fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

pub(super) fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

pub(super) fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b',' | b';' | b'&')
}

/// What closes an opening bracket.
pub(super) fn closing(byte: u8) -> Option<u8> {
    match byte {
        b'(' => Some(b')'),
        b'[' => Some(b']'),
        b'{' => Some(b'}'),
        _ => None,
    }
}

pub(super) fn is_opening(byte: u8) -> bool {
    closing(byte).is_some()
}

pub(super) fn is_closing(byte: u8) -> bool {
    matches!(byte, b')' | b']' | b'}')
}

/// Whether a quote before `byte` may be a closing one.
pub(super) fn is_behind_quoted(byte: u8) -> bool {
    let is_sign = b"\"'\\:=.?!#|>\x1b".contains(&byte);
    is_sign || is_blank(byte) || is_line_end(byte) || is_delimiter(byte) || is_closing(byte)
}

pub(super) fn length_of(text: &[u8], is: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|&&byte| is(byte)).count()
}

/// What is there of a part.
pub(super) fn part(text: &[u8], range: Range<usize>) -> &[u8] {
    text.get(range).unwrap_or_default()
}

/// What is there from `at` on.
pub(super) fn after(text: &[u8], at: usize) -> &[u8] {
    text.get(at..).unwrap_or_default()
}

/// What counts of a key: its letters, the last one first. A blank may be between two of its words.
pub(super) fn letters_from_behind(word: &[u8]) -> impl Iterator<Item = u8> {
    let mut end = word.len();
    let letters = std::iter::from_fn(move || {
        let last = *word.get(end.checked_sub(1)?)?;
        let triple = end
            .checked_sub(ENCODED)
            .and_then(|at| encoded(after(word, at)));
        end -= if triple.is_some() { ENCODED } else { 1 };
        Some(triple.unwrap_or(last).to_ascii_lowercase())
    });
    letters.filter(|byte| !b"_-. ".contains(byte))
}
