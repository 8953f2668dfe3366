//! Sinks that fail and work again at any step: invariants 3, 4, 5 and 7.

use super::{Got, model, read, reader, ring, write, writer};
use crate::api::handle::Handle;
use crate::ring::policy::Policy;
use loom::thread;
use std::sync::Arc;
use std::time::Duration;

/// The reader never reads; its sink fails, and the flush and both writers are let go.
#[test]
fn loom_a_sink_that_fails_lets_a_flush_and_the_writers_in_line_go() {
    model(Some(3), ["both writers waited"], |[both]| {
        let shared = ring(2);
        let core = reader(&shared, Policy::Block);
        (0..2).for_each(|name| assert!(write(&shared, name)));
        let writers = [2, 3].map(|name| writer(&shared, [name]));
        let (failing, key) = (Arc::clone(&shared), core.key().unwrap());
        let fails = thread::spawn(move || failing.set_fails(key, true));
        let flushed = Handle::new(Arc::clone(&shared)).flush_timeout(Duration::MAX);
        assert!(!flushed, "it has not been");
        for writer in writers {
            writer.join().unwrap();
        }
        fails.join().unwrap();
        drop(core);
        both.occurred_if(shared.lock().unwrap().counts.waits == 2);
    });
}

/// Writers wait for it again, wherever they are by then.
#[test]
fn loom_a_sink_that_works_again_gets_what_is_left_and_the_rest_is_counted() {
    let cases = ["it was lapped", "nothing was lost"];
    model(Some(3), cases, |[lapped, whole]| {
        let shared = ring(2);
        let mut core = reader(&shared, Policy::Block);
        let writer = writer(&shared, [1, 2, 3, 4]);
        let (failing, key) = (Arc::clone(&shared), core.key().unwrap());
        let fails = thread::spawn(move || {
            failing.set_fails(key, true);
            failing.set_fails(key, false);
        });
        let Got { names, missed } = read(&mut core, 4);
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
        writer.join().unwrap();
        fails.join().unwrap();
        lapped.occurred_if(missed > 0);
        whole.occurred_if(missed == 0);
    });
}
