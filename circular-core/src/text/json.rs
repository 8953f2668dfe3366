//! Text as a JSON string. (RFC 8259, section 7.)
//!
//! All that the crates write as JSON goes through here, so that there is one table of escapes.

use crate::text::escape::{is_obeyed, may_begin_obeyed};
use crate::text::fixed_text::FixedText;
use crate::text::plain;
use std::fmt::{self, Write as _};

/// Appends `value` as a JSON string, quotes included.
///
/// For a record's bytes there is [`push_json_for_terminal`]. What must be escaped is, and nothing else; `\b`, `\f`, `\n`, `\r` and `\t` are used where they can be.
///
/// ```
/// let mut line = String::from("{\"text\":");
/// circular_core::push_json(&mut line, "a \"quote\"\n");
/// line.push('}');
/// assert_eq!(line, r#"{"text":"a \"quote\"\n"}"#);
/// ```
#[inline]
pub fn push_json(out: &mut String, value: &str) {
    if plain::is_printable_in_quotes(value) {
        plain::push_in_quotes(out, value);
    } else {
        out.push('"');
        push_escaped(out, value);
        out.push('"');
    }
}

/// Appends `text` as a JSON string that a terminal may show as it is, quotes included.
///
/// Escaped is also what [`push_for_terminal`](crate::push_for_terminal) shows as an escape: JSON would take it as it
/// is, but whoever looks at it with `curl` must not have their terminal ordered about. What is not UTF-8 becomes
/// U+FFFD.
///
/// ```
/// let mut line = Vec::new();
/// circular_core::push_json_for_terminal(&mut line, b"\x7f caf\xc3\xa9 \xff");
/// assert_eq!(line, r#""\u007f café �""#.as_bytes());
/// ```
pub fn push_json_for_terminal(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        let valid = chunk.valid();
        if plain::is_printable_in_quotes(valid) {
            out.extend_from_slice(valid.as_bytes());
        } else {
            escape(
                valid,
                |byte| must_be_escaped(byte) || may_begin_obeyed(byte),
                |c| is_obeyed(c) || c.is_ascii() && must_be_escaped(c as u8),
                |piece| out.extend_from_slice(piece.as_bytes()),
            );
        }
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
    out.push(b'"');
}

/// Writes on into a JSON string, between its quotes.
///
/// With it a value is formatted into JSON without a text of its own in between:
///
/// ```
/// use circular_core::InJson;
/// use std::fmt::Write;
///
/// let mut line = String::from("{\"error\":\"");
/// write!(InJson::new(&mut line), "cannot read {:?}", "a\tb")?;
/// line.push_str("\"}");
/// assert_eq!(line, r#"{"error":"cannot read \"a\\tb\""}"#);
/// # Ok::<(), std::fmt::Error>(())
/// ```
pub struct InJson<'a>(&'a mut String);

impl<'a> InJson<'a> {
    /// Returns a writer behind `out`, which ends within a string.
    pub fn new(out: &'a mut String) -> Self {
        Self(out)
    }
}

/// Shows nothing of the text.
impl fmt::Debug for InJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InJson").finish_non_exhaustive()
    }
}

impl fmt::Write for InJson<'_> {
    /// Never fails.
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if plain::is_printable_in_quotes(text) {
            self.0.push_str(text);
        } else {
            push_escaped(self.0, text);
        }
        Ok(())
    }
}

fn push_escaped(out: &mut String, text: &str) {
    // What must be escaped is ASCII.
    let is_special = |c: char| c.is_ascii() && must_be_escaped(c as u8);
    escape(text, must_be_escaped, is_special, |piece| {
        out.push_str(piece);
    });
}

fn must_be_escaped(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// Hands the text out in pieces, with each special character as its escape.
#[inline]
fn escape(
    text: &str,
    may_begin: impl Fn(u8) -> bool,
    is_special: impl Fn(char) -> bool,
    mut push: impl FnMut(&str),
) {
    let mut rest = text;
    while let Some((at, special)) = plain::find_special(rest, &may_begin, &is_special) {
        push(&rest[..at]);
        match special {
            '"' => push("\\\""),
            '\\' => push("\\\\"),
            '\n' => push("\\n"),
            '\r' => push("\\r"),
            '\t' => push("\\t"),
            '\x08' => push("\\b"),
            '\x0c' => push("\\f"),
            _ => {
                // None is beyond U+FFFF, where it would take two.
                let mut number = FixedText::<6>::new();
                // It does not fail.
                let _ = write!(number, "\\u{:04x}", u32::from(special));
                push(number.as_str());
            }
        }
        rest = &rest[at + special.len_utf8()..];
    }
    push(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json(value: &str) -> String {
        let mut out = String::from("before ");
        push_json(&mut out, value);
        out.split_off("before ".len())
    }

    fn json_for_terminal(text: &[u8]) -> String {
        let mut out = b"before ".to_vec();
        push_json_for_terminal(&mut out, text);
        String::from_utf8(out.split_off("before ".len())).unwrap()
    }

    #[test]
    fn strings_are_what_json_says() {
        let cases = [
            ("", r#""""#),
            ("plain", r#""plain""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("\n\r\t\x08\x0c", r#""\n\r\t\b\f""#),
            ("a\x00b\x1bc\x1f", r#""a\u0000b\u001bc\u001f""#),
            ("größer 🦀\n", r#""größer 🦀\n""#),
            (
                "a text of more than eight \"s",
                r#""a text of more than eight \"s""#,
            ),
        ];
        for (value, expected) in cases {
            assert_eq!(json(value), expected);
            assert_eq!(json_for_terminal(value.as_bytes()), expected);
        }
    }

    #[test]
    fn nothing_in_json_is_obeyed_by_a_terminal() {
        let cases: [(&[u8], &str); 5] = [
            ("\u{7f}\u{9b}\u{a0}".as_bytes(), "\"\\u007f\\u009b\u{a0}\""),
            ("a\u{202e}b\u{200d}".as_bytes(), "\"a\\u202eb\u{200d}\""),
            (
                "größer\u{2028}\u{61c}".as_bytes(),
                r#""größer\u2028\u061c""#,
            ),
            (b"a\xffb\xe6\x97", "\"a\u{fffd}b\u{fffd}\""),
            (b"\x9b\"\xff\n", "\"\u{fffd}\\\"\u{fffd}\\n\""),
        ];
        for (text, expected) in cases {
            assert_eq!(json_for_terminal(text), expected);
        }
        assert_eq!(json("\u{7f}\u{9b}\u{202e}"), "\"\u{7f}\u{9b}\u{202e}\"");
    }

    proptest! {
        #[test]
        fn json_is_read_back(value: String) {
            prop_assert_eq!(serde_json::from_str::<String>(&json(&value)).unwrap(), value);
        }

        #[test]
        fn json_in_pieces_is_that_of_the_whole(pieces in proptest::collection::vec(".{0,12}", 0..4)) {
            let mut out = String::from("\"");
            for piece in &pieces {
                InJson::new(&mut out).write_str(piece).unwrap();
            }
            out.push('"');
            prop_assert_eq!(out, json(&pieces.concat()));
        }

        #[test]
        fn json_for_a_terminal_is_read_back_and_nothing_in_it_is_obeyed(
            text in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0xc2), Just(0xe2), Just(0x80)], 0..40),
        ) {
            let written = json_for_terminal(&text);
            prop_assert!(!written.contains(|c: char| is_obeyed(c) || c.is_control()), "{:?}", written);
            let read: String = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(read, String::from_utf8_lossy(&text));
        }
    }
}
