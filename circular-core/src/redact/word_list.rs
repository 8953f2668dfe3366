//! The keys, and how to see soon that a text has none: most have none.

use crate::redact::text::{after, is_of_word, letters_from_behind, part};

/// What a hook is given to look for.
pub(super) struct Keys {
    keys: Vec<Vec<u8>>,
    /// Whether a key may end with two letters: see [`place`].
    endings: Box<[bool; PLACES]>,
}

const PLACES: usize = 32 * 32;

/// Each record goes through this byte by byte.
static IS_OF_WORD: [bool; 256] = {
    let mut is = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        is[byte as usize] = is_of_word(byte);
        byte += 1;
    }
    is
};

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
        for key in &keys {
            let mut letters = letters_from_behind(key);
            match (letters.next(), letters.next()) {
                (Some(last), Some(before)) => endings[place(before, last)] = true,
                (Some(last), None) => (0..32).for_each(|any| endings[place(any, last)] = true),
                (None, _) => {}
            }
        }
        Self { keys, endings }
    }

    /// Whether a word ends with one of them.
    pub(super) fn has(&self, word: &[u8]) -> bool {
        let is_letter = |byte: &u8| !b"_-".contains(byte);
        let may_be = match word {
            [.., before, last] if is_letter(before) && is_letter(last) => {
                self.endings[place(*before, *last)]
            }
            _ => true,
        };
        may_be && self.keys.iter().any(|key| ends_with(word, key))
    }

    /// Whether a word is one of them with an `s` behind it.
    pub(super) fn has_plural(&self, word: &[u8]) -> bool {
        matches!(word.split_last(), Some((b's' | b'S', one)) if self.has(one))
    }

    fn may_be(&self, word: &[u8]) -> bool {
        self.has(word) || self.has_plural(word)
    }

    /// Whether there may be one in a text. No word that is looked at closely ends elsewhere than these do.
    pub(super) fn may_be_in(&self, text: &[u8]) -> bool {
        let mut begin = 0;
        for (at, &byte) in text.iter().enumerate() {
            if IS_OF_WORD[usize::from(byte)] {
                continue;
            }
            if begin < at && self.may_be(part(text, begin..at)) {
                return true;
            }
            begin = at + 1;
        }
        self.may_be(after(text, begin))
    }
}

/// Whether the letters of a key are the last ones of a word.
pub(super) fn ends_with(word: &[u8], key: &[u8]) -> bool {
    let mut letters = letters_from_behind(word);
    let mut wanted = letters_from_behind(key).peekable();
    wanted.peek().is_some() && wanted.all(|letter| letters.next() == Some(letter))
}
