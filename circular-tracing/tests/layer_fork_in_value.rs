//! A value that forks while it is shown, in an event or in a span. The child returns from the log call at once,
//! whatever other threads of the parent held at the fork. The parent does not notice.

#![cfg(unix)]
#![expect(unsafe_code, reason = "the standard library cannot fork")]

use std::cell::Cell;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use circular_core::{Handle, Ring};
use circular_tracing::RingLayer;
use tracing::Span;
use tracing::field::{Empty, display};
use tracing_subscriber::prelude::*;

/// As many as make it likely that a fork hits every lock that there is.
const FORKS: usize = 150;
/// A child that hangs is ended after this many seconds.
const ALARM: u32 = 20;

thread_local! {
    /// What `fork` returned last.
    static PID: Cell<i32> = const { Cell::new(-1) };
}

struct Forks;

impl fmt::Display for Forks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: no memory is involved.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0, "{}", io::Error::last_os_error());
        if pid == 0 {
            // SAFETY: no memory is involved.
            unsafe { libc::alarm(ALARM) };
        }
        PID.set(pid);
        f.write_str("forked")
    }
}

/// In the child, `work` is the last thing that is done, and the ring has refused the event that it may have said;
/// the parent waits for that.
fn forks_in(handle: &Handle, events: u64, work: impl Fn()) {
    let outcome = catch_unwind(AssertUnwindSafe(work));
    if PID.get() == 0 {
        let is_well = outcome.is_ok() && handle.stats().refused == events;
        // SAFETY: it does not return, and no memory is involved.
        unsafe { libc::_exit(i32::from(!is_well)) };
    }
    outcome.unwrap();
    let mut status = 0;
    // SAFETY: `status` is a valid place for the status of a child that is ours.
    unsafe { libc::waitpid(PID.get(), &raw mut status, 0) };
    assert_eq!(status, 0, "the child's status; 14 is a child that hung");
}

fn span() -> Span {
    tracing::info_span!("shared", a = 1, b = Empty)
}

fn hammer(shared: &Span, ends: &AtomicBool) {
    let long = "x".repeat(100_000);
    while !ends.load(Relaxed) {
        shared.record("b", &*long);
        let _other = span();
    }
}

#[test]
fn a_value_that_forks() {
    let [text, json] = [(); 2].map(|()| Ring::new(1 << 20).unwrap());
    let handles = [text.handle(), json.handle()];
    tracing_subscriber::registry()
        .with(RingLayer::new(json).json())
        .init();
    let only_text = tracing_subscriber::registry().with(RingLayer::new(text));
    let only_text = tracing::Dispatch::new(only_text);

    let shared = span();
    let shared_in_text = tracing::dispatcher::with_default(&only_text, span);
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| hammer(&shared, &ends));
        scope.spawn(|| {
            tracing::dispatcher::with_default(&only_text, || {
                // In text a span is longer each time that something is recorded.
                for round in 0.. {
                    if ends.load(Relaxed) {
                        break;
                    }
                    let other = span();
                    for _ in 0..100 {
                        other.record("b", "x");
                    }
                    if round < 10_000 {
                        shared_in_text.record("b", "x");
                    }
                }
            });
        });
        let [text, json] = &handles;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            for _ in 0..FORKS {
                forks_in(json, 1, || {
                    shared.in_scope(|| tracing::info!(forks = %Forks, "an event"))
                });
                forks_in(
                    json,
                    1,
                    || tracing::info!(parent: &shared, forks = %Forks, "of a parent"),
                );
                forks_in(json, 0, || _ = shared.record("b", display(Forks)));
                forks_in(json, 0, || {
                    drop(tracing::info_span!("opened", forks = %Forks))
                });
                tracing::dispatcher::with_default(&only_text, || {
                    let shared = &shared_in_text;
                    forks_in(text, 1, || {
                        shared.in_scope(|| tracing::info!(forks = %Forks, "an event"))
                    });
                    forks_in(text, 0, || _ = shared.record("b", display(Forks)));
                    forks_in(text, 0, || {
                        drop(tracing::info_span!("opened", forks = %Forks))
                    });
                });
            }
        }));
        ends.store(true, Relaxed);
        outcome.unwrap();
    });
    let said = handles.map(|handle| handle.stats().written);
    assert_eq!(
        said,
        [FORKS as u64, 2 * FORKS as u64],
        "the parent's events"
    );
}
