//! The ready-made hook: it hides what is said after certain words.
//!
//! It reads text that it does not know, so it guesses: where it is not sure where a
//! value ends, it hides more rather than less.

use super::Redacted;
use crate::Record;
use std::sync::Arc;

/// Words after which a secret follows, as a rule; for [`redact_keys`].
pub const SECRET_KEYS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "api_key",
    "apikey",
    "access_key",
    "private_key",
    "session_id",
];

/// What stands in the place of a secret.
const HIDDEN: &[u8] = b"[redacted]";

/// What a value may begin with that is followed by another word.
const SCHEMES: &[&[u8]] = &[b"bearer", b"basic", b"digest", b"negotiate", b"token"];

/// A hook that hides the value of every `key=value`, `key: value` and `"key":"value"` whose key ends
/// with one of `keys`: `token` also stands for `access_token` and `X-Auth-Token`. Case does not count,
/// nor does `-` instead of `_`. Quotes, JSON within JSON, brackets, colours and `Bearer` are understood.
///
/// It sees one record at a time: of a record that was longer than the ring, and went through in parts,
/// it does not know a value that goes on in the next part. It does not panic.
///
/// ```
/// use circular_core::{Meta, Redacted, Ring, SECRET_KEYS, redact_keys};
///
/// let ring = Ring::new(4096)?;
/// ring.record(Meta::new(), b"login user=ann password=hunter2 ok\n")?;
/// let hide = redact_keys(SECRET_KEYS);
/// let held = ring.handle().snapshot();
/// let text = b"login user=ann password=[redacted] ok\n".to_vec();
/// assert_eq!(hide(&held.records().next().unwrap()), Redacted::Text(text));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn redact_keys(
    keys: &[&str],
) -> impl Fn(&Record<'_>) -> Redacted + Clone + Send + Sync + 'static + use<> {
    let keys: Arc<[Vec<u8>]> = keys
        .iter()
        .map(|key| key.bytes().map(folded).collect())
        .collect();
    move |record| hide(&keys, record.bytes()).map_or(Redacted::Keep, Redacted::Text)
}

/// The text without the values; `None` if there are none.
fn hide(keys: &[Vec<u8>], text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut at, mut copied) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        if let Some(length) = colour(rest) {
            at += length;
            continue;
        }
        let word = &rest[..length_of(rest, is_of_word)];
        at += word.len().max(1);
        if !keys.iter().any(|key| ends_with(word, key)) {
            continue;
        }
        if let Some(value) = Value::after(text, at, word) {
            out.extend_from_slice(&text[copied..value.from]);
            out.extend_from_slice(value.quote);
            out.extend_from_slice(HIDDEN);
            out.extend_from_slice(value.quote);
            at = value.to;
            copied = value.to;
        }
    }
    (copied > 0).then(|| {
        out.extend_from_slice(&text[copied..]);
        out
    })
}

/// Where a value is in a text.
struct Value<'a> {
    from: usize,
    to: usize,
    /// What has to stand around what is put there, for JSON to be JSON.
    quote: &'a [u8],
}

impl<'a> Value<'a> {
    /// The value of the key that ends at `at`.
    fn after(text: &'a [u8], at: usize, key: &[u8]) -> Option<Self> {
        let key_quote = quote(&text[at..]);
        let at = skip_blanks(text, at + key_quote.len());
        let separator = *text.get(at)?;
        let is_path = text.get(at + 1) == Some(&b':');
        if !matches!(separator, b'=' | b':') || separator == b':' && is_path {
            return None;
        }
        let at = skip_blanks(text, at + 1);
        let value_quote = quote(&text[at..]);
        let (from, to, quote): (_, _, &[u8]) = if !value_quote.is_empty() {
            let from = at + value_quote.len();
            (from, end_of_quoted(text, from, value_quote), b"")
        } else if separator == b':' && key_quote.is_empty() && is_header(key) {
            (
                at,
                at + length_of(&text[at..], |byte| !is_line_end(byte)),
                b"",
            )
        } else {
            (at, end_of_words(text, at, is_header(key)), key_quote)
        };
        (from < to).then_some(Self { from, to, quote })
    }
}

/// Whether the value is what a header has: several words, or pairs.
fn is_header(key: &[u8]) -> bool {
    ends_with(key, b"authorization") || ends_with(key, b"cookie")
}

/// The quote that a text begins with, with the backslashes before it if it is in a quoted text itself.
fn quote(text: &[u8]) -> &[u8] {
    let backslashes = length_of(text, |byte| byte == b'\\');
    match text.get(backslashes) {
        Some(b'"' | b'\'') => &text[..=backslashes],
        _ => &[],
    }
}

/// Where the text ends that began after `quote`.
fn end_of_quoted(text: &[u8], from: usize, quote: &[u8]) -> usize {
    // As many backslashes as before the first quote, or that and pairs of what one has become.
    let before = quote.len() - 1;
    let is_end = |backslashes: usize| {
        let more = backslashes.checked_sub(before);
        more.is_some_and(|more| more % (2 * quote.len()) == 0)
    };
    let mut backslashes = 0;
    for (at, byte) in text.iter().enumerate().skip(from) {
        match byte {
            b'\\' => backslashes += 1,
            byte if Some(byte) == quote.last() && is_end(backslashes) => return at - before,
            _ => backslashes = 0,
        }
    }
    text.len()
}

/// Where a value without quotes ends that begins at `from`; with `pairs` it goes on behind `; `.
fn end_of_words(text: &[u8], from: usize, pairs: bool) -> usize {
    let mut end = end_of_word(text, from);
    let is_scheme = |word: &[u8]| {
        SCHEMES
            .iter()
            .any(|scheme| word.eq_ignore_ascii_case(scheme))
    };
    if is_scheme(&text[from..end]) {
        end = end_of_word(text, skip_blanks(text, end));
    }
    while pairs && text[end..].starts_with(b"; ") {
        end = end_of_word(text, end + 2);
    }
    end
}

/// Where a word ends, with the quotes and brackets that are in it.
fn end_of_word(text: &[u8], from: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = from;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => break,
            b')' | b']' | b'}' => depth -= 1,
            b' ' | b'\t' | b'\n' | b'\r' | b',' | b';' | b'&' if depth == 0 => break,
            b'"' => at = end_of_quoted(text, at + 1, b"\"").min(text.len() - 1),
            _ => {}
        }
        at += 1;
    }
    at
}

fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        at += match rest.first() {
            Some(b' ' | b'\t') => 1,
            _ => match colour(rest) {
                Some(length) => length,
                None => return at,
            },
        };
    }
}

/// How long the colour is that `text` begins with.
fn colour(text: &[u8]) -> Option<usize> {
    let numbers = text.strip_prefix(b"\x1b[")?;
    let length = length_of(numbers, |byte| matches!(byte, b'0'..=b'9' | b';' | b':'));
    (numbers.get(length) == Some(&b'm')).then_some(2 + length + 1)
}

fn ends_with(word: &[u8], key: &[u8]) -> bool {
    let start = word.len().checked_sub(key.len());
    start.is_some_and(|start| {
        word[start..]
            .iter()
            .copied()
            .map(folded)
            .eq(key.iter().copied())
    }) && !key.is_empty()
}

fn folded(byte: u8) -> u8 {
    match byte {
        b'-' => b'_',
        _ => byte.to_ascii_lowercase(),
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn length_of(text: &[u8], is: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|&&byte| is(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str) -> String {
        let keys: Vec<Vec<u8>> = SECRET_KEYS
            .iter()
            .map(|key| key.as_bytes().to_vec())
            .collect();
        let text = hide(&keys, text.as_bytes()).unwrap_or_else(|| text.as_bytes().to_vec());
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn values_of_listed_keys_are_hidden() {
        for (text, expected) in [
            (
                "password=hunter2 user=ann\n",
                "password=[redacted] user=ann\n",
            ),
            (
                "PassWord = hunter2, user=ann",
                "PassWord = [redacted], user=ann",
            ),
            ("db.password: hunter2\n", "db.password: [redacted]\n"),
            ("X-Api-Key: abc\n", "X-Api-Key: [redacted]\n"),
            ("access_token=abc&next=1", "access_token=[redacted]&next=1"),
            ("?token=abc&x=token", "?token=[redacted]&x=token"),
            (
                r#"password="hunter 2\" x" user="ann""#,
                r#"password="[redacted]" user="ann""#,
            ),
            (
                r#"password="a\\" user="ann""#,
                r#"password="[redacted]" user="ann""#,
            ),
            ("password='hunter 2' user", "password='[redacted]' user"),
            ("password=\"never ends", "password=\"[redacted]"),
            (
                r#"{"password":"a b","user":"ann"}"#,
                r#"{"password":"[redacted]","user":"ann"}"#,
            ),
            (
                r#"{"token": 1234, "n": 1}"#,
                r#"{"token": "[redacted]", "n": 1}"#,
            ),
            (
                r#"{"token":{"a":["b, c"]},"n":1}"#,
                r#"{"token":"[redacted]","n":1}"#,
            ),
            (r#"{"token":null}"#, r#"{"token":"[redacted]"}"#),
            (
                r#""body":"{\"token\":\"a\\\"b\",\"n\":1}""#,
                r#""body":"{\"token\":\"[redacted]\",\"n\":1}""#,
            ),
            (
                r#""body":"{\"token\":\"a\\\\\",\"n\":1}""#,
                r#""body":"{\"token\":\"[redacted]\",\"n\":1}""#,
            ),
            (
                r#""body":"{\"token\":7,\"n\":1}""#,
                r#""body":"{\"token\":\"[redacted]\",\"n\":1}""#,
            ),
            ("token=Some(\"a b\") n=1", "token=[redacted] n=1"),
            (
                "User { password: \"x\", n: 1 }",
                "User { password: \"[redacted]\", n: 1 }",
            ),
            (
                "authorization=Bearer abc n=1",
                "authorization=[redacted] n=1",
            ),
            (
                "Authorization: Bearer abc def\nn=1",
                "Authorization: [redacted]\nn=1",
            ),
            (
                "\"authorization\": \"Bearer abc\", n",
                "\"authorization\": \"[redacted]\", n",
            ),
            (
                "set-cookie: a=b; c=d\r\nn=1",
                "set-cookie: [redacted]\r\nn=1",
            ),
            ("cookie=a=b; c=d n=1", "cookie=[redacted] n=1"),
            (
                "a password=x and token=y.",
                "a password=[redacted] and token=[redacted]",
            ),
            (
                "\x1b[3mpassword\x1b[0m\x1b[2m=\x1b[0mhunter2 \x1b[3mn\x1b[0m=1",
                "\x1b[3mpassword\x1b[0m\x1b[2m=\x1b[0m[redacted] \x1b[3mn\x1b[0m=1",
            ),
        ] {
            assert_eq!(hidden(text), expected, "{text}");
        }
    }

    #[test]
    fn everything_else_is_left() {
        for text in [
            "",
            "no secret here\n",
            "the password is wrong\n",
            "password=\n",
            "password",
            "password:",
            "tokens=5 tokenize=1",
            "token::new() failed",
            "passwords: 5",
            "\"token\"",
            "token \"abc\"",
        ] {
            assert_eq!(hidden(text), text);
        }
        assert_eq!(hide(&[Vec::new()], b"a=b"), None);
    }

    #[test]
    fn any_text_ends() {
        // Every short text of what the parser looks at.
        const BYTES: &[u8] = b"\"'\\=: ;{}t\x1b";
        let keys = [b"t".to_vec()];
        for number in 0..BYTES.len().pow(5) {
            let mut text = [0; 6];
            text[0] = b't';
            let mut rest = number;
            for byte in &mut text[1..] {
                *byte = BYTES[rest % BYTES.len()];
                rest /= BYTES.len();
            }
            hide(&keys, &text);
        }
    }
}
