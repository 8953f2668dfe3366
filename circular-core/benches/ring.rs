//! What one looks at while changing the ring: `cargo bench -p circular-core --bench ring`. Comparisons with
//! others are in `circular-bench`.

use circular_core::{Policy, Ring, Start};
use divan::Bencher;
use divan::counter::BytesCount;
use std::hint::black_box;
use std::io::Write;

/// One writer, nobody reads, the ring full.
#[divan::bench(args = [128, 4096])]
fn write(bencher: Bencher<'_, '_>, len: usize) {
    let ring = full(1 << 20);
    let record = vec![b'x'; len];
    bencher
        .counter(BytesCount::new(len))
        .bench_local(|| (&ring).write_all(black_box(&record)));
}

#[divan::bench]
fn writeln(bencher: Bencher<'_, '_>) {
    let ring = full(1 << 20);
    bencher.bench_local(|| {
        writeln!(
            &ring,
            "request {} took {} ms",
            black_box(17),
            black_box(1.5)
        )
    });
}

/// All that a full ring holds, in memory of its own.
#[divan::bench]
fn snapshot_of_1_mib(bencher: Bencher<'_, '_>) {
    let handle = full(1 << 20).handle();
    bencher.bench_local(|| handle.snapshot());
}

/// A record that is there already, written just before.
#[divan::bench]
fn write_and_recv(bencher: Bencher<'_, '_>) {
    let ring = full(1 << 20);
    let mut reader = ring
        .handle()
        .reader()
        .policy(Policy::Block)
        .start(Start::Newest)
        .open();
    bencher.bench_local(|| {
        (&ring).write_all(black_box(&[b'x'; 128])).unwrap();
        reader.recv().map(|batch| batch.len())
    });
}

/// A reader from the oldest record to the newest; more than one batch.
#[divan::bench]
fn recv_of_1_mib(bencher: Bencher<'_, '_>) {
    let handle = full(1 << 20).handle();
    bencher.bench_local(|| {
        let mut reader = handle.reader().open();
        while let Ok(batch) = reader.try_recv() {
            black_box(batch.bytes());
        }
    });
}

fn full(capacity: usize) -> Ring {
    let ring = Ring::new(capacity).unwrap();
    for _ in 0..capacity / 128 {
        (&ring).write_all(&[b'x'; 128]).unwrap();
    }
    ring
}

fn main() {
    divan::main();
}
