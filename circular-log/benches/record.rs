//! What one looks at while changing how log records are formatted: `cargo bench -p circular-log --bench
//! record`. Comparisons with others are in `circular-bench`.

use circular_core::Ring;
use circular_log::RingLogger;
use divan::Bencher;
use log::{Level, Log, Record};
use std::hint::black_box;

#[divan::bench]
fn record(bencher: Bencher<'_, '_>) {
    let logger = RingLogger::new(Ring::new(1 << 20).unwrap());
    bencher.bench_local(|| {
        logger.log(
            &Record::builder()
                .level(Level::Info)
                .target("shop::checkout")
                .args(format_args!(
                    "order {} accepted, total {}",
                    black_box(17),
                    black_box(129.95)
                ))
                .build(),
        );
    });
}

#[divan::bench]
fn record_with_key_values(bencher: Bencher<'_, '_>) {
    let logger = RingLogger::new(Ring::new(1 << 20).unwrap());
    let values = [("user", "ann"), ("currency", "EUR")];
    bencher.bench_local(|| {
        logger.log(
            &Record::builder()
                .level(Level::Info)
                .target("shop::checkout")
                .args(format_args!("order {} accepted", black_box(17)))
                .key_values(&values)
                .build(),
        );
    });
}

fn main() {
    divan::main();
}
