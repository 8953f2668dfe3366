//! Does everything to one ring at once that takes its lock, for a few seconds, and shows how long it was held.
//!
//! Only ci/lock_hold.sh builds it: it needs that script's instrumented lock.

use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, SystemTime};

use circular_core::{Level, Meta, Policy, Ring, Start, lock_hold};

const FOR: Duration = Duration::from_secs(10);

fn main() -> io::Result<()> {
    let ring = Ring::new(16 << 20)?;
    let handle = ring.handle();
    let is_over = &AtomicBool::new(false);
    let pause = |length| thread::sleep(Duration::from_micros(length));
    thread::scope(|scope| {
        for _ in 0..2 {
            let ring = ring.clone();
            scope.spawn(move || {
                let mut number = 0_u64;
                while !is_over.load(Relaxed) {
                    let level = if number % 64 == 0 {
                        Level::Warn
                    } else {
                        Level::Debug
                    };
                    let _ = ring.record(Meta::new().level(level).target("shop"), &[b'x'; 128]);
                    number += 1;
                }
            });
        }
        // Long records, which go in parts.
        scope.spawn(|| {
            let long = vec![b'y'; 3 << 20];
            while !is_over.load(Relaxed) {
                let _ = ring.record(Meta::new(), &long);
                pause(20_000);
            }
        });
        for policy in [Policy::BlockFor(Duration::from_millis(100)), Policy::Skip] {
            let reader = handle.reader().policy(policy);
            scope.spawn(move || reader.write_to(io::sink()));
        }
        let reader = handle.reader().at_least(Level::Warn);
        scope.spawn(move || reader.write_to(io::sink()));
        // One that is overtaken again and again, and catches up.
        let mut lapped = handle.reader().open();
        scope.spawn(move || {
            while !is_over.load(Relaxed) && lapped.recv().is_ok() {
                pause(30_000);
            }
        });
        // Those that join, wherever one can, and leave.
        scope.spawn(|| {
            while !is_over.load(Relaxed) {
                let since = SystemTime::now() - Duration::from_millis(50);
                for start in [
                    Start::Oldest,
                    Start::Newest,
                    Start::Last(1000),
                    Start::Since(since),
                    Start::After(handle.cursor()),
                ] {
                    for policy in [Policy::Skip, Policy::BlockFor(Duration::from_millis(10))] {
                        let mut reader = handle.reader().start(start).policy(policy).open();
                        let _ = black_box(reader.try_recv());
                        pause(200);
                    }
                }
                black_box(handle.snapshot());
            }
        });
        scope.spawn(|| {
            while !is_over.load(Relaxed) {
                black_box(handle.stats());
                handle.flush_timeout(Duration::from_millis(100));
                pause(500);
            }
        });
        thread::sleep(FOR);
        is_over.store(true, Relaxed);
        handle.close();
    });
    print!("{}", lock_hold::report());
    Ok(())
}
