//! The log of one test as text, beside a subscriber that the program has.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::thread;

use circular_core::Ring;
use circular_tracing::{RingLayer, capture};
use tracing_subscriber::prelude::*;

#[test]
fn tests_get_what_they_say_and_the_program_the_rest() {
    let ring = Ring::new(1 << 20).unwrap();
    let program = ring.handle();
    tracing_subscriber::registry()
        .with(RingLayer::new(ring).without_time())
        .init();
    let of_the_program = || program.snapshot().text().into_owned();

    // Levels and spans, nothing from before and nothing from behind.
    tracing::info!(target: "shop", "before");
    let log = capture(|| {
        let _span = tracing::debug_span!("order", id = 17).entered();
        tracing::trace!(target: "shop", sku = 4711, "item added");
        tracing::error!(target: "shop", "a line\nand another");
    });
    tracing::info!(target: "shop", "behind");
    assert_eq!(
        log,
        "TRACE order{id=17}: shop: item added sku=4711\nERROR order{id=17}: shop: a line\nand another\n"
    );
    assert_eq!(of_the_program(), " INFO shop: before\n INFO shop: behind\n");

    // One in another: the inner one's is the inner one's.
    let mut inner = String::new();
    let outer = capture(|| {
        tracing::info!(target: "shop", "out");
        inner = capture(|| tracing::info!(target: "shop", "in"));
    });
    assert_eq!(
        (&*outer, &*inner),
        (" INFO shop: out\n", " INFO shop: in\n")
    );

    // Two at the same time, each in its thread.
    let both = Barrier::new(2);
    let said = |name: &'static str| {
        capture(|| {
            both.wait();
            for _ in 0..100 {
                tracing::info!(target: "shop", "{name}");
            }
            both.wait();
        })
    };
    thread::scope(|scope| {
        let one = scope.spawn(|| said("one"));
        assert_eq!(said("two"), " INFO shop: two\n".repeat(100));
        assert_eq!(one.join().unwrap(), " INFO shop: one\n".repeat(100));
    });

    // A thread that was not given the subscriber says it to the program.
    let log = capture(|| {
        thread::spawn(|| tracing::info!(target: "shop", "elsewhere"))
            .join()
            .unwrap();
    });
    assert_eq!(log, "");
    assert!(of_the_program().ends_with(" INFO shop: elsewhere\n"));

    // A panic is the test's, and afterwards the subscriber is the program's again.
    let failed = catch_unwind(AssertUnwindSafe(|| {
        capture(|| panic!("as a failing test does"))
    }));
    assert!(failed.is_err());
    tracing::info!(target: "shop", "again");
    assert!(of_the_program().ends_with(" INFO shop: again\n"));

    // What does not fit is told.
    let log = capture(|| {
        for _ in 0..6 {
            tracing::info!(target: "shop", "{}", "x".repeat(1 << 20));
        }
    });
    assert!(log.starts_with("--- missed "), "{}", &log[..80]);
    assert!(log.ends_with("x\n"));
}
