//! Sleeping, waiting for room, and ending: invariants 4 to 8.

use super::{model, read_all, reader, ring, write};
use crate::{Handle, Policy};
use loom::thread;
use std::sync::Arc;

#[test]
fn loom_a_lossless_reader_gets_every_record_of_two_writers() {
    model(2, || {
        let shared = ring(2);
        let pass = reader(&shared, Policy::Block);
        let writers: Vec<_> = [[1, 2], [11, 12]]
            .into_iter()
            .map(|names| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || names.map(|name| assert!(write(&shared, name))))
            })
            .collect();
        let closer = Arc::clone(&shared);
        let reader = thread::spawn(move || read_all(pass));
        for writer in writers {
            writer.join().unwrap();
        }
        closer.close();
        let (names, missed) = reader.join().unwrap();
        assert_eq!(missed, 0);
        for writer in [[1, 2], [11, 12]] {
            let own: Vec<u8> = names
                .iter()
                .copied()
                .filter(|name| writer.contains(name))
                .collect();
            assert_eq!(own, writer);
        }
        assert_eq!(names.len(), 4);
    });
}

#[test]
fn loom_a_flush_sees_what_was_written_before() {
    model(3, || {
        let shared = ring(2);
        let pass = reader(&shared, Policy::Block);
        let reader = thread::spawn(move || read_all(pass));
        let handle = Handle::new(Arc::clone(&shared));
        assert!(write(&shared, 1));
        handle.flush();
        assert!(
            shared
                .lock()
                .unwrap()
                .readers
                .iter()
                .all(|slot| slot.done == 24)
        );
        shared.close();
        assert_eq!(reader.join().unwrap(), (vec![1], 0));
    });
}

#[test]
fn loom_close_lets_a_writer_that_waits_go() {
    model(3, || {
        let shared = ring(2);
        // It never reads.
        let pass = reader(&shared, Policy::Block);
        let writer = Arc::clone(&shared);
        let writer = thread::spawn(move || [1, 2, 3].map(|name| write(&writer, name)));
        shared.close();
        assert!(!writer.join().unwrap()[2]);
        drop(pass);
    });
}

/// Two in line, and only the first is told: the second must be told by the first.
#[test]
fn loom_writers_that_wait_go_on_when_the_reader_leaves() {
    model(3, || {
        let shared = ring(2);
        let pass = reader(&shared, Policy::Block);
        (0..2).for_each(|name| assert!(write(&shared, name)));
        let writers = [2, 3].map(|name| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || assert!(write(&shared, name)))
        });
        drop(pass);
        for writer in writers {
            writer.join().unwrap();
        }
    });
}
