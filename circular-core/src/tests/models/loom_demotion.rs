//! Deadlines that are over at any step: invariants 3, 4, 5 and 7.

use super::{end_time, model, read, reader, ring, write, writer};
use crate::api::handle::Handle;
use crate::read::core::Outcome;
use crate::read::idle::Idle;
use crate::ring::policy::Policy;
use crate::sys::sync;
use loom::thread;
use std::sync::Arc;
use std::time::Duration;

/// Never over while time stands still.
const PATIENCE: Duration = Duration::from_secs(1);

#[test]
fn loom_a_reader_that_is_demoted_gets_whole_records_and_counts_the_rest() {
    let cases = ["demoted and lapped", "demoted in time", "not demoted"];
    model(Some(3), cases, |[lapped, in_time, not]| {
        let shared = ring(2);
        let mut core = reader(&shared, Policy::BlockFor(PATIENCE));
        let writer = writer(&shared, [1, 2, 3, 4]);
        let clock = Arc::clone(&shared);
        let clock = thread::spawn(move || end_time(&clock, clock.room_of(0)));
        let got = read(&mut core, 4);
        assert!(got.names.windows(2).all(|pair| pair[0] < pair[1]));
        writer.join().unwrap();
        clock.join().unwrap();
        let counts = &shared.lock().unwrap().counts;
        assert!(counts.demotions == 1 || got.missed == 0, "{got:?}");
        lapped.occurred_if(counts.demotions == 1 && got.missed > 0);
        in_time.occurred_if(counts.demotions == 1 && got.missed == 0);
        not.occurred_if(counts.waits > 0 && counts.demotions == 0);
    });
}

/// The reader never reads; a writer demotes it, and the flush and the writer behind are let go.
#[test]
fn loom_a_demotion_lets_a_flush_and_the_writers_in_line_go() {
    model(Some(3), ["both writers waited"], |[both]| {
        let shared = ring(2);
        let core = reader(&shared, Policy::BlockFor(PATIENCE));
        (0..2).for_each(|name| assert!(write(&shared, name)));
        let writers = [2, 3].map(|name| writer(&shared, [name]));
        let clock = Arc::clone(&shared);
        let clock = thread::spawn(move || end_time(&clock, clock.room_of(0)));
        Handle::new(Arc::clone(&shared)).flush();
        for writer in writers {
            writer.join().unwrap();
        }
        clock.join().unwrap();
        drop(core);
        let counts = &shared.lock().unwrap().counts;
        assert_eq!(counts.demotions, 1);
        both.occurred_if(counts.waits == 2);
    });
}

/// The same where it is the flush that has waited long enough, and a writer that is let go.
#[test]
fn loom_a_flush_that_demotes_lets_a_writer_go() {
    model(Some(3), ["the writer waited"], |[waited]| {
        let shared = ring(2);
        let core = reader(&shared, Policy::BlockFor(PATIENCE));
        (0..2).for_each(|name| assert!(write(&shared, name)));
        let writer = writer(&shared, [2]);
        let clock = Arc::clone(&shared);
        let clock = thread::spawn(move || end_time(&clock, &clock.flushed));
        Handle::new(Arc::clone(&shared)).flush();
        assert!(write(&shared, 3));
        writer.join().unwrap();
        clock.join().unwrap();
        drop(core);
        let counts = &shared.lock().unwrap().counts;
        waited.occurred_if(counts.waits > 0);
    });
}

#[test]
fn loom_a_reader_that_waits_for_so_long_gets_a_record_or_nothing() {
    model(Some(3), ["in time", "too late"], |[in_time, too_late]| {
        let shared = ring(2);
        let mut core = reader(&shared, Policy::Skip);
        let writer = writer(&shared, [1]);
        let clock = Arc::clone(&shared);
        let clock = thread::spawn(move || end_time(&clock, &clock.not_empty));
        let until = Some(sync::now() + PATIENCE);
        let outcome = core.recv(Idle::Sleep { until });
        in_time.occurred_if(outcome == Outcome::Batch);
        too_late.occurred_if(outcome == Outcome::Drained);
        writer.join().unwrap();
        clock.join().unwrap();
    });
}

#[test]
fn loom_a_flush_with_a_deadline_tells_whether_it_was_in_time() {
    model(Some(3), ["in time", "too late"], |[in_time, too_late]| {
        let shared = ring(2);
        let mut core = reader(&shared, Policy::Block);
        assert!(write(&shared, 1));
        let clock = Arc::clone(&shared);
        let clock = thread::spawn(move || end_time(&clock, &clock.flushed));
        let flushing = Handle::new(Arc::clone(&shared));
        let flushing = thread::spawn(move || flushing.flush_timeout(PATIENCE));
        assert_eq!(read(&mut core, 1).names, [1]);
        assert_eq!(core.recv(Idle::Return), Outcome::Drained);
        let flushed = flushing.join().unwrap();
        in_time.occurred_if(flushed);
        too_late.occurred_if(!flushed);
        clock.join().unwrap();
    });
}

/// The writer sleeps for as long as it takes the first reader, and does not know of the second. Time is
/// over from the beginning, so that no end of it wakes anybody.
#[test]
fn loom_a_reader_that_joins_is_not_waited_for_longer_than_it_may_be() {
    model(Some(3), ["waited"], |[waited]| {
        let shared = ring(2);
        let mut first = reader(&shared, Policy::Block);
        (0..2).for_each(|name| assert!(write(&shared, name)));
        sync::model_time::end();
        let writer = writer(&shared, [2]);
        // It never reads.
        let second = reader(&shared, Policy::BlockFor(PATIENCE));
        assert_eq!(read(&mut first, 3).names, [0, 1, 2]);
        writer.join().unwrap();
        waited.occurred_if(shared.lock().unwrap().counts.demotions == 1);
        drop(second);
    });
}
