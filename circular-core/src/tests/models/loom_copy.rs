//! A copy of the ring's file that is made while it is written: invariants 9 and 10.
//!
//! Whoever copies a file reads it from front to back. The model's copy does so word by word, in order; that a machine
//! does is what a copy relies on.

use super::{model, ring, write_words, writer};
use crate::format::layout::Layout;
use crate::format::word::WORD;
use crate::ring::shared::Shared;
use crate::sys::sync::fence;
use crate::tape::batch::Records;
use crate::tape::image::Image;
use crate::tape::recording::Recording;
use crate::tape::{Tape, recover};
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::time::UNIX_EPOCH;

/// All of a ring as it would lie in a file, read from front to back, as a plain copy of the file is made.
fn copy_front_to_back(tape: &Tape) -> (Vec<u8>, Layout) {
    let layout = Layout::heap(tape.size(), tape.blocks().count).unwrap();
    let entries = layout.blocks * layout.entry_words * WORD;
    let sections = [
        (layout.live, 2 * WORD),
        (layout.index, entries),
        (layout.data, layout.capacity),
        (layout.reach, WORD),
    ];
    let mut copy = vec![0; layout.len];
    for (begin, bytes) in sections {
        let words = tape.memory().words(begin, bytes);
        for (word, place) in words.iter().zip(copy[begin..].chunks_exact_mut(WORD)) {
            place.copy_from_slice(&word.load(Relaxed).to_le_bytes());
            // R1, R3, R4 and R5: what comes later is read later.
            fence(Acquire);
        }
    }
    (copy, layout)
}

/// Copies the ring, and tells the names of the records that are found in the copy, all of which are whole and in order.
fn names_in_a_copy(shared: &Shared) -> Vec<u64> {
    let (copy, layout) = copy_front_to_back(&shared.tape);
    let image = Image::new(Arc::<[u8]>::from(copy), layout, true);
    let buffer = recover::all(&image).unwrap();
    let names: Vec<u64> = Records::new(&buffer)
        .map(|record| {
            let name = record.bytes()[0];
            let is_whole = record.bytes().iter().all(|byte| *byte == name);
            assert!(is_whole, "torn: {record:?}");
            let nanos = record.time().duration_since(UNIX_EPOCH).unwrap().as_nanos();
            assert_eq!(nanos, u128::from(name), "torn time");
            assert_eq!(record.seq(), u64::from(name), "of another number");
            record.seq()
        })
        .collect();
    let is_run = names.windows(2).all(|pair| pair[0] + 1 == pair[1]);
    assert!(is_run, "a gap that nobody damaged: {names:?}");
    names
}

#[test]
fn loom_a_copy_from_front_to_back_has_whole_records() {
    let cases = ["all", "overwritten", "without the oldest"];
    model(Some(2), cases, |[all, overwritten, without]| {
        let shared = ring(4);
        (0..4).for_each(|name| assert!(write_words(&shared, name, 1)));
        let writer = writer(&shared, [4]);
        let names = names_in_a_copy(&shared);
        all.occurred_if(names == [0, 1, 2, 3]);
        // What the copy says was published is not all that it has.
        without.occurred_if(names == [2, 3]);
        overwritten.occurred_if(names == [2, 3, 4]);
        writer.join().unwrap();
    });
}

/// The first record of block 0 begins at its word 4. In the next lap the first one ends before that, and the second one
/// is over it, for which nothing is noted any more.
#[test]
fn loom_a_copy_has_no_record_that_the_second_of_a_block_is_over() {
    model(Some(2), ["both", "only the last"], |[both, last]| {
        let shared = ring(6);
        for (name, words) in [(0, 5), (1, 9), (2, 8), (3, 3), (4, 3), (5, 8)] {
            assert!(write_words(&shared, name, words - 2));
        }
        let writer = writer(&shared, [6, 7]);
        let names = names_in_a_copy(&shared);
        both.occurred_if(names == [3, 4, 5]);
        last.occurred_if(names == [5]);
        writer.join().unwrap();
    });
}

/// A record that goes over the end of a block into the next one, where it is over the first one, without an entry of its
/// own: nothing but `reach` is stored and fenced for it.
#[test]
fn loom_a_copy_has_no_record_that_one_from_the_block_before_is_over() {
    model(Some(2), ["all", "without"], |[all, without]| {
        let shared = ring(4);
        for (name, words) in [(0, 3), (1, 3), (2, 3), (3, 3), (4, 3), (5, 3), (6, 5)] {
            assert!(write_words(&shared, name, words - 2));
        }
        let writer = writer(&shared, [7]);
        let names = names_in_a_copy(&shared);
        all.occurred_if(names == [4, 5, 6]);
        without.occurred_if(names == [6]);
        writer.join().unwrap();
    });
}
