//! Reading while being overwritten: invariants 1, 2, 3, 9 and 10.

use super::{
    assert_in_order, model, name, read, reader, reader_of, ring, write, write_words, writer,
};
use crate::dump::write::{self, Piece};
use crate::format::word::WORD;
use crate::read::core::Outcome;
use crate::read::idle::Idle;
use crate::ring::policy::{Policy, Start};
use crate::select::Select;
use crate::tape::batch::Records;
use crate::tape::buffer::Buffer;
use crate::tape::index::Entry;
use crate::tape::recording::Recording;
use crate::tape::snapshot;

/// The ring is full before the model begins, so that each word has few values to choose from.
#[test]
fn loom_a_snapshot_is_whole_records_in_order() {
    model(Some(3), ["overtaken", "not overtaken"], |[yes, no]| {
        let shared = ring(2);
        write(&shared, 0);
        write(&shared, 1);
        let writer = writer(&shared, [2]);
        let snapshot = snapshot::take(&shared.tape);
        let names: Vec<u8> = snapshot.records().map(name).collect();
        let possible = [&[0, 1][..], &[1], &[1, 2], &[2]];
        assert!(possible.contains(&&names[..]), "{names:?}");
        for record in &snapshot {
            assert_eq!(record.seq(), u64::from(name(record)));
        }
        yes.occurred_if(names[0] > 0);
        no.occurred_if(names[0] == 0);
        writer.join().unwrap();
    });
}

#[test]
fn loom_a_snapshot_between_two_writers_is_whole_records() {
    model(Some(3), ["of both"], |[of_both]| {
        let shared = ring(2);
        let writers = [1, 11].map(|name| writer(&shared, [name]));
        let snapshot = snapshot::take(&shared.tape);
        let names: Vec<u8> = snapshot.records().map(name).collect();
        of_both.occurred_if(names.len() == 2);
        for writer in writers {
            writer.join().unwrap();
        }
    });
}

#[test]
fn loom_a_dump_is_whole_records_and_tells_what_was_overwritten_meanwhile() {
    model(Some(3), ["overtaken"], |[overtaken]| {
        let shared = ring(2);
        write(&shared, 0);
        write(&shared, 1);
        let writer = writer(&shared, [2]);
        let mut buffer = Buffer::for_reader(shared.tape.capacity(), true).unwrap();
        let mut bytes = Vec::new();
        let mut told = 0;
        let mut out = |piece: Piece<'_>| {
            match piece {
                Piece::Missed(loss) => told += loss.missed.records,
                Piece::Records(records, _) => bytes.extend_from_slice(records.bytes()),
            }
            Ok(())
        };
        let dumped = write::write(&shared.tape, &mut buffer, &(0..0), &mut out).unwrap();
        assert_eq!(bytes.len() as u64, dumped.bytes);
        assert_eq!(told, dumped.missed.records, "not told where it is missing");
        let names: Vec<u8> = bytes.chunks(WORD).map(|record| record[0]).collect();
        for (record, name) in bytes.chunks(WORD).zip(&names) {
            assert_eq!(record, [*name; WORD], "torn");
        }
        assert_eq!(names.len() as u64, dumped.records);
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
        overtaken.occurred_if(!dumped.missed.is_empty());
        writer.join().unwrap();
    });
}

#[test]
fn loom_a_reader_that_is_overtaken_gets_whole_records_and_counts_the_rest() {
    model(None, ["lapped", "not lapped"], |[lapped, not_lapped]| {
        let shared = ring(2);
        write(&shared, 0);
        let mut core = reader(&shared, Policy::Skip);
        let writer = writer(&shared, [1, 2]);
        let got = read(&mut core, 3);
        assert!(
            got.names.windows(2).all(|pair| pair[0] < pair[1]),
            "{got:?}"
        );
        lapped.occurred_if(got.missed > 0);
        not_lapped.occurred_if(got.missed == 0);
        writer.join().unwrap();
    });
}

#[test]
fn loom_a_reader_that_is_overtaken_by_two_writers_counts_what_it_missed() {
    model(Some(3), ["lapped", "not lapped"], |[lapped, not_lapped]| {
        let shared = ring(2);
        let mut core = reader(&shared, Policy::Skip);
        let writers = [[1, 2], [11, 12]].map(|names| writer(&shared, names));
        let got = read(&mut core, 4);
        for writer in writers {
            writer.join().unwrap();
        }
        for written in [[1, 2], [11, 12]] {
            let own: Vec<u8> = written
                .into_iter()
                .filter(|name| got.names.contains(name))
                .collect();
            assert_in_order(&got.names, &own);
        }
        lapped.occurred_if(got.missed > 0);
        not_lapped.occurred_if(got.missed == 0);
    });
}

/// A record that begins a block, or ends one, has `reach` stored and fenced, and the former an entry. Here the record that
/// is overwritten while it is read is the second of three in its block, and what is over it is too.
#[test]
fn loom_a_record_in_the_midst_of_a_block_is_whole_or_missed() {
    model(None, ["overtaken"], |[overtaken]| {
        let shared = ring(6);
        (0..6).for_each(|name| assert!(write(&shared, name)));
        let start = Start::Last(5);
        let mut core = reader_of(&shared, start, Policy::Skip, Select::default());
        write(&shared, 6);
        let writer = writer(&shared, [7]);
        assert_eq!(core.recv(Idle::Return), Outcome::Batch);
        let first = Records::new(core.buffer()).next().map(name);
        let missed = core.take_untold().records;
        assert_eq!(u64::from(first.unwrap()), 1 + missed);
        overtaken.occurred_if(missed > 0);
        writer.join().unwrap();
    });
}

/// The first record that begins in the second block, at word 9, is still there when a later lap's,
/// at word 6, takes its entry: `reserved` alone does not tell the two apart.
#[test]
fn loom_an_index_entry_is_of_one_record() {
    model(None, ["replaced"], |[replaced]| {
        let shared = ring(4);
        for (name, words) in [(0, 3), (1, 2), (2, 1), (3, 1), (4, 1)] {
            write_words(&shared, name, words);
        }
        let writer = writer(&shared, [5]);
        let committed = shared.tape.committed();
        let mut seqs = Vec::new();
        for Entry { position, before } in shared.tape.entries(committed) {
            let known = [(2, 9, 5), (3, 12, 6), (5, 18, 8)];
            let word = |bytes: u64| bytes / WORD as u64;
            let found = (position.seq, word(position.offset), word(position.bytes));
            assert!(known.contains(&found), "of no record: {found:?}");
            assert_eq!(before + 1, position.seq, "of two records");
            seqs.push(position.seq);
        }
        replaced.occurred_if(!seqs.contains(&2));
        writer.join().unwrap();
    });
}
