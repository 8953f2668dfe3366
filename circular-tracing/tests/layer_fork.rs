//! In a forked child a layer returns at once, whatever another thread of the parent held at the fork, and
//! counts what it could not record. The parent does not notice.

#![cfg(unix)]
#![expect(unsafe_code, reason = "the standard library cannot fork")]

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use circular_core::{Handle, Ring};
use circular_tracing::RingLayer;
use tracing::Span;
use tracing::field::Empty;
use tracing::subscriber::{set_global_default, with_default};
use tracing_subscriber::prelude::*;

/// As many as make it likely that a fork hits every lock that there is.
const FORKS: usize = 200;
/// A child that hangs is ended after this many seconds.
const ALARM: u32 = 20;

/// Ends a forked child without the parent's exit handlers.
fn in_child(work: impl Fn() -> bool) {
    // SAFETY: no memory is involved.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "{}", io::Error::last_os_error());
    if pid == 0 {
        // SAFETY: no memory is involved.
        unsafe { libc::alarm(ALARM) };
        let is_done = catch_unwind(AssertUnwindSafe(work)).unwrap_or(false);
        // SAFETY: it does not return, and no memory is involved.
        unsafe { libc::_exit(i32::from(!is_done)) };
    }
    let mut status = 0;
    // SAFETY: `status` is a valid place for the status of a child that is ours.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(status, 0, "the child's status; 14 is a child that hung");
}

fn span() -> Span {
    tracing::info_span!("span", a = 1, b = "text", later = Empty)
}

/// Two events, and all that can be done to spans: the parent's, and new ones.
fn work(parents: &Span) {
    let _inside = parents.enter();
    let own = span().entered();
    own.record("later", 2);
    tracing::info!(field = 1, "in both");
    drop(own);
    drop(parents.clone());
    tracing::info!(parent: None, "in none");
    drop(span());
}

/// A layer that the child makes is as good as any.
fn own_layer_works() -> bool {
    let Ok(ring) = Ring::new(4096) else {
        return false;
    };
    let handle = ring.handle();
    let layer = RingLayer::new(ring).without_time();
    let subscriber = tracing_subscriber::registry().with(layer);
    with_default(subscriber, || span().in_scope(|| tracing::info!("own")));
    handle.snapshot().bytes() == b" INFO span{a=1 b=\"text\"}: layer_fork: own\n"
}

#[test]
fn a_child_never_hangs_and_counts() {
    let rings = [(); 2].map(|()| Ring::new(1 << 14).unwrap());
    let handles: [Handle; 2] = [rings[0].handle(), rings[1].handle()];
    let [text, json] = rings;
    let subscriber = tracing_subscriber::registry()
        .with(RingLayer::new(text))
        .with(RingLayer::new(json).json());
    set_global_default(subscriber).unwrap();

    let shared = span();
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        // They use every lock of the layer, and the one that keeps `shared` above all.
        for _ in 0..3 {
            scope.spawn(|| {
                while !ends.load(Relaxed) {
                    work(&shared);
                }
            });
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            work(&shared);
            for _ in 0..FORKS {
                let own = std::cell::Cell::new(Some(span()));
                in_child(|| {
                    let refused = || handles.each_ref().map(|handle| handle.stats().refused);
                    let before = refused();
                    shared.record("later", "recorded");
                    work(&shared);
                    // It is closed here, for the child.
                    own.take().inspect(work);
                    refused() == before.map(|before| before + 4) && own_layer_works()
                });
            }
        }));
        ends.store(true, Relaxed);
        outcome.unwrap();
    });
    for handle in handles {
        let before = handle.stats();
        work(&shared);
        let after = handle.stats();
        assert_eq!((after.written - before.written, after.refused), (2, 0));
    }
}
