//! What of a killed program's messages is in a text, be it LTTng's or ours: between quotes, one in a line.

use super::writer::{BATCH, message};
use std::collections::BTreeSet;

/// What is there, and what is wrong with it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    pub(crate) acknowledged: u64,
    pub(crate) messages: u64,
    /// Not there, but acknowledged, or older than another of its thread that is there, and newer than the oldest.
    pub(crate) lost: u64,
    /// Lines that are no message as it was written.
    pub(crate) torn: u64,
    /// Twice there, or never written: beside what was acknowledged, a thread may have begun with the next ones.
    pub(crate) invented: u64,
}

/// `counts`: how many messages each thread has acknowledged, from 0 on.
pub(crate) fn judge(text: &str, counts: &[u64]) -> Found {
    let mut found = Found::default();
    let mut numbers = vec![BTreeSet::new(); counts.len()];
    for line in text.lines() {
        match line.split('"').nth(1).and_then(stamp) {
            None => found.torn += 1,
            Some((thread, number)) => {
                let is_new = match numbers.get_mut(thread) {
                    Some(numbers) if number < counts[thread] + BATCH => numbers.insert(number),
                    _ => false,
                };
                found.messages += u64::from(is_new);
                found.invented += u64::from(!is_new);
            }
        }
    }
    for (numbers, count) in numbers.iter().zip(counts) {
        found.acknowledged += count;
        let oldest = numbers.first().copied().unwrap_or(0);
        let newest = numbers.last().map_or(0, |newest| newest + 1);
        found.lost += newest.max(*count) - oldest - numbers.len() as u64;
    }
    found
}

/// Whose it is, and its number, if it is whole.
fn stamp(text: &str) -> Option<(usize, u64)> {
    let mut words = text.split(' ');
    let thread = words.next()?.parse().ok()?;
    let number = words.next()?.parse().ok()?;
    let is_whole = text.as_bytes() == message(thread as u64, number);
    is_whole.then_some((thread, number))
}
