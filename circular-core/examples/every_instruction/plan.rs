//! Which writes a child makes: of all kinds, and so that records go around the end of DATA at every word.
//!
//! Invariant: it is the same for the same seed, so that parent and child agree without a word.

use crate::model::{Call, Model, Write};
use crate::random::Random;
use circular_core::{Level, Meta};

/// Records go around the end after up to so many of their words.
const WRAPS: u64 = 40;
/// So near the end of DATA, records are made to fit.
const NEAR: u64 = 120;
const HEADER_WORDS: u64 = 2;

pub(crate) struct Plan {
    pub(crate) capacity: usize,
    pub(crate) writes: Vec<Write>,
    pub(crate) model: Model,
}

impl Plan {
    pub(crate) fn new(capacity: usize, count: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut model = Model::new(capacity);
        let mut writes = Vec::new();
        let mut wrap = 1 + random.below(WRAPS);
        while writes.len() < count {
            let left = model.words_left();
            let write = if left == wrap {
                wrap = wrap % WRAPS + 1;
                let words = left.max(HEADER_WORDS) + 1 + random.below(20);
                of_words(words, &mut random)
            } else if left >= wrap + 3 && left < NEAR {
                of_words((left - wrap).min(40), &mut random)
            } else {
                any(capacity, left, &mut random)
            };
            model.write(&write);
            writes.push(write);
        }
        Self {
            capacity,
            writes,
            model,
        }
    }
}

/// A record of so many words, three at least.
fn of_words(words: u64, random: &mut Random) -> Write {
    let content = usize::try_from((words - HEADER_WORDS) * 8 - random.below(8)).unwrap_or(1);
    let target = match random.below(2) {
        0 => 0,
        _ => random.below(content as u64).min(Meta::MAX_TARGET as u64),
    };
    let target = letters(usize::try_from(target).unwrap_or(0), random);
    let mut write = Write::new(letters(content - target.len(), random));
    write.target = String::from_utf8(target).unwrap_or_default();
    with_meta(write, random)
}

fn any(capacity: usize, left: u64, random: &mut Random) -> Write {
    // A long one would jump over where records are made to fit.
    let is_long = left > 3 * NEAR && random.once_in(8);
    let len = |from: usize, below: usize, random: &mut Random| {
        from + usize::try_from(random.below((below - from) as u64)).unwrap_or(0)
    };
    match random.below(5) + if is_long { 5 } else { 0 } {
        0 => Write::new(letters(len(1, 60, random), random)),
        1 => with_meta(Write::new(letters(len(1, 200, random), random)), random),
        2 => {
            let mut write = Write::new(letters(len(2, 120, random), random));
            write.call = Call::Formatted;
            with_meta(write, random)
        }
        3 => {
            let mut write = Write::new(letters(len(1, 300, random), random));
            write.call = Call::Vectored(len(1, 30, random));
            write
        }
        4 => of_words(len(3, 50, random) as u64, random),
        5..=7 => {
            // It covers blocks, and is copied by the machine's own loop. The longest are a quarter of the ring.
            let most = capacity / 4 - 16;
            let mut write = Write::new(letters(len(most / 2, most + 1, random), random));
            if random.once_in(2) {
                write.call = Call::Vectored(len(2, 9, random));
            }
            write
        }
        8 => with_meta(
            Write::new(letters(len(capacity / 4, capacity / 2, random), random)),
            random,
        ),
        _ => {
            // In parts that fill most of the ring, or go around more than once.
            let below = capacity + capacity / 4;
            Write::new(letters(len(capacity / 3, below, random), random))
        }
    }
}

fn with_meta(mut write: Write, random: &mut Random) -> Write {
    let level = usize::try_from(random.below(6)).unwrap_or(0);
    write.level = Level::ALL.get(level).copied();
    if write.target.is_empty() && random.once_in(2) {
        let longest = [4, 30, 255];
        let len = 1 + {
            let longest = random.pick(&longest);
            random.below(longest)
        };
        let target = letters(usize::try_from(len).unwrap_or(1), random);
        write.target = String::from_utf8(target).unwrap_or_default();
    }
    if random.once_in(2) {
        write.time = Some(random.next() >> 2);
    }
    write
}

/// No two words of them are the same, as good as never.
fn letters(len: usize, random: &mut Random) -> Vec<u8> {
    let mut letters = Vec::with_capacity(len + 8);
    while letters.len() < len {
        let random = random.next().to_le_bytes();
        letters.extend(random.map(|byte| b'!' + byte % 94));
    }
    letters.truncate(len);
    letters
}
