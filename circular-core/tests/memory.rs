//! How much memory a ring and its readers take.
//!
//! What is measured is what the kernel counts as resident, page by page, of the whole process:
//! before, and after a ring was filled and read. So it includes what the allocator needs for itself,
//! but not what it keeps of what was freed: that is handed back each time. What code needs when it
//! runs for the first time is not the ring's, hence the round to warm up; and nothing else must run
//! meanwhile, hence one test in a binary of its own. Nothing is freed between two measurements, which
//! would hide what is taken after it. The limits are those that are promised, with nothing added but
//! where it says so.

#![cfg(all(target_os = "linux", target_env = "gnu"))]
#![expect(
    unsafe_code,
    reason = "only the C library can have its allocator hand back what is free"
)]

use circular_core::{Level, Meta, Reader, Ring};
use std::fs;
use std::mem;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
/// What a reader may take.
const READER: usize = 64 * KIB;
/// A page of the system's memory, as a rule.
const PAGE: usize = 4 * KIB;
const READERS: usize = 64;

/// Bytes that are resident now, exactly: the figures of `statm` lag behind.
fn resident() -> usize {
    // SAFETY: it may be called at any time, and touches only what is free.
    unsafe { libc::malloc_trim(0) };
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"));
    let kib = line.unwrap().trim().strip_suffix(" kB").unwrap();
    kib.parse::<usize>().unwrap() * KIB
}

/// How much more is resident after `work`, and what it made.
fn grown_by<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = resident();
    let made = work();
    (resident().saturating_sub(before), made)
}

/// What a ring may take.
fn allowed(capacity: usize) -> usize {
    capacity + (capacity / 100).max(16 * KIB)
}

/// A ring that has been filled more than twice.
fn filled(capacity: usize) -> Ring {
    let ring = Ring::new(capacity).unwrap();
    let meta = Meta::new().level(Level::Info).target("some::module");
    for _ in 0..capacity / 100 {
        ring.record(meta, &[b'x'; 200]).unwrap();
    }
    ring
}

/// Readers that have read everything.
fn drained(ring: &Ring) -> Vec<Reader> {
    let mut readers = Vec::with_capacity(READERS);
    for _ in 0..READERS {
        let mut reader = ring.handle().reader().open();
        drain(&mut reader);
        readers.push(reader);
    }
    readers
}

fn drain(reader: &mut Reader) {
    while reader.try_recv().is_ok() {}
}

#[test]
fn a_ring_takes_its_capacity_and_a_reader_64_kib() {
    let warm = filled(MIB);
    mem::forget((drained(&warm), warm));

    // Small ones by the hundred, so that a page more or less can be seen.
    for (capacity, count) in [(4 * KIB, 500), (64 * KIB, 100), (MIB, 10), (32 * MIB, 1)] {
        let mut rings = Vec::with_capacity(count);
        let (grown, ()) = grown_by(|| rings.extend((0..count).map(|_| filled(capacity))));
        assert!(
            grown <= count * allowed(capacity),
            "{count} rings of {capacity} bytes take {grown}"
        );
        mem::forget(rings);
    }

    let ring = filled(8 * MIB);
    let large = vec![b'x'; MIB];
    let before = resident();
    let mut readers = drained(&ring);
    let grown = resident() - before;
    assert!(grown <= READERS * READER, "{READERS} readers take {grown}");
    // All get a record that is larger than all they have, and then another one. The buffers that it
    // made them give up are free, but for the pages at both ends of each, which the allocator cannot
    // hand back: they are the one thing that is added to a limit here.
    let ends = 2 * PAGE;
    ring.record(Meta::new(), &large).unwrap();
    readers.iter_mut().for_each(drain);
    ring.record(Meta::new(), b"small").unwrap();
    readers.iter_mut().for_each(drain);
    let grown = resident() - before;
    assert!(
        grown <= READERS * (READER + ends),
        "{READERS} readers take {grown} after a large record"
    );
}
