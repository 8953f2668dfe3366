//! Both facades in one program, bridged by `tracing-log`: each line is recorded once. One test:
//! what it sets is global.

use circular_core::{Level, Ring};
use circular_tracing::RingWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

#[test]
fn no_line_twice() {
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(RingWriter::new(ring.clone()))
        .finish()
        // Also sets `tracing-log` as the logger, as in a program with the default features.
        .init();
    assert!(
        circular_log::init(ring.clone()).is_err(),
        "there is a logger already"
    );
    assert!(
        tracing_log::LogTracer::init().is_err(),
        "there is a logger already"
    );

    tracing::info!(target: "shop", "an event");
    log::warn!(target: "db", "a log record");
    log::debug!("another\nof two lines");
    log::trace!("above the maximum level");
    tracing::info!(target: "shop", "the end");

    let snapshot = handle.snapshot();
    let recorded: Vec<_> = snapshot
        .records()
        .map(|record| {
            (
                record.level().unwrap(),
                record.target(),
                str_of(record.bytes()),
            )
        })
        .collect();
    // The real target of a log record stands in the text. The record's own is the bridge's: `fmt`
    // knows no better.
    let expected = [
        (Level::Info, "shop", " INFO shop: an event\n"),
        (Level::Warn, "log", " WARN db: a log record\n"),
        (
            Level::Debug,
            "log",
            "DEBUG log_bridge: another\nof two lines\n",
        ),
        (Level::Info, "shop", " INFO shop: the end\n"),
    ];
    assert_eq!(
        recorded,
        expected.map(|(level, target, text)| (level, target, text.to_owned()))
    );
}

fn str_of(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
