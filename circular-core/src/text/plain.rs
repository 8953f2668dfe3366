//! Whether text is plain, so that it may be copied as it is.
//!
//! Most of what a program says is. So that is found out for eight bytes at once, and what is not plain is gone through
//! from one special character to the next.

/// In each byte of a word.
#[inline]
const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Whether no byte of the word is a control character or beyond ASCII. (May say no when all is well.)
#[inline]
fn has_printable_only(word: u64) -> bool {
    // A byte below a space borrows from its own high bit, one above `~` carries into it.
    let below = word.wrapping_sub(each(b' '));
    let above = word.wrapping_add(each(1));
    (word | below | above) & each(0x80) == 0
}

/// Whether no byte of the word is `byte`. (May say no when all is well.)
#[inline]
fn is_without(word: u64, byte: u8) -> bool {
    let zero_there = word ^ each(byte);
    zero_there.wrapping_sub(each(1)) & !zero_there & each(0x80) == 0
}

/// Whether `is_plain` says so for all of the text, eight bytes at a time.
#[inline]
fn all(text: &str, is_plain: impl Fn(u64) -> bool) -> bool {
    let bytes = text.as_bytes();
    let Some(last) = bytes.last_chunk::<8>() else {
        let mut only = [b' '; 8];
        only.iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = *from);
        return is_plain(u64::from_ne_bytes(only));
    };
    // The last eight may be looked at twice.
    bytes
        .chunks_exact(8)
        .chain([&last[..]])
        .all(|chunk| is_plain(u64::from_ne_bytes(chunk.try_into().unwrap_or_default())))
}

/// Whether all of the text is ASCII without control characters. (May say no when all is well.)
#[inline]
pub fn is_printable(text: &str) -> bool {
    all(text, has_printable_only)
}

/// Whether `Debug` and JSON write the text as it is, between quotes. (May say no when all is well.)
#[inline]
pub fn is_printable_in_quotes(text: &str) -> bool {
    all(text, |word| {
        has_printable_only(word) && is_without(word, b'"') && is_without(word, b'\\')
    })
}

/// Appends text in quotes, which needs no escapes there.
#[inline]
pub fn push_in_quotes(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    out.push_str(text);
    out.push('"');
}

/// Finds the first special character, and where it stands. Of a byte, `may_begin` says whether such a character may
/// begin with it.
#[inline]
pub(crate) fn find_special(
    text: &str,
    may_begin: impl Fn(u8) -> bool,
    is_special: impl Fn(char) -> bool,
) -> Option<(usize, char)> {
    let mut from = 0;
    loop {
        let rest = text.as_bytes().get(from..)?;
        let at = from + rest.iter().position(|&byte| may_begin(byte))?;
        let found = text.get(at..)?.chars().next()?;
        if is_special(found) {
            return Some((at, found));
        }
        from = at + found.len_utf8();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_is_known_in_every_length() {
        for length in 0..20 {
            let text = "~ a!#[]".chars().cycle().take(length);
            let text: String = text.collect();
            assert!(is_printable(&text) && is_printable_in_quotes(&text));
        }
    }

    #[test]
    fn what_is_not_plain_is_seen_in_every_place() {
        for odd in ['\0', '\n', '\x1b', '\x1f', '\x7f', '\u{80}', 'ü', '🦀'] {
            for length in 0..20 {
                for place in 0..=length {
                    let mut text = "x".repeat(length);
                    text.insert(place, odd);
                    assert!(!is_printable(&text), "{text:?}");
                    assert!(!is_printable_in_quotes(&text), "{text:?}");
                }
            }
        }
        assert!(is_printable("a \"quote\" and a \\"));
        assert!(!is_printable_in_quotes("a \"quote"));
        assert!(!is_printable_in_quotes("a long text, and in it a \\"));
    }

    proptest! {
        #[test]
        fn text_that_is_called_plain_is(text in "[ -~]{0,6}[\0-\u{ff}]?[ -~]{0,12}") {
            let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
            prop_assert!(is_plain || !is_printable(&text));
            let is_plain = is_plain && !text.contains(['"', '\\']);
            prop_assert!(is_plain || !is_printable_in_quotes(&text));
        }

        #[test]
        fn the_first_special_character_is_found(text in "[a\u{a0}\u{80}\u{81}\u{c2}🦀]{0,8}") {
            let found = find_special(&text, |byte| byte == 0xc2, |c| c == '\u{81}');
            prop_assert_eq!(found, text.find('\u{81}').map(|at| (at, '\u{81}')));
        }
    }
}
