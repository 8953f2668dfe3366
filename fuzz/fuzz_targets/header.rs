//! Any word is a header or it is not; what is one says what it was made of.

#![no_main]

use circular_core::fuzzing::{decode, encode, words};
use circular_core::{Level, Part};
use libfuzzer_sys::fuzz_target;

const WORD: usize = 8;
const HEADER_WORDS: usize = 2;

fuzz_target!(|input: (u64, (u32, u8, u8, u8, u16, bool))| {
    let (word, fields) = input;
    check_word(word);
    check_fields(fields);
});

/// Decodes, and encodes what came out.
fn check_word(word: u64) {
    let no_payload = word & 0xffff_ffff == 0;
    let no_level = word >> 40 & 0b111 > 5;
    let bits_beyond = word >> 62 != 0;
    let is_header = !(no_payload || no_level || bits_beyond);
    let fields = decode(word);
    assert_eq!(fields.is_some(), is_header, "{word:#018x}");
    if let Some(fields) = fields {
        assert_eq!(encode(fields), word, "{fields:?}");
        let content = fields.0 as usize + usize::from(fields.1);
        let beyond = words(content) * WORD - content;
        assert!((HEADER_WORDS * WORD..(HEADER_WORDS + 1) * WORD).contains(&beyond));
    }
}

/// Encodes, and decodes what came out.
fn check_fields((len, target_len, level, part, check, is_coarse): (u32, u8, u8, u8, u16, bool)) {
    let level = Level::ALL.get(usize::from(level % 6)).copied();
    let part = [Part::Whole, Part::First, Part::Middle, Part::Last][usize::from(part % 4)];
    let fields = (len, target_len, level, part, check, is_coarse);
    assert_eq!(decode(encode(fields)), (len > 0).then_some(fields));
}
