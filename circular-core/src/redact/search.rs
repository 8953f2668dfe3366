//! The walk through a text, from one value behind a key to the next.
//!
//! It keeps track of the quotes and the brackets around it. What begins between two quotes ends there, so JSON
//! stays JSON.
//!
//! Nothing is looked at more than a few times, whatever the text: see [`DEEPEST`] and `Scope::is_ragged`.

use crate::redact::stack::Stack;
use crate::redact::text::{
    after, closing, is_behind_quoted, is_of_word, is_opening, length_of, length_of_quoted, opening,
    part, quote, skip_blanks, without_prefix, word,
};
use crate::redact::unnamed;
use crate::redact::value::Surroundings;
use crate::redact::word_list::{Keys, ends_with};
use crate::text::color;
use std::ops::Range;

/// What may stand between a key and its value: of two that fit, the longer one comes first.
const SEPARATORS: &[&str] = &[
    "===", "==", "=>", "=", ":=", ":", "!=", "->", "%3d", "%3a", "%253d", "%253a", "\\u003d",
];

/// What may stand around a key besides quotes, as in `user[password]=` and in an encoded form.
const MARKS: &[&str] = &[
    "[", "]", "%5b", "%5d", "%22", "%255b", "%255d", "%2522", "%20", "+", "\\u0022", "&quot;",
    "&#34;", "&#x22;",
];

/// How many open brackets are told apart in one of them; those in further ones may be taken for these, and for closed
/// too soon.
const BRACKETS: usize = 64;

/// As far as the end of what is between two apostrophes is looked for.
const FAR: usize = 1024;

/// How many quoted texts within quoted texts are told apart. Each is looked through for its end.
const DEEPEST: usize = 8;

/// Where a value is in a text.
pub(super) struct Value<'a> {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Where to go on: behind its quote, if it has one.
    behind: usize,
    /// What has to stand around what is put there, for JSON to be JSON.
    pub(super) quote: &'a [u8],
}

impl Value<'_> {
    /// One that is in this part of what is at `at`.
    fn without_key(at: usize, part: Range<usize>) -> Self {
        Self {
            from: at + part.start,
            to: at + part.end,
            behind: at + part.end,
            quote: b"",
        }
    }
}

/// What is between two quotes, or all of the text. Nothing in it reaches beyond its end.
#[derive(Clone, Copy, Default)]
struct Scope<'a> {
    end: usize,
    /// What it is closed with.
    quote: &'a [u8],
    /// What closes the brackets that were opened in it, and not closed.
    open: Stack<u8, BRACKETS>,
    /// It has a quote that is not closed in it. No further one is looked for: each might take a look
    /// through all of it.
    is_ragged: bool,
}

impl<'a> Scope<'a> {
    fn new(end: usize, quote: &'a [u8]) -> Self {
        Self {
            end,
            quote,
            ..Self::default()
        }
    }
}

/// A walk through a text.
pub(super) struct Search<'a> {
    keys: &'a Keys,
    text: &'a [u8],
    at: usize,
    /// Those around `at`, the innermost last.
    scopes: Stack<Scope<'a>, DEEPEST>,
}

impl<'a> Search<'a> {
    pub(super) fn new(keys: &'a Keys, text: &'a [u8]) -> Self {
        let mut scopes = Stack::default();
        scopes.push(Scope::new(text.len(), b""));
        Self {
            keys,
            text,
            at: 0,
            scopes,
        }
    }

    pub(super) fn next_value(&mut self) -> Option<Value<'a>> {
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
                let (begin, end) = (self.at, scope.end);
                self.at += word.len();
                let value = self.value_of(word).or_else(|| {
                    if let Some(secret) = unnamed::in_word(word) {
                        return Some(Value::without_key(begin, secret));
                    }
                    let secret = unnamed::behind(word, part(self.text, self.at..end))
                        // It may be quoted, and its name is then between quotes of its own.
                        .or_else(|| unnamed::of_field(word, after(self.text, self.at)))?;
                    Some(Value::without_key(self.at, secret))
                });
                if let Some(value) = value {
                    self.at = value.behind;
                    return Some(value);
                }
            } else if rest.get(backslashes) == Some(&b'"') {
                self.enter(quote(rest));
            } else if let Some(secret) = unnamed::in_address(rest) {
                let value = Value::without_key(self.at, secret);
                self.at = value.behind;
                return Some(value);
            } else {
                let byte = rest.first().copied();
                if let Some(closing) = byte.and_then(closing) {
                    scope.open.push(closing);
                }
                if byte == scope.open.all().last().copied() {
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
        let is_deepest = self.scopes.all().len() == DEEPEST;
        let Some(scope) = self.scopes.last_mut() else {
            return;
        };
        if is_opening && !is_deepest && !scope.is_ragged {
            match length_of_quoted(part(self.text, self.at..scope.end), quote) {
                Some(length) => {
                    self.scopes.push(Scope::new(self.at + length, quote));
                }
                None => scope.is_ragged = true,
            }
        }
    }

    /// The value of the word that ends here, if that is a key and has one.
    fn value_of(&self, word: &'a [u8]) -> Option<Value<'a>> {
        let begin = self.at - word.len();
        let is_key = self.keys.has(self.text, begin, self.at);
        if !is_key && !self.keys.has_plural(self.text, begin, self.at) {
            return None;
        }
        if let Some(value) = self.value_of_element(begin) {
            return Some(value);
        }
        let mut scopes = self.scopes.all().iter().rev();
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
        let rest = without_length(skip_blanks(rest));
        let (opening, quote) = opening(rest);
        let is_list = !quote.is_empty() || rest.first().is_some_and(|&byte| is_opening(byte));
        if !is_key && !is_list {
            return None;
        }

        let from = scope.end - rest.len() + opening.len();
        let rest = after(rest, opening.len());
        let (length, closing) = if quote.is_empty() {
            let open = scope.open.all();
            let around = Surroundings { separator, open };
            let rest = self.within_apostrophes(begin, key_quote, rest);
            (around.length_of_value(rest, word, key_quote), 0)
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

    /// What is between the key's element and its end, as in `<password>x</password>`.
    fn value_of_element(&self, begin: usize) -> Option<Value<'a>> {
        let before = part(self.text, 0..begin);
        let before = match before.strip_suffix(b":") {
            None => before,
            Some(space) => {
                let name = space.iter().rev().take_while(|&&byte| is_of_word(byte));
                part(space, 0..space.len() - name.count())
            }
        };
        let scope = self
            .scopes
            .all()
            .last()
            .filter(|_| before.ends_with(b"<"))?;
        let rest = part(self.text, self.at..scope.end);
        let tag = length_of(rest, |byte| byte != b'>' && byte != b'<');
        let is_open = rest.get(tag) == Some(&b'>') && !part(rest, 0..tag).ends_with(b"/");
        let from = tag + 1;
        let content = after(rest, from);
        let length = length_of(content, |byte| byte != b'<');
        let is_closed = is_open && after(content, length).starts_with(b"</");
        (is_closed && length > 0).then(|| Value::without_key(self.at, from..from + length))
    }

    /// What of a value is before the apostrophe that ends what its key begins, as in `-H 'X-Key: x'`.
    fn within_apostrophes(&self, begin: usize, key_quote: &[u8], rest: &'a [u8]) -> &'a [u8] {
        let is_begun = part(self.text, 0..begin).ends_with(b"'") && key_quote.is_empty();
        if !is_begun {
            return rest;
        }
        let near = part(rest, 0..FAR.min(rest.len()));
        let mut ends = near.iter().enumerate().filter(|&(_, &byte)| byte == b'\'');
        let is_end = |at: usize| rest.get(at + 1).is_none_or(|&byte| is_behind_quoted(byte));
        let end = ends.find(|&(at, _)| is_end(at));
        end.map_or(rest, |(at, _)| part(rest, 0..at))
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
    if quote.is_empty() && matches!(text, [b'(', b'"' | b'\'' | b'\\', ..]) {
        // A type of its own: `Token("x")`.
        return Some((b'=', after(text, 1)));
    }
    if quote.is_empty() && behind.starts_with(b"'") && ends_with(word, b"password") {
        // SQL's: `PASSWORD 'x'`.
        return Some((b'=', behind));
    }
    if let Some(value) = beside(behind).filter(|_| !quote.is_empty()) {
        return Some((b'=', value));
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

/// What is told as the value where the key is told as a name: `"name":"password","value":"x"`.
fn beside(text: &[u8]) -> Option<&[u8]> {
    let text = skip_blanks(text.strip_prefix(b",").unwrap_or(text));
    let text = after(text, quote(text).len());
    let text = without_prefix(text, "value")?;
    let text = skip_blanks(after(text, quote(text).len()));
    match text.first() {
        Some(b':' | b'=') => Some(after(text, 1)),
        _ => None,
    }
}

/// What comes behind a length, if there is one and then a quoted text: `string(7) "x"`.
fn without_length(text: &[u8]) -> &[u8] {
    let quoted = without_prefix(text, "string(").and_then(|rest| {
        let digits = length_of(rest, |byte| byte.is_ascii_digit());
        after(rest, digits).strip_prefix(b") ")
    });
    let quoted = quoted.filter(|quoted| !quote(quoted).is_empty());
    quoted.unwrap_or(text)
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
