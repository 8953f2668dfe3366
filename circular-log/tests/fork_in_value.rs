//! A value that forks while it is shown. The child returns from the log call at once, whatever other threads of
//! the parent held at the fork, and has counted the record as refused. The parent does not notice.

#![cfg(unix)]
#![expect(unsafe_code, reason = "the standard library cannot fork")]

use std::cell::Cell;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use circular_core::{DumpTrigger, Ring};
use circular_log::RingLogger;

/// As many as make it likely that a fork hits every lock that there is.
const FORKS: u64 = 200;
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

#[test]
fn a_value_that_forks() {
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    let trigger = DumpTrigger::builder(&handle).sink(io::sink()).start();
    let logger = RingLogger::new(ring).dump_on(trigger.unwrap());
    log::set_boxed_logger(Box::new(logger)).unwrap();
    log::set_max_level(log::LevelFilter::Trace);

    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let long = "x".repeat(20_000);
                while !ends.load(Relaxed) {
                    log::debug!(target: "others", "{long}");
                }
            });
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            for round in 0..FORKS {
                // Of the trigger's level.
                match round % 2 {
                    0 => log::error!(target: "forks", "{Forks}"),
                    _ => log::error!(target: "forks", forks:% = Forks; "as a value"),
                }
                if PID.get() == 0 {
                    let is_well = handle.stats().refused == 1;
                    // SAFETY: it does not return, and no memory is involved.
                    unsafe { libc::_exit(i32::from(!is_well)) };
                }
                let mut status = 0;
                // SAFETY: `status` is a valid place for the status of a child that is ours.
                unsafe { libc::waitpid(PID.get(), &raw mut status, 0) };
                assert_eq!(status, 0, "the child's status; 14 is a child that hung");
            }
        }));
        ends.store(true, Relaxed);
        outcome.unwrap();
    });
    assert_eq!(handle.stats().refused, 0);
}
