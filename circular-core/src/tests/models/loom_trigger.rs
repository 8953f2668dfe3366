//! What is asked of a trigger is dumped: invariant 5 for its thread.
//!
//! Its sink tells how many records it has taken. Who waits for that closes nothing before: close
//! wakes everybody.

use super::{end_time, model, ring, write};
use crate::api::handle::Handle;
use crate::dump::trigger::DumpTrigger;
use crate::format::word::WORD;
use crate::record::level::Level;
use crate::ring::shared::Shared;
use loom::sync::{Condvar, Mutex};
use loom::thread;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

/// What was dumped, in records and in dumps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Count {
    records: usize,
    dumps: usize,
}

#[derive(Default)]
struct Dumped {
    count: Mutex<Count>,
    changed: Condvar,
}

impl Dumped {
    /// Waits until so many records were dumped, and tells in how many dumps.
    fn wait(&self, records: usize) -> usize {
        let mut count = self.count.lock().unwrap();
        while count.records < records || count.dumps == 0 {
            count = self.changed.wait(count).unwrap();
        }
        count.dumps
    }

    fn now(&self) -> Count {
        *self.count.lock().unwrap()
    }
}

struct Sink(Arc<Dumped>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.count.lock().unwrap().records += bytes.len() / WORD;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.count.lock().unwrap().dumps += 1;
        self.0.changed.notify_all();
        Ok(())
    }
}

fn trigger(shared: &Arc<Shared>, interval: Duration) -> (DumpTrigger, Arc<Dumped>) {
    let dumped = Arc::new(Dumped::default());
    let builder = DumpTrigger::builder(&Handle::new(Arc::clone(shared)));
    let builder = builder.interval(interval).sink(Sink(Arc::clone(&dumped)));
    (builder.start().unwrap(), dumped)
}

/// Writes a record and tells the trigger.
fn log(shared: &Shared, trigger: &DumpTrigger, name: u8) {
    assert!(write(shared, name), "refused");
    trigger.observe(Level::Error);
}

/// So long that it has no deadline.
fn join(shared: &Arc<Shared>) {
    assert!(Handle::new(Arc::clone(shared)).join_timeout(Duration::MAX));
}

#[test]
fn loom_what_a_trigger_saw_is_dumped() {
    let cases = ["in one dump", "in two dumps"];
    model(Some(3), cases, |[one, two]| {
        let shared = ring(2);
        let (trigger, dumped) = trigger(&shared, Duration::ZERO);
        let other = thread::spawn({
            let (shared, trigger) = (Arc::clone(&shared), trigger.clone());
            move || log(&shared, &trigger, 1)
        });
        log(&shared, &trigger, 2);
        let dumps = dumped.wait(2);
        one.occurred_if(dumps == 1);
        two.occurred_if(dumps == 2);
        other.join().unwrap();
        shared.close();
        join(&shared);
        assert_eq!(dumped.now().records, 2, "dumped twice");
    });
}

#[test]
fn loom_what_a_trigger_saw_within_the_interval_is_dumped_after_it() {
    model(Some(3), ["two dumps"], |[two]| {
        let shared = ring(2);
        let (trigger, dumped) = trigger(&shared, Duration::from_secs(1));
        let clock = thread::spawn({
            let shared = Arc::clone(&shared);
            move || end_time(&shared, &shared.dump_requested)
        });
        log(&shared, &trigger, 1);
        log(&shared, &trigger, 2);
        two.occurred_if(dumped.wait(2) == 2);
        clock.join().unwrap();
        drop(trigger);
        join(&shared);
        assert_eq!(dumped.now().records, 2, "dumped twice");
    });
}

/// The time is never over here: without the close there would be one dump.
#[test]
fn loom_close_makes_a_trigger_dump_what_waits_and_end() {
    model(Some(3), ["one dump", "two dumps"], |[one, two]| {
        let shared = ring(2);
        let (trigger, dumped) = trigger(&shared, Duration::from_secs(1));
        log(&shared, &trigger, 1);
        log(&shared, &trigger, 2);
        shared.close();
        join(&shared);
        let Count { records, dumps } = dumped.now();
        assert_eq!(records, 2, "lost");
        one.occurred_if(dumps == 1);
        two.occurred_if(dumps == 2);
    });
}

#[test]
fn loom_a_trigger_that_is_dropped_dumps_what_waits_and_ends() {
    model(Some(3), ["one dump", "two dumps"], |[one, two]| {
        let shared = ring(2);
        let (trigger, dumped) = trigger(&shared, Duration::from_secs(1));
        let clone = trigger.clone();
        let other = thread::spawn({
            let shared = Arc::clone(&shared);
            move || log(&shared, &clone, 1)
        });
        log(&shared, &trigger, 2);
        drop(trigger);
        other.join().unwrap();
        // The ring is open.
        join(&shared);
        let Count { records, dumps } = dumped.now();
        assert_eq!(records, 2, "lost");
        one.occurred_if(dumps == 1);
        two.occurred_if(dumps == 2);
    });
}
