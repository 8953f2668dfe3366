//! A process that is forked amid everything.

use circular_core::{Policy, Ring};
use std::io::{self, Write};
use std::panic;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

/// A sink that hangs up at its first write.
struct Runs(Option<Sender<()>>);

impl Write for Runs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = None;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A process whose threads use every lock of a ring, all the time. All of them run when `test` does: where a
/// process is forked as a thread of it starts or ends, the standard library's own lock for that may be held
/// for ever in the child, which then cannot start one.
pub(crate) fn while_everything_is_in_use(test: impl FnOnce(&Ring)) {
    let ring = Ring::new(1 << 14).unwrap();
    let ends = AtomicBool::new(false);
    let (runs, running) = mpsc::channel::<()>();
    thread::scope(|scope| {
        for number in 0..3 {
            let (mut ring, runs) = (&ring, runs.clone());
            scope.spawn(move || {
                drop(runs);
                // The end may come while it waits for room.
                while writeln!(ring, "a line of thread {number}").is_ok() {}
            });
        }
        let handle = ring.handle();
        let (ends, flusher_runs) = (&ends, runs.clone());
        scope.spawn(move || {
            drop(flusher_runs);
            while !ends.load(Relaxed) {
                handle.flush();
                let _ = handle.reader().open().try_recv();
            }
        });
        for policy in [Policy::Block, Policy::BlockFor(LONG), Policy::Skip] {
            let reader = ring.handle().reader().policy(policy);
            reader.spawn(Runs(Some(runs.clone()))).unwrap();
        }
        drop(runs);
        let outcome = panic::catch_unwind(panic::AssertUnwindSafe(|| {
            // Until all of them have hung up.
            assert!(running.recv().is_err());
            test(&ring);
        }));
        ends.store(true, Relaxed);
        ring.handle().close();
        if let Err(panic) = outcome {
            panic::resume_unwind(panic);
        }
    });
}
