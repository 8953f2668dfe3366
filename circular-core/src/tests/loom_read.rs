//! Reading while being overwritten: invariants 1, 2, 3, 9 and 10.

use super::{model, name, read_all, reader, ring, write, write_words};
use crate::index::Entry;
use crate::pass::{Idle, Outcome, Pass};
use crate::storage::WORD;
use crate::{Policy, Records, Start, snapshot};
use loom::thread;
use std::sync::Arc;

/// The ring is full before the model begins, so that each word has few values to choose from.
#[test]
fn loom_a_snapshot_is_whole_records_in_order() {
    model(2, || {
        let shared = ring(2);
        write(&shared, 0);
        write(&shared, 1);
        let writer = Arc::clone(&shared);
        let writer = thread::spawn(move || write(&writer, 2));
        let snapshot = snapshot::take(&shared.tape);
        let names: Vec<u8> = snapshot.records().map(name).collect();
        assert!(
            [&[0, 1][..], &[1], &[1, 2], &[2]].contains(&&names[..]),
            "{names:?}"
        );
        for record in &snapshot {
            assert_eq!(record.seq(), u64::from(name(record)));
        }
        writer.join().unwrap();
    });
}

#[test]
fn loom_a_reader_that_is_overtaken_gets_whole_records_and_counts_the_rest() {
    model(2, || {
        let shared = ring(2);
        let pass = reader(&shared, Policy::Skip);
        let writer = Arc::clone(&shared);
        let writer = thread::spawn(move || {
            for name in 0..4 {
                write(&writer, name);
            }
            writer.close();
        });
        let (names, missed) = read_all(pass);
        assert!(names.windows(2).all(|pair| pair[1] > pair[0]), "{names:?}");
        assert_eq!(names.len() as u64 + missed, 4);
        writer.join().unwrap();
    });
}

/// In a ring of two records each begins a block, and noting that fences too. Here the record that is
/// overwritten while it is read is the second of its block.
#[test]
fn loom_a_record_in_the_midst_of_a_block_is_whole_or_missed() {
    model(2, || {
        let shared = ring(4);
        (0..4).for_each(|name| assert!(write(&shared, name)));
        let start = Start::Last(3);
        let mut pass = Pass::join(Arc::clone(&shared), start, Policy::Skip, None, true);
        write(&shared, 4);
        let writer = Arc::clone(&shared);
        let writer = thread::spawn(move || write(&writer, 5));
        assert_eq!(pass.next(Idle::Return), Outcome::Batch);
        let first = Records::new(pass.buffer()).next().map(name);
        let missed = pass.take_untold().records;
        assert_eq!(u64::from(first.unwrap()), 1 + missed);
        writer.join().unwrap();
    });
}

/// The first record that begins in the second block, at word 9, is still there when a later lap's,
/// at word 6, takes its entry: `intent` alone does not tell the two apart.
#[test]
fn loom_an_index_entry_is_of_one_record() {
    model(3, || {
        let shared = ring(4);
        for (name, words) in [(0, 3), (1, 2), (2, 1), (3, 1), (4, 1)] {
            write_words(&shared, name, words);
        }
        let writer = Arc::clone(&shared);
        let writer = thread::spawn(move || write(&writer, 5));
        let tail = shared.tape.tail();
        for Entry { spot, nanos } in shared.tape.entries(tail) {
            let known = [(2, 9, 5), (3, 12, 6), (5, 18, 8)];
            let word = |bytes: u64| bytes / WORD as u64;
            let found = (spot.seq, word(spot.position), word(spot.bytes));
            assert!(known.contains(&found), "{found:?}");
            assert_eq!(nanos, spot.seq);
        }
        writer.join().unwrap();
    });
}
