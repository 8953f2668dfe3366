//! What a forked child can do with its parent's trigger: nothing, at once. And with its own: everything.
//!
//! One test, in a process of its own: the standard library locks a table of its own while a thread
//! begins or ends, and a child that is forked just then can start none.

#![cfg(unix)]
#![expect(unsafe_code, reason = "the standard library cannot fork")]

use circular_core::{DumpTrigger, Level, Ring};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

#[path = "common/collected.rs"]
mod collected;
#[allow(dead_code, reason = "the alarm is set in one place here")]
#[path = "common/in_child.rs"]
mod in_child;
#[path = "common/watchdog.rs"]
mod watchdog;

use collected::Collected;
use in_child::{check, in_child};

/// As many as make it likely that a fork hits every lock that there is.
const FORKS: usize = 200;
const LONG: Duration = Duration::from_secs(3600);

fn trigger(ring: &Ring, sink: impl Write + Send + 'static) -> io::Result<DumpTrigger> {
    let builder = DumpTrigger::builder(&ring.handle()).sink(sink);
    builder.interval(Duration::ZERO).start()
}

fn parents_trigger_is_dead(ring: &Ring, taken: &DumpTrigger) -> Result<(), &'static str> {
    taken.observe(Level::Error);
    let stats = taken.stats();
    check((stats.dumps, stats.failed) == (0, 0), "stats")?;
    drop(taken.clone());
    let late = trigger(ring, io::sink()).map_err(|_| "start")?;
    late.observe(Level::Error);
    drop(late);
    check(ring.handle().join_timeout(LONG), "join_timeout")
}

fn childs_trigger_works() -> Result<(), &'static str> {
    let ring = Ring::new(4096).map_err(|_| "new")?;
    let sink = Collected::default();
    let trigger = trigger(&ring, sink.clone()).map_err(|_| "start")?;
    (&ring).write_all(b"the child's\n").map_err(|_| "write")?;
    trigger.observe(Level::Error);
    ring.handle().close();
    check(ring.handle().join_timeout(LONG), "join_timeout")?;
    check(sink.text() == "the child's\n", "the dump")
}

#[test]
fn a_parents_trigger_dumps_nothing_and_never_hangs() {
    let _watchdog = watchdog::minutes(10);
    let ring = Ring::new(1 << 14).unwrap();
    let taken = trigger(&ring, io::sink()).unwrap();
    let (ends, (runs, running)) = (AtomicBool::new(false), mpsc::channel());
    thread::scope(|scope| {
        let (ring, taken, ends) = (&ring, &taken, &ends);
        scope.spawn(move || {
            runs.send(()).unwrap();
            while !ends.load(Relaxed) {
                (&*ring).write_all(b"a line\n").unwrap();
                taken.observe(Level::Error);
                taken.stats();
            }
        });
        running.recv().unwrap();
        while taken.stats().dumps == 0 {
            thread::yield_now();
        }
        let forked = catch_unwind(AssertUnwindSafe(|| {
            for _ in 0..FORKS {
                in_child(|| parents_trigger_is_dead(ring, taken));
                in_child(childs_trigger_works);
            }
        }));
        ends.store(true, Relaxed);
        if let Err(panic) = forked {
            resume_unwind(panic);
        }
    });
    // It is the parent's as before.
    let before = taken.stats().dumps;
    (&ring).write_all(b"another\n").unwrap();
    taken.observe(Level::Error);
    ring.handle().close();
    assert!(ring.handle().join_timeout(LONG));
    assert!(taken.stats().dumps > before);
}
