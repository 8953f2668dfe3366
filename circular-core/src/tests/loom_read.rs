//! Reading while being overwritten: invariants 1, 2, 3, 9 and 10.

use super::{model, name, read_all, reader, ring, write};
use crate::{Policy, snapshot};
use loom::thread;
use std::sync::Arc;

#[test]
fn loom_a_snapshot_is_whole_records_in_order() {
    model(2, || {
        let shared = ring(2);
        let writer = Arc::clone(&shared);
        let writer = thread::spawn(move || {
            for name in 0..3 {
                write(&writer, name);
            }
        });
        let snapshot = snapshot::take(&shared.tape);
        let names: Vec<u8> = snapshot.records().map(name).collect();
        assert!(
            names.windows(2).all(|pair| pair[1] == pair[0] + 1),
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
