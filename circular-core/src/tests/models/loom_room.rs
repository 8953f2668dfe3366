//! Waiting for room and for data, joining and leaving: invariants 4, 5 and 7.

use super::{
    Got, assert_in_order, model, name, read, reader, reader_of, ring, write, write_info,
    write_words, writer,
};
use crate::read::core::{Outcome, ReaderCore};
use crate::read::idle::Idle;
use crate::record::cursor::Cursor;
use crate::record::level::Level;
use crate::ring::policy::{Policy, Start};
use crate::ring::shared::Shared;
use crate::select::Select;
use crate::tape::batch::Records;
use loom::thread;
use std::sync::Arc;

fn waits(shared: &Shared) -> u64 {
    shared.lock().unwrap().counts.waits
}

#[test]
fn loom_a_lossless_reader_gets_every_record_of_one_writer() {
    model(
        Some(3),
        ["a writer waited", "no writer waited"],
        |[waited, not]| {
            let shared = ring(2);
            let mut core = reader(&shared, Policy::Block);
            let writer = writer(&shared, [1, 2, 3]);
            let got = read(&mut core, 3);
            writer.join().unwrap();
            let all = (vec![1, 2, 3], 0);
            assert_eq!((got.names, got.missed), all, "not what was written");
            waited.occurred_if(waits(&shared) > 0);
            not.occurred_if(waits(&shared) == 0);
        },
    );
}

#[test]
fn loom_a_record_wakes_every_reader_that_sleeps() {
    model(Some(3), [], |[]| {
        let shared = ring(2);
        let readers = [Policy::Block, Policy::Skip].map(|policy| {
            let mut core = reader(&shared, policy);
            thread::spawn(move || read(&mut core, 1))
        });
        assert!(write(&shared, 1));
        for reader in readers {
            assert_eq!(reader.join().unwrap().names, [1]);
        }
    });
}

#[test]
fn loom_a_lossless_reader_gets_every_record_of_two_writers() {
    model(Some(3), ["two writers waited"], |[waited]| {
        let shared = ring(2);
        let mut core = reader(&shared, Policy::Block);
        let writers = [[1, 2], [11, 12]].map(|names| writer(&shared, names));
        let got = read(&mut core, 4);
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(got.missed, 0);
        assert_in_order(&got.names, &[1, 2]);
        assert_in_order(&got.names, &[11, 12]);
        waited.occurred_if(waits(&shared) > 1);
    });
}

/// The slower of the two holds the writer back, whichever that is.
#[test]
fn loom_two_lossless_readers_both_get_every_record() {
    model(Some(3), ["a writer waited"], |[waited]| {
        let shared = ring(2);
        let mut core = reader(&shared, Policy::Block);
        let mut other = reader(&shared, Policy::Block);
        let other = thread::spawn(move || read(&mut other, 3));
        let writer = writer(&shared, [1, 2, 3]);
        let got = read(&mut core, 3);
        for got in [got, other.join().unwrap()] {
            let all = (vec![1, 2, 3], 0);
            assert_eq!((got.names, got.missed), all, "not what was written");
        }
        writer.join().unwrap();
        waited.occurred_if(waits(&shared) > 0);
    });
}

/// It sleeps on, however much is filtered out.
#[test]
fn loom_a_reader_that_filters_waits_for_a_record_that_passes() {
    model(Some(3), [], |[]| {
        let shared = ring(4);
        let (start, policy) = (Start::Oldest, Policy::Block);
        let mut core = reader_of(&shared, start, policy, Select::at_least(Level::Warn));
        let writer = Arc::clone(&shared);
        let writer = thread::spawn(move || {
            (0..3).for_each(|_| write_info(&writer));
            assert!(write(&writer, 7));
        });
        let outcome = core.recv(Idle::Sleep { until: None });
        assert_eq!(outcome, Outcome::Batch, "it ended its wait");
        let names: Vec<u8> = Records::new(core.buffer()).map(name).collect();
        assert_eq!(names, [7]);
        writer.join().unwrap();
    });
}

/// Two in line, and only the first is told: the second must be told by the first.
#[test]
fn loom_writers_that_wait_go_on_when_the_reader_leaves() {
    model(Some(3), ["both waited"], |[both]| {
        let shared = ring(2);
        let core = reader(&shared, Policy::Block);
        (0..2).for_each(|name| assert!(write(&shared, name)));
        let writers = [2, 3].map(|name| writer(&shared, [name]));
        drop(core);
        for writer in writers {
            writer.join().unwrap();
        }
        both.occurred_if(waits(&shared) == 2);
    });
}

/// The one that stays lets writers go on, though the one that leaves had held them back further.
#[test]
fn loom_a_reader_that_leaves_takes_nothing_from_one_that_stays() {
    model(Some(3), ["a writer waited"], |[waited]| {
        let shared = ring(2);
        let mut stays = reader(&shared, Policy::Block);
        let leaves = reader(&shared, Policy::Block);
        let writer = writer(&shared, [1, 2, 3]);
        let leaver = thread::spawn(move || drop(leaves));
        let got = read(&mut stays, 3);
        assert_eq!((got.names, got.missed), (vec![1, 2, 3], 0));
        writer.join().unwrap();
        leaver.join().unwrap();
        waited.occurred_if(waits(&shared) > 0);
    });
}

#[test]
fn loom_a_reader_that_joins_while_others_write_has_no_gap_and_no_double() {
    model(
        Some(3),
        ["joined at the first record", "joined at the last two"],
        |[first, last]| {
            let shared = ring(2);
            let writers = [[1, 2], [11, 12]].map(|names| writer(&shared, names));
            let mut core = reader(&shared, Policy::Block);
            let seq = core.cursor().seq;
            let got = read(&mut core, 4 - seq);
            assert_eq!(got.missed, 0, "missed");
            for writer in writers {
                writer.join().unwrap();
            }
            first.occurred_if(seq == 0);
            last.occurred_if(seq == 2);
        },
    );
}

/// Joins after a cursor while a writer overtakes the place.
#[test]
fn loom_a_reader_that_resumes_is_told_what_is_gone() {
    model(
        Some(3),
        ["something was gone", "nothing was gone"],
        |[gone, not]| {
            let shared = ring(2);
            (0..2).for_each(|name| assert!(write(&shared, name)));
            let mut first = reader(&shared, Policy::Skip);
            let cursor = first.cursor();
            assert_eq!(read(&mut first, 2).names, [0, 1]);
            let writer = writer(&shared, [2, 3]);
            let start = Start::After(cursor);
            let mut core = reader_of(&shared, start, Policy::Skip, Select::default());
            let mut got = Got {
                missed: core.take_untold().records,
                ..Got::default()
            };
            let rest = read(&mut core, 4 - got.missed);
            got.missed += rest.missed;
            assert_eq!(got.missed + rest.names.len() as u64, 4);
            assert_eq!(rest.names.last(), Some(&3));
            gone.occurred_if(got.missed > 0);
            not.occurred_if(got.missed == 0);
            writer.join().unwrap();
        },
    );
}

/// The place is behind a record that a writer overwrites while the reader steps over it.
#[test]
fn loom_a_walk_that_is_overtaken_is_not_relied_on() {
    model(
        Some(3),
        ["began at its place", "began behind it"],
        |[there, behind]| {
            let shared = ring(4);
            (0..4).for_each(|name| assert!(write(&shared, name)));
            let cursor = Cursor {
                ring: shared.id,
                seq: 1,
                bytes: Some(8),
            };
            let writer = writer(&shared, [4]);
            let start = Start::After(cursor);
            let mut core = reader_of(&shared, start, Policy::Skip, Select::default());
            let gone = core.take_untold().records;
            assert_eq!(core.cursor().seq, 1 + gone);
            let rest = read(&mut core, 4 - gone);
            let names: Vec<u8> = (5 - rest.names.len() as u8..5).collect();
            assert_eq!(rest.names, names);
            there.occurred_if(gone == 0);
            behind.occurred_if(gone == 1);
            writer.join().unwrap();
        },
    );
}

/// The long record fills the ring: it must not starve, and a short one that comes while it waits
/// must not go before it.
#[test]
fn loom_a_long_record_and_a_short_one_both_go_through() {
    model(Some(3), ["both waited"], |[both]| {
        let shared = ring(2);
        let mut core = reader(&shared, Policy::Block);
        assert!(write(&shared, 1));
        let long = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || assert!(write_words(&shared, 2, 4)))
        };
        let short = writer(&shared, [3, 4]);
        while read_any(&mut core) < 4 {}
        long.join().unwrap();
        short.join().unwrap();
        both.occurred_if(waits(&shared) > 1);
    });
}

/// Five parts of one word, with a writer beside.
#[test]
fn loom_no_record_stands_between_two_parts() {
    model(Some(3), ["waited between parts"], |[waited]| {
        let shared = ring(2);
        let mut core = reader(&shared, Policy::Block);
        let long = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || assert!(write_words(&shared, 1, 5)))
        };
        let short = writer(&shared, [2]);
        let got = read(&mut core, 6);
        assert_eq!(got.missed, 0);
        let place = got.names.iter().position(|&name| name == 2).unwrap();
        let names = got.names;
        assert!(place == 0 || place == 5, "between two parts: {names:?}");
        long.join().unwrap();
        short.join().unwrap();
        waited.occurred_if(waits(&shared) > 1);
    });
}

/// Takes what there is, of any length, and tells the seq behind it.
fn read_any(core: &mut ReaderCore) -> u64 {
    assert_eq!(core.recv(Idle::Sleep { until: None }), Outcome::Batch);
    assert!(core.take_untold().is_empty(), "missed");
    core.cursor().seq
}
