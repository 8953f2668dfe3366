//! What one looks at while changing how events are recorded: `cargo bench -p circular-tracing --bench event`.
//! Comparisons with others are in `circular-bench`.

use circular_core::Ring;
use circular_tracing::RingWriter;
use divan::Bencher;
use std::hint::black_box;
use tracing::{Subscriber, info, info_span, subscriber};
use tracing_subscriber::{fmt, prelude::*};

#[divan::bench]
fn text(bencher: Bencher<'_, '_>) {
    subscriber::with_default(recorder(), || bencher.bench_local(say));
}

#[divan::bench]
fn text_in_a_span(bencher: Bencher<'_, '_>) {
    subscriber::with_default(recorder(), || {
        let span = info_span!("request", method = "GET", id = 4711);
        span.in_scope(|| bencher.bench_local(say));
    });
}

fn recorder() -> impl Subscriber + Send + Sync {
    let ring = Ring::new(1 << 20).unwrap();
    let layer = fmt::layer()
        .with_ansi(false)
        .with_writer(RingWriter::new(ring));
    tracing_subscriber::registry().with(layer)
}

fn say() {
    info!(
        user = "ann",
        order = black_box(17),
        total = black_box(129.95),
        "order accepted"
    );
}

fn main() {
    divan::main();
}
