//! Where a value ends that has no quotes around it: a guess.
//!
//! It ends at a blank, or where something begins that clearly is not of it. Where that is not sure, more is taken
//! for the value rather than less.

use crate::redact::text::{
    after, closing, is_blank, is_closing, is_delimiter, is_line_end, is_of_word, is_opening,
    length_of, length_of_whole_quoted, part, quote, skip_blanks, word,
};
use crate::redact::unnamed::length_of_pem;
use crate::redact::word_list::ends_with;
use crate::text::color;

/// What a value may begin with that is followed by another word.
const SCHEMES: &[&str] = &[
    "bearer",
    "basic",
    "digest",
    "negotiate",
    "ntlm",
    "token",
    "jwt",
    "apikey",
    "aws4-hmac-sha256",
];

/// Ends of keys whose values are several words.
const WORDY_KEYS: &[&str] = &["authorization", "cookie", "phrase"];

/// Where a value without quotes stands. It ends at a blank, and before delimiters and brackets behind which
/// there is one or, if there is a delimiter, the next field. A bracket that is opened in it is closed in it.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    /// `=` or `:`, and what fields are told by.
    pub(super) separator: u8,
    /// What closes the brackets around it.
    pub(super) open: &'a [u8],
}

impl Surroundings<'_> {
    pub(super) fn length_of_value(self, text: &[u8], key: &[u8], key_quote: &[u8]) -> usize {
        let has_words = WORDY_KEYS.iter().any(|end| ends_with(key, end.as_bytes()));
        let pem = length_of_pem(text);
        if pem > 0 {
            return pem;
        }
        if has_words && key_quote.is_empty() && self.separator == b':' {
            return length_of(text, |byte| !is_line_end(byte));
        }
        if let Some(length) = length_of_json(text).filter(|_| !key_quote.is_empty()) {
            return length;
        }
        let length = self.length_of_word(text);
        let first = part(text, 0..length);
        let is_scheme = SCHEMES
            .iter()
            .any(|scheme| first.eq_ignore_ascii_case(scheme.as_bytes()));
        if length == 0 {
            0
        } else if has_words {
            self.length_of_words(text, length, ends_with(key, b"authorization"))
        } else if is_scheme {
            let next = skip_blanks(after(text, length));
            text.len() - next.len() + self.length_of_word(next)
        } else {
            length
        }
    }

    /// The words go on behind a delimiter, and up to the next field; the second is one of them `anyway`.
    fn length_of_words(self, text: &[u8], first: usize, mut anyway: bool) -> usize {
        let mut length = first;
        loop {
            let rest = after(text, length);
            let tail = part(rest, 0..self.length_of_tail(rest));
            let next = skip_blanks(after(rest, tail.len()));
            let is_end = next.first().is_none_or(|&byte| is_line_end(byte));
            let is_closed = tail.iter().any(|&byte| is_closing(byte));
            let goes_on =
                anyway || tail.iter().any(|&byte| is_delimiter(byte)) || !self.is_field(next);
            if is_end || is_closed || !goes_on {
                return length;
            }
            anyway = false;
            length = text.len() - next.len() + self.length_of_word(next);
        }
    }

    fn length_of_word(self, text: &[u8]) -> usize {
        let mut at = 0;
        loop {
            let rest = after(text, at);
            let tail = self.length_of_tail(rest);
            let blanks = length_of(rest, is_blank);
            match rest.first() {
                None => return text.len(),
                Some(&byte) if is_line_end(byte) => return at,
                // A struct: `Token { .. }`.
                Some(_) if blanks > 0 && rest.get(blanks) == Some(&b'{') => at += blanks,
                Some(_) if blanks > 0 => return at,
                Some(_) if tail > 0 && self.is_end(rest, tail) => return at,
                Some(_) if tail > 0 => at += tail,
                Some(&byte) if is_opening(byte) => at += length_of_bracketed(rest),
                Some(b'=' | b':') => at += 1 + length_of_whole_quoted(after(rest, 1)),
                Some(_) => at += 1,
            }
        }
    }

    /// The length of what may stand behind a value.
    fn length_of_tail(self, text: &[u8]) -> usize {
        let mut open = self.open.iter().rev().peekable();
        let mut at = 0;
        loop {
            let rest = after(text, at);
            let is_one = |&byte: &u8| is_delimiter(byte) || open.next_if_eq(&&byte).is_some();
            at += match color::length(rest) {
                Some(length) => length,
                None if rest.first().is_some_and(is_one) => 1,
                None => return at,
            };
        }
    }

    /// Whether a value ends before a tail.
    fn is_end(self, text: &[u8], tail: usize) -> bool {
        let (tail, behind) = (part(text, 0..tail), after(text, tail));
        // As in `span{token=x}: text`.
        let is_closed = tail.iter().any(|&byte| is_closing(byte));
        let behind = behind
            .strip_prefix(b":")
            .filter(|_| is_closed)
            .unwrap_or(behind);
        let is_end = |&byte| is_blank(byte) || is_line_end(byte);
        behind.first().is_none_or(is_end)
            || tail.iter().any(|&byte| is_delimiter(byte)) && self.is_field(behind)
    }

    /// Whether the text begins with what clearly is a key.
    fn is_field(self, text: &[u8]) -> bool {
        let text = skip_blanks(text);
        let quote = quote(text);
        let text = after(text, quote.len());
        let word = word(text);
        let behind = after(text, word.len()).strip_prefix(quote);
        let behind = behind.map(|behind| match color::length(behind) {
            Some(_) => skip_blanks(behind),
            None => behind,
        });
        let is_name = |&byte: &u8| byte.is_ascii_alphabetic() || byte == b'_';
        let is_separated = behind.is_some_and(|behind| behind.starts_with(&[self.separator]));
        word.first().is_some_and(is_name) && is_separated
    }
}

/// The length of a bracket at the beginning of `text` and of all up to the one that closes it. Brackets of
/// other kinds do not count.
fn length_of_bracketed(text: &[u8]) -> usize {
    let open = text.first().copied();
    let close = open.and_then(closing);
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        let word = word(after(text, at));
        at += word.len();
        let rest = after(text, at);
        let quote = quote(rest);
        let byte = rest.first().copied();
        if byte.is_none() {
            return text.len();
        }
        if !quote.is_empty() {
            // Behind other words it is an apostrophe, or who knows what.
            let is_opening = matches!(word, b"" | b"b" | b"r" | b"br" | b"u");
            at += if is_opening {
                length_of_whole_quoted(rest)
            } else {
                quote.len()
            };
            continue;
        }
        if byte == open {
            depth += 1;
        } else if byte == close {
            depth = depth.saturating_sub(1);
        }
        at += length_of(rest, |byte| byte == b'\\').max(1);
        if depth == 0 {
            return at;
        }
    }
}

/// The length of a value in JSON without quotes; `None` if it does not look like one.
fn length_of_json(text: &[u8]) -> Option<usize> {
    let length = match text.first()? {
        b'[' | b'{' => length_of_bracketed(text),
        _ => length_of(text, |byte| is_of_word(byte) || byte == b'+'),
    };
    let is_value = match part(text, 0..length) {
        b"" => false,
        b"true" | b"false" | b"null" | [b'[' | b'{', ..] => true,
        number => number.iter().all(|byte| b"0123456789+-.eE".contains(byte)),
    };
    let is_end = |&byte: &u8| is_blank(byte) || is_line_end(byte) || b",]}".contains(&byte);
    (is_value && text.get(length).is_none_or(is_end)).then_some(length)
}
