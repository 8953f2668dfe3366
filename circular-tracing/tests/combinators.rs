//! `MakeWriterExt`: the ring beside other writers, and behind their filters.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use circular_core::{Handle, Level, Ring};
use circular_tracing::RingWriter;
use tracing::subscriber::with_default;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::MakeWriterExt as _;

fn ring() -> (Ring, Handle) {
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    (ring, handle)
}

/// One event of each level, written to `writer`.
fn one_of_each<W>(writer: W)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(writer)
        .finish();
    with_default(subscriber, || {
        tracing::error!("said");
        tracing::warn!("said");
        tracing::info!("said");
        tracing::debug!("said");
        tracing::trace!("said");
    });
}

fn levels(handle: &Handle) -> Vec<Level> {
    let snapshot = handle.snapshot();
    let levels = snapshot.records().map(|record| {
        assert_eq!(record.target(), "combinators");
        record.level().unwrap()
    });
    levels.collect()
}

#[test]
fn and_a_file() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("and_a_file.log");
    let (ring, handle) = ring();
    let file = Arc::new(File::create(&path).unwrap());
    one_of_each(RingWriter::new(ring).and(file));

    let written = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(levels(&handle).len(), 5);
    assert_eq!(handle.snapshot().into_bytes(), written);
}

#[test]
fn level_filters() {
    let (ring, handle) = ring();
    let writer = RingWriter::new(ring)
        .with_max_level(tracing::Level::DEBUG)
        .with_min_level(tracing::Level::WARN);
    one_of_each(writer);
    assert_eq!(levels(&handle), [Level::Warn, Level::Info, Level::Debug]);
}

#[test]
fn one_ring_for_the_bad_and_one_for_the_rest() {
    let (bad, bad_handle) = ring();
    let (rest, rest_handle) = ring();
    let bad = RingWriter::new(bad).with_max_level(tracing::Level::WARN);
    one_of_each(bad.or_else(RingWriter::new(rest)));
    assert_eq!(levels(&bad_handle), [Level::Error, Level::Warn]);
    assert_eq!(
        levels(&rest_handle),
        [Level::Info, Level::Debug, Level::Trace]
    );
}
