//! Ending: invariants 5 and 6.

use super::{model, read_all, reader, ring, write};
use crate::api::handle::Handle;
use crate::ring::policy::Policy;
use crate::sink::feed::Feed;
use crate::sink::notice::Notice;
use crate::sys::sync::AtomicU64;
use crate::tape::recording::Recording;
use loom::thread;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

#[test]
fn loom_close_lets_writers_that_wait_go() {
    model(Some(3), ["both waited"], |[both]| {
        let shared = ring(2);
        // It never reads.
        let core = reader(&shared, Policy::Block);
        (0..2).for_each(|name| assert!(write(&shared, name)));
        let writers = [2, 3].map(|name| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || write(&shared, name))
        });
        shared.close();
        for writer in writers {
            assert!(!writer.join().unwrap(), "written");
        }
        both.occurred_if(shared.lock().unwrap().counts.waits == 2);
        drop(core);
    });
}

#[test]
fn loom_after_close_nothing_is_published_and_readers_get_what_was() {
    let cases = [
        "nothing was written",
        "something was refused",
        "nothing was refused",
    ];
    model(Some(3), cases, |[nothing, some, none]| {
        let shared = ring(2);
        let core = reader(&shared, Policy::Block);
        let writer = Arc::clone(&shared);
        let writer = thread::spawn(move || [1, 2, 3].map(|name| write(&writer, name)));
        let reader = thread::spawn(move || read_all(core));
        shared.close();
        let committed = shared.tape.committed();
        let written = writer.join().unwrap();
        let got = reader.join().unwrap();
        assert_eq!(shared.tape.committed(), committed, "published after close");
        let names = [1, 2, 3].into_iter().zip(written);
        let names: Vec<u8> = names
            .filter_map(|(name, written)| written.then_some(name))
            .collect();
        assert_eq!((&got.names, got.missed), (&names, 0));
        nothing.occurred_if(names.is_empty());
        some.occurred_if(!names.is_empty() && names.len() < 3);
        none.occurred_if(names.len() == 3);
    });
}

#[test]
fn loom_a_join_is_over_when_the_last_reader_has_left() {
    model(Some(3), [], |[]| {
        let shared = ring(2);
        let readers = [Policy::Block, Policy::Skip].map(|policy| {
            let core = reader(&shared, policy);
            thread::spawn(move || drop(core))
        });
        // So long that it has no deadline.
        assert!(Handle::new(Arc::clone(&shared)).join_timeout(Duration::MAX));
        assert_eq!(shared.lock().unwrap().readers.len(), 0);
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

#[test]
fn loom_two_joins_at_once_are_both_over() {
    model(Some(3), [], |[]| {
        let shared = ring(2);
        let core = reader(&shared, Policy::Skip);
        let joins = [(); 2].map(|()| {
            let handle = Handle::new(Arc::clone(&shared));
            thread::spawn(move || assert!(handle.join_timeout(Duration::MAX)))
        });
        drop(core);
        for join in joins {
            join.join().unwrap();
        }
    });
}

#[test]
fn loom_close_ends_a_reader_that_sleeps() {
    model(Some(3), [], |[]| {
        let shared = ring(2);
        let readers = [Policy::Block, Policy::Skip].map(|policy| {
            let core = reader(&shared, policy);
            thread::spawn(move || read_all(core))
        });
        shared.close();
        for reader in readers {
            assert_eq!(reader.join().unwrap().total(), 0);
        }
    });
}

/// Says that it is gone. Relaxed: what orders that must be the ring's.
struct Leaves(Arc<AtomicU64>);

impl Write for Leaves {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.store(1, Relaxed);
    }
}

/// What a sink writes when it is dropped is waited for, though its reader has left by then.
#[test]
fn loom_a_join_waits_until_the_sink_is_gone() {
    model(Some(3), [], |[]| {
        let shared = ring(2);
        let gone = Arc::new(AtomicU64::new(0));
        let feed = Feed::new(reader(&shared, Policy::Skip), Leaves(Arc::clone(&gone)));
        let feeder = thread::spawn(move || feed.run(Notice::None));
        shared.close();
        assert!(Handle::new(Arc::clone(&shared)).join_timeout(Duration::from_secs(1)));
        assert_eq!(gone.load(Relaxed), 1, "not gone");
        feeder.join().unwrap().unwrap();
    });
}
