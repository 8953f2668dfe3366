//! Both facades in one program, each with its own way into one ring. One test: what it sets is
//! global.
//!
//! `tracing` is built with its `log` feature here, so that its events could come by both ways.

use circular_core::{Level, Ring};
use circular_log::RingLogger;
use circular_tracing::RingWriter;

#[test]
fn no_line_twice() {
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    log::set_boxed_logger(Box::new(RingLogger::new(ring.clone()))).unwrap();
    log::set_max_level(log::LevelFilter::Debug);

    // Without a subscriber, `tracing` hands its events to the logger.
    tracing::info!(target: "shop", "early");
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(RingWriter::new(ring))
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    tracing::info!(target: "shop", "an event");
    log::warn!(target: "db", "a log record");
    tracing::debug_span!(target: "shop", "span")
        .in_scope(|| log::debug!(target: "db", "in a span"));

    let snapshot = handle.snapshot();
    let recorded: Vec<_> = snapshot
        .records()
        .map(|record| {
            let line = String::from_utf8(record.bytes().to_vec()).unwrap();
            let (_, message) = line.split_once(&format!(" {}: ", record.target())).unwrap();
            (
                record.level().unwrap(),
                record.target(),
                message.trim_end().to_owned(),
            )
        })
        .collect();
    let expected = [
        (Level::Info, "shop", "early"),
        (Level::Info, "shop", "an event"),
        (Level::Warn, "db", "a log record"),
        (Level::Debug, "db", "in a span"),
    ];
    assert_eq!(
        recorded,
        expected.map(|(level, target, text)| (level, target, text.to_owned()))
    );
}
