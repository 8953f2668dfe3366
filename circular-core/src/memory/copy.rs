//! Copies between bytes, which one thread has for itself, and words, which all share.
//!
//! Invariant: each word is stored once, as a relaxed atomic and as a whole, and loaded once, as a whole if
//! nobody stores it meanwhile, in no promised order. Whoever needs an order has fences around the copy
//! ([`crate::tape`]).
//!
//! The compiler does not merge atomic accesses, so a loop over them moves eight bytes at a time, and
//! takes twice as long as `memcpy` for a long record. Where it pays, x86-64's own loop over words does
//! the same: `rep movsq`. This is what its makers promise, and what is enough here:
//!
//! * it moves quadwords, and an access to a quadword is atomic if that is aligned. Of the two sides, only
//!   the shared words are; the caller's bytes may lie anywhere, and the machine may cut its accesses to
//!   suit them;
//! * storing, the words are the destination. That is aligned, so each is stored as a whole, wherever the
//!   bytes come from. Those have no other writer;
//! * loading, the words are the source, and nothing is promised for where they go: a load that races with a
//!   store may be torn, with some bytes of the old word and some of the new. It is discarded like every
//!   load that raced: whoever copies without the lock asks afterwards whether it was overtaken, before it
//!   looks at any byte, and under the lock nobody stores. Headers and times, which are looked at before
//!   that, never go this way: they are loaded one by one;
//! * its stores may be seen in any order among each other, as relaxed stores may, but in order with
//!   those before it and after it; loads are in order with each other there, its own as well. So what a
//!   release or acquire fence orders in the loop (there it is no instruction, only a bound for the
//!   compiler) it orders here. The compiler takes the block for something that may access any memory.
//!
//! So storing is that many relaxed stores of words, and loading is as good as that many relaxed loads for
//! all that is looked at. The tests compare both with the loop. Models, Miri and other machines have the
//! loop.
//!
//! Vector registers would be faster for a record of some hundreds of bytes, by a tenth of a write. But
//! that their halves are atomic is promised only for aligned ones, on machines with AVX.

use crate::format::word::WORD;
use crate::sys::sync::{self, AtomicU64};
use std::sync::atomic::Ordering::Relaxed;

/// As many words and more are left to the machine's own loop, which needs as long to get going as ours
/// for some hundreds of bytes.
const LONG: usize = 128;

/// Words in a cache line.
const LINE: usize = 64 / WORD;
const LINES_OF_A_RECORD: usize = 3;

/// Stores in all of `words` what `bytes` begins with.
#[inline]
pub(crate) fn store(words: &[AtomicU64], bytes: &[u8]) {
    debug_assert!(words.len() * WORD <= bytes.len());
    if is_long(words) {
        return long::store(words, bytes);
    }
    store_words(words, bytes);
}

/// Loads all of `words` into what `bytes` begins with.
#[inline]
pub(crate) fn load(words: &[AtomicU64], bytes: &mut [u8]) {
    debug_assert!(words.len() * WORD <= bytes.len());
    if is_long(words) {
        return long::load(words, bytes);
    }
    load_words(words, bytes);
}

/// loom's atomics are larger than a word, so they cannot be copied as memory.
#[inline]
fn is_long(words: &[AtomicU64]) -> bool {
    words.len() >= LONG && !sync::IS_MODEL
}

/// Tells the machine that the words from `index` on are stored to soon: as many as a record of usual length
/// has. It is a hint, and nothing where a machine has none.
#[inline(always)]
pub(crate) fn will_store(words: &[AtomicU64], index: usize) {
    let place = words.as_ptr().wrapping_add(index);
    for line in 0..LINES_OF_A_RECORD {
        fetch(place.wrapping_add(line * LINE));
    }
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[expect(unsafe_code, reason = "a hint to the machine")]
#[inline(always)]
fn fetch(line: *const AtomicU64) {
    use std::arch::x86_64::{_MM_HINT_ET0, _mm_prefetch};
    // SAFETY: it accesses nothing, and may be given any address.
    unsafe { _mm_prefetch::<_MM_HINT_ET0>(line.cast()) };
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
fn fetch(_line: *const AtomicU64) {}

#[inline]
fn store_words(words: &[AtomicU64], bytes: &[u8]) {
    for (word, chunk) in words.iter().zip(bytes.chunks_exact(WORD)) {
        word.store(word_of(chunk), Relaxed);
    }
}

#[inline]
fn word_of(chunk: &[u8]) -> u64 {
    let mut word = [0; WORD];
    word.copy_from_slice(chunk);
    u64::from_le_bytes(word)
}

#[inline]
fn load_words(words: &[AtomicU64], bytes: &mut [u8]) {
    for (word, chunk) in words.iter().zip(bytes.chunks_exact_mut(WORD)) {
        chunk.copy_from_slice(&word.load(Relaxed).to_le_bytes());
    }
}

#[cfg(all(target_arch = "x86_64", target_pointer_width = "64", not(miri)))]
#[expect(unsafe_code, reason = "the machine's own loop over words")]
mod long {
    use super::{AtomicU64, WORD};
    use std::arch::asm;

    #[inline(never)]
    pub(super) fn store(words: &[AtomicU64], bytes: &[u8]) {
        let count = words.len().min(bytes.len() / WORD);
        // SAFETY: there are so many words, which may be stored to through a shared reference, and eight
        // bytes for each.
        unsafe { copy(words.as_ptr().cast_mut().cast(), bytes.as_ptr(), count) };
    }

    #[inline(never)]
    pub(super) fn load(words: &[AtomicU64], bytes: &mut [u8]) {
        let count = words.len().min(bytes.len() / WORD);
        // SAFETY: there are so many words, and eight bytes for each, which are the caller's alone.
        unsafe { copy(bytes.as_mut_ptr(), words.as_ptr().cast(), count) };
    }

    /// Moves `count` words.
    ///
    /// # Safety
    ///
    /// There are so many to read and to write. That of the two which is shared is [`AtomicU64`]s.
    #[inline]
    unsafe fn copy(to: *mut u8, from: *const u8, count: usize) {
        // SAFETY: as the caller says; the direction flag is clear, as everywhere in Rust.
        unsafe {
            asm!(
                "rep movsq",
                inout("rcx") count => _,
                inout("rdi") to => _,
                inout("rsi") from => _,
                options(nostack, preserves_flags),
            );
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", target_pointer_width = "64", not(miri))))]
mod long {
    pub(super) use super::{load_words as load, store_words as store};
}

/// Stores in `words`, all of them, what of `bytes` fills no word, then `more`, then zeroes.
#[inline(never)]
pub(crate) fn store_rest(words: &[AtomicU64], bytes: &[u8], more: &[u8]) {
    let mut carry = rest(bytes);
    let shift = 8 * (bytes.len() % WORD);
    let (whole, last) = words.split_at(more.len() / WORD);
    let mut store = |word: &AtomicU64, next: u64| {
        word.store(carry | next << shift, Relaxed);
        // By 64 bits less, which may be all of them.
        carry = next >> 1 >> (63 - shift);
    };
    for (word, chunk) in whole.iter().zip(more.chunks_exact(WORD)) {
        store(word, word_of(chunk));
    }
    for (word, next) in last.iter().zip([rest(more), 0]) {
        store(word, next);
    }
}

/// What of `bytes` fills no word, as a word with zeroes behind it.
#[inline]
fn rest(bytes: &[u8]) -> u64 {
    let len = bytes.len() % WORD;
    match bytes.last_chunk::<WORD>() {
        // By 64 bits if there is nothing.
        Some(last) => u64::from_le_bytes(*last) >> 1 >> (8 * (WORD - len) - 1),
        None => partial(bytes),
    }
}

/// Fewer bytes than a word has, as one, with zeroes behind them.
#[inline]
pub(crate) fn partial(bytes: &[u8]) -> u64 {
    debug_assert!(bytes.len() < WORD);
    // First and last half, which overlap in the middle.
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let shift = 8 * (bytes.len() - 4);
        return u64::from(u32::from_le_bytes(*first))
            | u64::from(u32::from_le_bytes(*last)) << shift;
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let shift = 8 * (bytes.len() - 2);
        return u64::from(u16::from_le_bytes(*first))
            | u64::from(u16::from_le_bytes(*last)) << shift;
    }
    bytes.first().map_or(0, |&byte| byte.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word that nothing here stores.
    const UNTOUCHED: u64 = u64::MAX;

    fn words(count: usize) -> Vec<AtomicU64> {
        (0..count).map(|_| AtomicU64::new(UNTOUCHED)).collect()
    }

    fn values(words: &[AtomicU64]) -> Vec<u64> {
        words.iter().map(|word| word.load(Relaxed)).collect()
    }

    /// No two neighbours alike, and none that fills an untouched word.
    fn text(len: usize) -> Vec<u8> {
        (0..=250).cycle().take(len).collect()
    }

    #[test]
    fn the_machines_loop_stores_what_ours_does() {
        let text = text(3 * LONG * WORD);
        for count in 0..2 * LONG {
            for offset in 0..WORD {
                let (ours, theirs) = (words(count + 2), words(count + 2));
                store_words(&ours[1..=count], &text[offset..]);
                long::store(&theirs[1..=count], &text[offset..]);
                assert_eq!(values(&ours), values(&theirs));
                assert_eq!(theirs[0].load(Relaxed), UNTOUCHED);
                assert_eq!(theirs[count + 1].load(Relaxed), UNTOUCHED);
            }
        }
    }

    #[test]
    fn the_machines_loop_loads_what_ours_does() {
        let all = words(2 * LONG);
        store_words(&all, &text(2 * LONG * WORD));
        for count in 0..2 * LONG {
            for offset in 0..WORD {
                let blank = vec![0xff; (count + 2) * WORD];
                let (mut ours, mut theirs) = (blank.clone(), blank);
                load_words(&all[..count], &mut ours[offset..][..count * WORD]);
                long::load(&all[..count], &mut theirs[offset..][..count * WORD]);
                assert_eq!(ours, theirs);
            }
        }
    }

    #[test]
    fn it_ends_with_the_shorter_of_the_two() {
        let three = words(3);
        long::store(&three, &text(2 * WORD + 7));
        assert_eq!(three[2].load(Relaxed), UNTOUCHED);
        let mut bytes = [0xff; 2 * WORD + 7];
        long::load(&three, &mut bytes);
        assert_eq!(bytes[2 * WORD..], [0xff; 7]);
    }

    #[test]
    fn what_fills_no_word_is_followed_by_the_next_bytes_and_zeroes() {
        let text = text(64);
        for first in 0..20 {
            for second in 0..30 {
                let (bytes, more) = text[..first + second].split_at(first);
                let mut expected = bytes[first / WORD * WORD..].to_vec();
                expected.extend_from_slice(more);
                let all = words(expected.len().div_ceil(WORD));
                expected.resize(all.len() * WORD, 0);
                store_rest(&all, bytes, more);
                let mut stored = vec![0; expected.len()];
                load_words(&all, &mut stored);
                assert_eq!(stored, expected, "{first} and {second}");
            }
        }
    }
}
