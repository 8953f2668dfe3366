//! Memory that no writer wrote: whoever reads it comes to an end, and nothing panics. Fuzz targets
//! found the cases.

use crate::api::handle::Handle;
use crate::api::ring::Ring;
use crate::error::TryRecvError;
use crate::format::word::WORD;
use crate::fuzzing::{dump, encode, set_entry, set_head, set_truth, set_word};
use crate::record::part::Part;
use crate::ring::policy::{Policy, Start};
use std::io::Write;

const PAGE: usize = 4096;

/// A ring of one page with one record in it, and its handle.
fn ring() -> (Ring, Handle) {
    let mut ring = Ring::new(PAGE).unwrap();
    ring.write_all(b"honest").unwrap();
    let handle = ring.handle();
    (ring, handle)
}

/// Puts a record of one byte at an offset, with the entry of its block, as the only thing there is.
fn only_record(handle: &Handle, offset: u64, seq: u64, bytes: u64) {
    let words = PAGE / WORD;
    let at = usize::try_from(offset / WORD as u64 % words as u64).unwrap();
    set_word(handle, 0, 0);
    set_word(handle, at, header(seq));
    set_entry(handle, at / 4, offset, (seq, bytes, 0));
}

/// The header of record `seq`, which is one byte long.
fn header(seq: u64) -> u64 {
    encode((
        1,
        0,
        None,
        Part::Whole,
        crate::format::header::check(seq),
        false,
    ))
}

fn dumped(handle: &Handle) -> u64 {
    let (records, ..) = dump(handle, &mut |_| Ok(())).unwrap();
    records
}

/// How many records a reader gets.
fn read(handle: &Handle, start: Start, policy: Policy) -> u64 {
    let mut reader = handle.reader().start(start).policy(policy).open();
    let mut count = 0;
    assert_eq!(handle.stats().readers.len(), 1);
    while let Ok(batch) = reader.try_recv() {
        count += batch.len() as u64;
    }
    assert!(matches!(reader.try_recv(), Err(TryRecvError::Empty)));
    count
}

/// Position, seq and bytes before are where the next record would overflow them.
#[test]
fn nothing_overflows_at_the_end_of_the_numbers() {
    let last = u64::MAX - 7;
    let cases = [(last, 0, 0), (64, u64::MAX, 0), (64, 0, u64::MAX)];
    for (offset, seq, bytes) in cases {
        let (_ring, handle) = ring();
        only_record(&handle, offset, seq, bytes);
        let committed = offset.saturating_add(24);
        set_truth(&handle, committed, committed);
        assert!(handle.snapshot().is_empty());
        assert_eq!(dumped(&handle), 0);
        set_head(&handle, committed, (seq, bytes));
        for start in [Start::Oldest, Start::Newest, Start::Last(1)] {
            for policy in [Policy::Skip, Policy::Block] {
                assert_eq!(read(&handle, start, policy), 0);
            }
        }
    }
}

/// `committed` says that there are two to the sixty-four bytes, and `reserved` that none was
/// overwritten.
#[test]
fn what_is_further_back_than_the_capacity_is_gone_whatever_the_intent_says() {
    for committed in [u64::MAX, u64::MAX - 7, 2 * PAGE as u64 + 8] {
        let (_ring, handle) = ring();
        set_truth(&handle, committed, 0);
        assert!(handle.snapshot().is_empty());
        assert_eq!(dumped(&handle), 0);
        set_head(&handle, committed, (1, 6));
        assert_eq!(read(&handle, Start::Oldest, Policy::Skip), 0);
        assert_eq!(read(&handle, Start::Last(1), Policy::Skip), 0);
    }
}

/// The low bits of the seqs fit again after a lap: nothing in the storage itself ends a walk.
#[test]
fn a_walk_does_not_go_round_and_round() {
    let records = 1 << 16;
    let mut ring = Ring::new(records * 3 * WORD).unwrap();
    let handle = ring.handle();
    let mut reader = handle.reader().open();
    for _ in 0..records {
        ring.write_all(b"x").unwrap();
    }
    set_truth(&handle, 1 << 60, 0);
    assert_eq!(dumped(&handle), 0);
    while reader.try_recv().is_ok() {}
}

/// Entries with nothing to read at any, and with numbers that go up and down.
#[test]
fn what_was_missed_is_counted_even_if_it_makes_no_sense() {
    let (_ring, handle) = ring();
    let begin = 1 << 63;
    let numbers = [7, begin, 0, begin, 0, begin];
    for (offset, number) in (begin..).step_by(64).zip(numbers) {
        only_record(&handle, offset, number, number);
    }
    (0..PAGE / WORD).for_each(|at| set_word(&handle, at, 0));
    let end = begin + 512;
    set_truth(&handle, end, end);
    set_head(&handle, end, (1, 1));
    assert!(handle.snapshot().is_empty());
    assert_eq!(dumped(&handle), 0);
    assert_eq!(read(&handle, Start::Oldest, Policy::Skip), 0);
}

/// Under the lock, head and `committed` are the same.
#[test]
fn a_reader_gets_on_where_head_and_tail_disagree() {
    for (committed, reserved) in [
        (0, 0),
        (0, 24),
        (8, 8),
        (48, 48),
        (1 << 20, 0),
        (0, 1 << 20),
    ] {
        let (mut ring, handle) = ring();
        let mut reader = handle.reader().open();
        ring.write_all(b"honest").unwrap();
        set_truth(&handle, committed, reserved);
        while reader.try_recv().is_ok() {}
        drop(reader);
        assert!(read(&handle, Start::Oldest, Policy::Block) <= 2);
        assert!(read(&handle, Start::Newest, Policy::Skip) <= 2);
    }
    // There is nothing to read below the head.
    let (_ring, handle) = ring();
    let mut reader = handle.reader().open();
    set_word(&handle, 0, 0);
    set_truth(&handle, 1 << 20, 24);
    while reader.try_recv().is_ok() {}
}

/// With the target, the record's bytes are more than 32 bits count.
#[test]
fn a_length_beyond_the_ring_is_none() {
    let (_ring, handle) = ring();
    for target_len in [0, 1, 255] {
        let header = encode((u32::MAX, target_len, None, Part::Whole, 0, false));
        set_word(&handle, 0, header);
        assert!(handle.snapshot().is_empty());
        assert_eq!(dumped(&handle), 0);
        assert_eq!(read(&handle, Start::Oldest, Policy::Skip), 0);
    }
}
