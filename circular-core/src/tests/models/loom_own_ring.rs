//! A sink that writes into its own ring: invariant 8, and what 4 says of such writes.

use super::{model, read, reader, ring, write, writer};
use crate::api::handle::Handle;
use crate::format::word::WORD;
use crate::read::core::Outcome;
use crate::read::idle::Idle;
use crate::ring::policy::Policy;
use crate::ring::shared::Shared;
use crate::sink::feed::Feed;
use crate::sink::notice::Notice;
use crate::sys::no_wait::NoWait;
use crate::sys::sync::AtomicU64;
use crate::tape::batch::Records;
use loom::thread::{self, JoinHandle};
use std::io::{self, ErrorKind, Write};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Answers each record below 10 with another, and fails when it has had enough.
struct Sink<F> {
    answer: F,
    names: Vec<u8>,
    enough: usize,
}

impl<F: FnMut(u8)> Write for &mut Sink<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for record in bytes.chunks(WORD) {
            let name = record[0];
            assert_eq!(record, [name; WORD], "torn");
            self.names.push(name);
            if name < 10 {
                (self.answer)(name + 10);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.names.len() >= self.enough {
            return Err(ErrorKind::Other.into());
        }
        Ok(())
    }
}

/// Its ring is full as a rule, and it is the only one who could make room.
#[test]
fn loom_a_sink_that_writes_to_its_own_full_ring_ends() {
    model(
        Some(3),
        ["overtook itself", "found room"],
        |[overtook, room]| {
            let shared = ring(2);
            let core = reader(&shared, Policy::Block);
            let writer = writer(&shared, [1, 2, 3]);
            let answers = Arc::clone(&shared);
            let mut sink = Sink {
                answer: |name| assert!(write(&answers, name)),
                names: Vec::new(),
                enough: 3,
            };
            Feed::new(core, &mut sink).run(Notice::None).unwrap_err();
            writer.join().unwrap();
            let overtakes = shared.lock().unwrap().counts.overtakes;
            // Nothing is lost but by an answer that could not wait.
            let own: Vec<u8> = sink
                .names
                .iter()
                .copied()
                .filter(|name| *name < 10)
                .collect();
            assert!(
                overtakes > 0 || own.iter().copied().eq(1..=own.len() as u8),
                "{own:?}"
            );
            overtook.occurred_if(overtakes > 0);
            room.occurred_if(overtakes == 0);
        },
    );
}

/// Writes the records that `names` name, and waits for no room.
fn write_in_a_sink(shared: &Shared, names: Range<u8>) {
    let _no_wait = NoWait::enter();
    for name in names {
        assert!(write(shared, name));
    }
}

/// A thread whose flush must not be done before so many records are `told` of, and which tells whether
/// it was called for the first two.
fn flush_until_told(shared: &Arc<Shared>, told: &Arc<AtomicU64>) -> JoinHandle<bool> {
    let (shared, told) = (Arc::clone(shared), Arc::clone(told));
    thread::spawn(move || {
        let written = shared.lock().unwrap().head.position.seq;
        Handle::new(shared).flush();
        assert!(told.load(Relaxed) >= written, "not told");
        written == 2
    })
}

/// What a flush waits for is overtaken, by one who could not wait: the flush is done when the sink was
/// told of the loss, not before.
#[test]
fn loom_a_flush_is_done_when_what_was_overtaken_is_told() {
    model(
        Some(3),
        ["overtook what a flush waits for"],
        |[overtook]| {
            let shared = ring(2);
            let mut core = reader(&shared, Policy::Block);
            (0..2).for_each(|name| assert!(write(&shared, name)));
            let told = Arc::new(AtomicU64::new(0));
            let flush = flush_until_told(&shared, &told);
            write_in_a_sink(&shared, 2..4);
            let mut total = 0;
            while total < 4 {
                assert_eq!(core.recv(Idle::Sleep { until: None }), Outcome::Batch);
                total += core.take_untold().records;
                total += Records::new(core.buffer()).count() as u64;
                told.store(total, Relaxed);
            }
            assert_eq!(core.recv(Idle::Return), Outcome::Drained);
            overtook.occurred_if(flush.join().unwrap());
        },
    );
}

/// The reader's sink has a batch, and what is overtaken comes behind it.
#[test]
fn loom_a_flush_is_done_when_what_was_overtaken_behind_a_batch_is_told() {
    model(
        Some(3),
        ["overtook what a flush waits for"],
        |[overtook]| {
            let shared = ring(2);
            let mut core = reader(&shared, Policy::Block);
            assert!(write(&shared, 0));
            let _ = core.deliver().unwrap();
            let told = Arc::new(AtomicU64::new(1));
            assert!(write(&shared, 1));
            let flush = flush_until_told(&shared, &told);
            write_in_a_sink(&shared, 2..4);
            // As a feed does: what it gave its sink is done with when that was flushed.
            let mut total = 1;
            while total < 4 {
                let mut delivery = core.deliver().unwrap();
                total += delivery.take_loss().missed.records;
                total += (delivery.bytes().len() / WORD) as u64;
                told.store(total, Relaxed);
                if delivery.wants_flush() {
                    delivery.done();
                }
            }
            assert_eq!(core.recv(Idle::Return), Outcome::Drained);
            overtook.occurred_if(flush.join().unwrap());
        },
    );
}

/// It has had everything, and is overtaken by more than a whole ring before it looks again.
#[test]
fn loom_a_drained_reader_loses_no_more_than_is_overwritten() {
    model(Some(3), ["lost one", "lost none"], |[one, none]| {
        let shared = ring(4);
        let mut core = reader(&shared, Policy::Block);
        let writer = Arc::clone(&shared);
        let writer = thread::spawn(move || write_in_a_sink(&writer, 0..5));
        let got = read(&mut core, 5);
        assert!(got.missed <= 1, "lost too much: {got:?}");
        one.occurred_if(got.missed == 1);
        none.occurred_if(got.missed == 0);
        writer.join().unwrap();
    });
}
