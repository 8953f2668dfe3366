//! The log of one test as text. One test: a program has one logger.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::thread;

use circular_log::capture;

/// Captures while it is shown.
struct Nosy;

impl fmt::Display for Nosy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = capture(|| log::info!(target: "shop", "inner")).unwrap();
        write!(f, "[{}]", inner.trim())
    }
}

#[test]
fn tests_get_what_they_say() {
    log::info!("before: nobody hears it");
    let log = capture(|| {
        log::trace!(target: "shop", sku = 4711; "item added");
        log::error!(target: "shop", "a line\nand another");
        log::info!(target: "shop", "{Nosy}");
    });
    log::info!("behind: nobody hears it");
    assert_eq!(
        log.unwrap(),
        "TRACE shop: item added sku=4711\nERROR shop: a line\nand another\n INFO shop: [INFO shop: inner]\n"
    );

    // Two at the same time, each in its thread.
    let both = Barrier::new(2);
    let said = |name: &'static str| {
        let log = capture(|| {
            both.wait();
            for _ in 0..100 {
                log::info!(target: "shop", "{name}");
            }
            both.wait();
        });
        log.unwrap()
    };
    thread::scope(|scope| {
        let one = scope.spawn(|| said("one"));
        assert_eq!(said("two"), " INFO shop: two\n".repeat(100));
        assert_eq!(one.join().unwrap(), " INFO shop: one\n".repeat(100));
    });

    // Another thread is not heard.
    let log = capture(|| thread::spawn(|| log::info!("elsewhere")).join().unwrap());
    assert_eq!(log.unwrap(), "");

    // A panic is the test's, and the outer one goes on.
    let log = capture(|| {
        let failed = catch_unwind(AssertUnwindSafe(|| {
            capture(|| panic!("as a failing test does"))
        }));
        assert!(failed.is_err());
        log::info!(target: "shop", "goes on");
    });
    assert_eq!(log.unwrap(), " INFO shop: goes on\n");

    // What does not fit is told.
    let log = capture(|| {
        for _ in 0..6 {
            log::info!(target: "shop", "{}", "x".repeat(1 << 20));
        }
    });
    let log = log.unwrap();
    assert!(log.starts_with("--- missed "), "{}", &log[..80]);
    assert!(log.ends_with("x\n"));
}
