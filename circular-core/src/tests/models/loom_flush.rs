//! What a flush promises, and that it is woken: invariant 5.

use super::{model, reader, ring, write, writer};
use crate::api::handle::Handle;
use crate::format::word::WORD;
use crate::ring::policy::Policy;
use crate::ring::shared::Shared;
use crate::sink::deferred_flush;
use crate::sink::feed::Feed;
use crate::sink::notice::Notice;
use crate::sys::sync::AtomicU64;
use loom::thread::{self, JoinHandle};
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Counts the records that were written and flushed. Relaxed: what orders them must be the ring's.
#[derive(Clone)]
struct Sink {
    written: u64,
    /// It fails with the first flush after so many records, which ends its reader without a close.
    last: u64,
    flushed: Arc<AtomicU64>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written += (bytes.len() / WORD) as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed.store(self.written, Relaxed);
        if self.written >= self.last {
            return Err(ErrorKind::Other.into());
        }
        Ok(())
    }
}

/// A sink that is fed until it has flushed so many records.
fn sink(shared: &Arc<Shared>, last: u64) -> (Arc<AtomicU64>, JoinHandle<()>) {
    fed(shared, Policy::Block, last, |sink| sink)
}

/// The same, with another policy, and with something around the sink.
fn fed<W: Write + 'static>(
    shared: &Arc<Shared>,
    policy: Policy,
    last: u64,
    wrap: impl FnOnce(Sink) -> W,
) -> (Arc<AtomicU64>, JoinHandle<()>) {
    let flushed = Arc::new(AtomicU64::new(0));
    let sink = wrap(Sink {
        written: 0,
        last,
        flushed: Arc::clone(&flushed),
    });
    let core = reader(shared, policy);
    let feeder = thread::spawn(move || {
        let _ = Feed::new(core, sink).run(Notice::None);
    });
    (flushed, feeder)
}

#[test]
fn loom_a_flush_is_done_when_the_sink_has_flushed_what_was_written_before() {
    model(Some(3), ["waited"], |[waited]| {
        let shared = ring(2);
        let (flushed, feeder) = sink(&shared, 2);
        let handle = Handle::new(Arc::clone(&shared));
        assert!(write(&shared, 1));
        waited.occurred_if(flushed.load(Relaxed) == 0);
        handle.flush();
        assert!(flushed.load(Relaxed) >= 1, "not flushed");
        assert!(write(&shared, 2));
        handle.flush();
        feeder.join().unwrap();
        assert_eq!(flushed.load(Relaxed), 2);
    });
}

/// The writer may never pause: then the sink is flushed in the midst.
#[test]
fn loom_a_flush_beside_a_writer_is_done_too() {
    model(Some(3), ["before the last record"], |[before]| {
        let shared = ring(2);
        let (flushed, feeder) = sink(&shared, 3);
        assert!(write(&shared, 1));
        let writer = writer(&shared, [2, 3]);
        Handle::new(Arc::clone(&shared)).flush();
        let count = flushed.load(Relaxed);
        assert!(count >= 1, "not flushed");
        before.occurred_if(count < 3);
        writer.join().unwrap();
        feeder.join().unwrap();
    });
}

#[test]
fn loom_two_flushes_at_once_are_both_done() {
    model(Some(3), [], |[]| {
        let shared = ring(2);
        let (flushed, feeder) = sink(&shared, 2);
        let flushes = [1, 2].map(|name| {
            let (shared, flushed) = (Arc::clone(&shared), Arc::clone(&flushed));
            thread::spawn(move || {
                assert!(write(&shared, name));
                let written = shared.lock().unwrap().head.position.seq;
                Handle::new(shared).flush();
                assert!(flushed.load(Relaxed) >= written, "not flushed");
            })
        });
        for flush in flushes {
            flush.join().unwrap();
        }
        assert_eq!(flushed.load(Relaxed), 2);
        feeder.join().unwrap();
    });
}

/// Nobody is left to flush for it.
#[test]
fn loom_a_flush_does_not_wait_for_a_reader_that_left() {
    model(Some(3), [], |[]| {
        let shared = ring(2);
        let core = reader(&shared, Policy::Block);
        assert!(write(&shared, 1));
        let leaver = thread::spawn(move || drop(core));
        Handle::new(Arc::clone(&shared)).flush();
        leaver.join().unwrap();
    });
}

/// Puts off what may be, and fails with the first flush after so many records.
struct PutsOff(Sink);

impl Write for PutsOff {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        if deferred_flush::try_defer() {
            return Ok(());
        }
        self.0.flush()
    }
}

/// The reader sleeps with a flush put off, or is about to.
#[test]
fn loom_a_flush_that_was_put_off_is_done_when_it_is_waited_for() {
    model(Some(3), [], |[]| {
        let shared = ring(2);
        let (flushed, feeder) = fed(&shared, Policy::Block, 1, PutsOff);
        assert!(write(&shared, 1));
        Handle::new(Arc::clone(&shared)).flush();
        assert_eq!(flushed.load(Relaxed), 1, "not flushed");
        feeder.join().unwrap();
    });
}

#[test]
fn loom_a_flush_that_was_put_off_is_done_at_the_end() {
    model(Some(3), [], |[]| {
        let shared = ring(2);
        let (flushed, feeder) = fed(&shared, Policy::Skip, 2, PutsOff);
        assert!(write(&shared, 1));
        shared.close();
        feeder.join().unwrap();
        assert_eq!(flushed.load(Relaxed), 1, "not flushed");
    });
}
