//! The keys, and how to see soon that a text has none: most have none.

use crate::redact::text::{ENCODED, after, encoded, is_of_word, letters_from_behind, part};
use crate::redact::unnamed;

/// What a hook is given to look for.
pub(super) struct Keys {
    keys: Vec<Vec<u8>>,
    /// Whether a key may end with two letters, or what has a secret behind it without being one: see [`place`].
    endings: Box<[bool; PLACES]>,
}

const PLACES: usize = 32 * 32;

/// Each record goes through this byte by byte.
static KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Other; 256];
    let mut byte = 0;
    while byte < 128 {
        if is_of_word(byte) {
            kinds[byte as usize] = Kind::Word;
        }
        byte += 1;
    }
    // What an address has behind its scheme, and what may be a letter.
    kinds[b':' as usize] = Kind::Sign;
    kinds[b'%' as usize] = Kind::Sign;
    kinds
};

/// What a byte may be part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Sign,
    Other,
}

/// Of the two last letters of a word, in either case: more than two letters may share a place.
fn place(before: u8, last: u8) -> usize {
    usize::from(before & 31) * 32 + usize::from(last & 31)
}

impl Keys {
    pub(super) fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        let keys: Vec<Vec<u8>> = keys
            .into_iter()
            .map(|key| key.as_bytes().to_vec())
            .collect();
        let mut endings = Box::new([false; PLACES]);
        for word in keys.iter().map(Vec::as_slice).chain(unnamed::beginnings()) {
            let mut letters = letters_from_behind(word);
            match (letters.next(), letters.next()) {
                (Some(last), Some(before)) => endings[place(before, last)] = true,
                (Some(last), None) => (0..32).for_each(|any| endings[place(any, last)] = true),
                (None, _) => {}
            }
        }
        Self { keys, endings }
    }

    /// Whether the text from `begin` to `end`, which is a word, ends with one of them. A key of several words may be one
    /// with the word before, as in `API key`; and it may have a number: `password2`.
    pub(super) fn has(&self, text: &[u8], begin: usize, end: usize) -> bool {
        let word = part(text, begin..end);
        let digits = word.iter().rev().take_while(|byte| byte.is_ascii_digit());
        let name = part(word, 0..word.len() - digits.count());
        let is_key = |word: &[u8]| self.keys.iter().any(|key| ends_with(word, key));
        if self.may_end(word) && is_key(word) {
            return true;
        }
        if name.len() < word.len() && self.may_end(name) && is_key(name) {
            return true;
        }
        if !self.may_end(word) || begin == 0 || text.get(begin - 1) != Some(&b' ') {
            return false;
        }
        let before = part(text, 0..begin - 1).iter().rev();
        let before = before.take_while(|&&byte| is_of_word(byte)).count();
        before > 0 && is_key(part(text, begin - 1 - before..end))
    }

    /// Whether a word may be, or end with, what is looked for.
    fn may_end(&self, word: &[u8]) -> bool {
        let is_letter = |byte: &u8| !b"_-.".contains(byte);
        match word {
            [] => false,
            [.., a, b, c, d] if [a, b, c, d].contains(&&b'%') => true,
            [.., before, last] if is_letter(before) && is_letter(last) => {
                self.endings[place(*before, *last)]
            }
            _ => true,
        }
    }

    /// Whether a word is one of them with an `s` behind it.
    pub(super) fn has_plural(&self, text: &[u8], begin: usize, end: usize) -> bool {
        let is_plural = matches!(part(text, begin..end), [.., b's' | b'S']);
        is_plural && self.has(text, begin, end - 1)
    }

    fn may_be(&self, text: &[u8], begin: usize, end: usize) -> bool {
        let word = part(text, begin..end);
        let Some(last) = word.last() else {
            return false;
        };
        if unnamed::in_word(word).is_some() {
            return true;
        }
        // Nearly all words are done with here.
        if !self.may_end(word) && !last.is_ascii_digit() && !matches!(last, b's' | b'S') {
            return false;
        }
        self.has(text, begin, end)
            || self.may_end(word) && unnamed::is_beginning(word)
            || self.has_plural(text, begin, end)
    }

    /// Whether there may be something in a text. No word that is looked at closely ends elsewhere than these do.
    pub(super) fn may_be_in(&self, text: &[u8]) -> bool {
        let (mut begin, mut at) = (0, 0);
        while let Some(&byte) = text.get(at) {
            let kind = KINDS[usize::from(byte)];
            if kind == Kind::Word {
                at += 1;
                continue;
            }
            if kind == Kind::Sign {
                let rest = after(text, at);
                if encoded(rest).is_some_and(is_of_word) {
                    at += ENCODED;
                    continue;
                }
                if unnamed::in_address(rest).is_some() {
                    return true;
                }
            }
            if self.may_be(text, begin, at) {
                return true;
            }
            at += 1;
            begin = at;
        }
        self.may_be(text, begin, text.len())
    }
}

/// Whether the letters of a key are the last ones of a word.
pub(super) fn ends_with(word: &[u8], key: &[u8]) -> bool {
    let mut letters = letters_from_behind(word);
    let mut wanted = letters_from_behind(key).peekable();
    wanted.peek().is_some() && wanted.all(|letter| letters.next() == Some(letter))
}
