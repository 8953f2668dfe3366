//! The ready-made hook: it hides what is said after certain words.
//!
//! It reads text that it does not know, so it guesses: where it is not sure where a
//! value ends, it hides more rather than less.
//!
//! On its way it keeps track of the quotes and the brackets around it. What begins between two quotes ends
//! there, so JSON stays JSON. A value without quotes ends at a blank, or where something begins that clearly
//! is not of it: see [`Place`].
//!
//! Nothing is looked at more than a few times, whatever the text: see [`DEEPEST`] and `Scope::is_ragged`.

use self::list::{Keys, ends_with};
use self::text::{
    after, closing, is_blank, is_closing, is_delimiter, is_line_end, is_of_word, is_opening,
    length_of, length_of_quoted, length_of_whole_quoted, opening, part, quote, skip_blanks,
    without_prefix, word,
};
use crate::record::Record;
use crate::redact::redacted::Redacted;
use crate::text::color;
use std::sync::Arc;

/// Words after which a secret follows, as a rule; for [`redact_keys`].
pub const SECRET_KEYS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "db_pass",
    "secret",
    "secret_key",
    "token",
    "jwt",
    "bearer",
    "otp",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "api_key",
    "access_key",
    "account_key",
    "private_key",
    "encryption_key",
    "signing_key",
    "master_key",
    "session_id",
    "sessid",
];

/// What stands in the place of a secret.
const HIDDEN: &[u8] = b"[redacted]";

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

/// What may stand between a key and its value: of two that fit, the longer one comes first.
const SEPARATORS: &[&str] = &[
    "===", "==", "=>", "=", ":=", ":", "!=", "->", "%3d", "%3a", "\\u003d",
];

/// What may stand around a key besides quotes, as in `user[password]=` and in an encoded form.
const MARKS: &[&str] = &["[", "]", "%5b", "%5d", "%22"];

/// How many quoted texts within quoted texts are told apart. Each is looked through for its end.
const DEEPEST: usize = 8;

/// Returns a hook that hides the value of every `key=value`, `key: value` and `"key":"value"` whose key ends
/// with one of `keys`: `token` also stands for `access_token` and `X-Auth-Token`. Case does not count,
/// nor do `_` and `-`: `session_id` also stands for `sessionId`. With an `s` behind it, it is a key if its
/// value has quotes or brackets: `tokens=5` is left.
///
/// Quotes, JSON within JSON, brackets, colours, `=>` and the like, `user[password]=`, `("key", "value")` and
/// `--key value` are understood. Without quotes a value ends at a blank; but after `Bearer` and the like,
/// `authorization`, `cookie` and `passphrase`, more words are hidden, up to one that begins a field or to the
/// end of the line. A line of JSON stays one.
///
/// Not hidden are a value in another line than its key, a password in a URL (`postgres://user:password@host`), what has no key next to it
/// (`{"name":"password","value":"x"}`, `<password>x</password>`, `the password is x`), and the later words of a
/// `password=several words`.
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
    let keys = Arc::new(Keys::new(keys.iter().copied()));
    move |record| hide(&keys, record.bytes()).map_or(Redacted::Keep, Redacted::Text)
}

/// The text without the values; `None` if there are none.
fn hide(keys: &Keys, text: &[u8]) -> Option<Vec<u8>> {
    if !keys.may_be_in(text) {
        return None;
    }
    // That stays, whatever else is hidden.
    let (text, line_end) = match text.strip_suffix(b"\n") {
        Some(line) => (line, "\n"),
        None => (text, ""),
    };
    let mut out = Vec::new();
    let mut copied = 0;
    let mut search = Search::new(keys, text);
    while let Some(value) = search.next_value() {
        out.extend_from_slice(part(text, copied..value.from));
        out.extend_from_slice(value.quote);
        out.extend_from_slice(HIDDEN);
        out.extend_from_slice(value.quote);
        copied = value.to;
    }
    (copied > 0).then(|| {
        out.extend_from_slice(after(text, copied));
        out.extend_from_slice(line_end.as_bytes());
        out
    })
}

/// Where a value is in a text.
struct Value<'a> {
    from: usize,
    to: usize,
    /// Where to go on: behind its quote, if it has one.
    behind: usize,
    /// What has to stand around what is put there, for JSON to be JSON.
    quote: &'a [u8],
}

/// What is between two quotes, or all of the text. Nothing in it reaches beyond its end.
struct Scope<'a> {
    end: usize,
    /// What it is closed with.
    quote: &'a [u8],
    /// What closes the brackets that were opened in it, and not closed.
    open: Vec<u8>,
    /// It has a quote that is not closed in it. No further one is looked for: each might take a look
    /// through all of it.
    is_ragged: bool,
}

impl<'a> Scope<'a> {
    fn new(end: usize, quote: &'a [u8]) -> Self {
        Self {
            end,
            quote,
            open: Vec::new(),
            is_ragged: false,
        }
    }
}

/// A walk through a text.
struct Search<'a> {
    keys: &'a Keys,
    text: &'a [u8],
    at: usize,
    /// Those around `at`, the innermost last.
    scopes: Vec<Scope<'a>>,
}

impl<'a> Search<'a> {
    fn new(keys: &'a Keys, text: &'a [u8]) -> Self {
        Self {
            keys,
            text,
            at: 0,
            scopes: vec![Scope::new(text.len(), b"")],
        }
    }

    fn next_value(&mut self) -> Option<Value<'a>> {
        loop {
            let scope = self.scopes.last_mut()?;
            let rest = part(self.text, self.at..scope.end);
            let word = word(rest);
            let backslashes = length_of(rest, |byte| byte == b'\\');
            if rest.is_empty() {
                self.at = self.at.max(scope.end + scope.quote.len());
                self.scopes.pop();
            } else if let Some(length) = color::length(rest) {
                self.at += length;
            } else if !word.is_empty() {
                self.at += word.len();
                if let Some(value) = self.value_of(word) {
                    self.at = value.behind;
                    return Some(value);
                }
            } else if rest.get(backslashes) == Some(&b'"') {
                self.enter(quote(rest));
            } else {
                let byte = rest.first().copied();
                scope.open.extend(byte.and_then(closing));
                if byte == scope.open.last().copied() {
                    scope.open.pop();
                }
                self.at += backslashes.max(1);
            }
        }
    }

    /// Goes on behind a quote, and remembers where what it opens ends; behind a word it opens nothing.
    fn enter(&mut self, quote: &'a [u8]) {
        let before = self.text.get(self.at.wrapping_sub(1));
        let is_opening = !before.is_some_and(|&byte| is_of_word(byte));
        self.at += quote.len();
        let is_deepest = self.scopes.len() == DEEPEST;
        let Some(scope) = self.scopes.last_mut() else {
            return;
        };
        if is_opening && !is_deepest && !scope.is_ragged {
            match length_of_quoted(part(self.text, self.at..scope.end), quote) {
                Some(length) => self.scopes.push(Scope::new(self.at + length, quote)),
                None => scope.is_ragged = true,
            }
        }
    }

    /// The value of the word that ends here, if that is a key and has one.
    fn value_of(&self, word: &'a [u8]) -> Option<Value<'a>> {
        let is_key = self.keys.has(word);
        if !is_key && !self.keys.has_plural(word) {
            return None;
        }
        let mut scopes = self.scopes.iter().rev();
        let mut scope = scopes.next()?;
        let mut rest = skip_marks(part(self.text, self.at..scope.end));
        let mut key_quote = quote(rest);
        if rest.is_empty() {
            // The scope ends with the key: the value is in the one around it.
            key_quote = scope.quote;
            let behind = scope.end + key_quote.len();
            scope = scopes.next()?;
            rest = part(self.text, behind..scope.end);
        } else {
            rest = after(rest, key_quote.len());
        }
        let may_be_pair = self.may_begin_pair(word, key_quote);
        let (separator, rest) = separator(word, key_quote, may_be_pair, rest)?;
        let rest = skip_blanks(rest);
        let (opening, quote) = opening(rest);
        let is_list = !quote.is_empty() || rest.first().is_some_and(|&byte| is_opening(byte));
        if !is_key && !is_list {
            return None;
        }

        let from = scope.end - rest.len() + opening.len();
        let rest = after(rest, opening.len());
        let (length, closing) = if quote.is_empty() {
            let open = &scope.open;
            let place = Place { separator, open };
            (place.length_of_value(rest, word, key_quote), 0)
        } else {
            length_of_quoted(rest, quote).map_or((rest.len(), 0), |length| (length, quote.len()))
        };
        (length > 0).then_some(Value {
            from,
            to: from + length,
            behind: from + length + closing,
            quote: if quote.is_empty() { key_quote } else { b"" },
        })
    }

    /// Whether a comma may be between the word that ends here and its value: as in `("key", "value")`, and in
    /// `["program", "--key", "value"]`.
    fn may_begin_pair(&self, word: &[u8], quote: &[u8]) -> bool {
        let before = part(self.text, 0..self.at.saturating_sub(word.len()));
        match before.strip_suffix(quote) {
            Some(before) if !quote.is_empty() => {
                let before = before.strip_suffix(b"b").unwrap_or(before);
                is_option(word) || before.last().is_some_and(|&byte| is_opening(byte))
            }
            _ => false,
        }
    }
}

/// What fields are told by where the word is a key, and what is behind the separator; `None` if it is none.
fn separator<'a>(
    word: &[u8],
    quote: &[u8],
    may_be_pair: bool,
    text: &'a [u8],
) -> Option<(u8, &'a [u8])> {
    let behind = skip_blanks(text);
    match behind.split_first() {
        // The first half of the arrow counts as one of the word.
        Some((b'>', value)) if word.ends_with(b"-") => return Some((b'=', value)),
        Some((b',', value)) if may_be_pair => return Some((b'=', value)),
        _ => {}
    }
    let behind = skip_blanks(skip_marks(text));
    for separator in SEPARATORS {
        if let Some(value) = without_prefix(behind, separator) {
            let is_colon = separator.starts_with(':');
            let is_path = is_colon && value.starts_with(b":");
            return (!is_path).then_some((if is_colon { b':' } else { b'=' }, value));
        }
    }
    let is_apart = quote.is_empty() && behind.len() < text.len();
    (is_option(word) && is_apart).then_some((b'=', behind))
}

/// Where a value without quotes stands. It ends at a blank, and before delimiters and brackets behind which
/// there is one or, if there is a delimiter, the next field. A bracket that is opened in it is closed in it.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// `=` or `:`, and what fields are told by.
    separator: u8,
    /// What closes the brackets around it.
    open: &'a [u8],
}

impl Place<'_> {
    fn length_of_value(self, text: &[u8], key: &[u8], key_quote: &[u8]) -> usize {
        let has_words = WORDY_KEYS.iter().any(|end| ends_with(key, end.as_bytes()));
        if text.starts_with(b"-----BEGIN") {
            return text.len();
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

fn skip_marks(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some(behind) = MARKS.iter().find_map(|mark| without_prefix(rest, mark)) {
        // As in `password[0]=`.
        rest = after(behind, length_of(behind, |byte| byte.is_ascii_digit()));
    }
    rest
}

/// Whether a word is one as in `--key value`.
fn is_option(word: &[u8]) -> bool {
    word.starts_with(b"--")
}

mod list;
#[cfg(test)]
mod tests;
mod text;
