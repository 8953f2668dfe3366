//! A ring that is closed refuses events, and counts them; spans go on as if nothing were.

use circular_core::Ring;
use circular_tracing::RingLayer;
use tracing::field::Empty;
use tracing::subscriber::with_default;
use tracing_subscriber::prelude::*;

#[test]
fn a_closed_ring_counts_what_it_refuses() {
    let (first, second) = (Ring::new(4096).unwrap(), Ring::new(4096).unwrap());
    let handles = [first.handle(), second.handle()];
    let subscriber = tracing_subscriber::registry()
        .with(RingLayer::new(first).without_time())
        .with(RingLayer::new(second).json().without_time());
    with_default(subscriber, || {
        let span = tracing::info_span!("span", a = 1, b = Empty).entered();
        tracing::info!("taken");
        handles.iter().for_each(|handle| handle.close());
        tracing::info!("refused");
        span.record("b", 2);
        let _inner = tracing::info_span!("inner", c = 3).entered();
        tracing::error!("refused, too");
        drop(span);
        tracing::info!("{}", "x".repeat(10_000));
    });
    for handle in handles {
        assert_eq!(handle.stats().refused, 3);
        assert_eq!(handle.snapshot().record_count(), 1);
    }
}

/// The subscriber's end is the layer's, and so the ring's, if nobody else has one.
#[test]
fn the_layer_keeps_its_ring_open() {
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let mut reader = handle.reader().open();
    let subscriber = tracing_subscriber::registry().with(RingLayer::new(ring));
    with_default(subscriber, || tracing::info!("said"));
    assert_eq!(reader.recv().unwrap().len(), 1);
    assert!(reader.recv().is_err(), "closed");
}
