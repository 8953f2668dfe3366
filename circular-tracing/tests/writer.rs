//! What a record keeps of an event, and that one event is one record.

use std::io::Write as _;
use std::sync::{Arc, Mutex};

use circular_core::{Handle, Level, Ring};
use circular_tracing::{EventWriter, RingWriter};
use tracing::subscriber::with_default;
use tracing_subscriber::fmt::MakeWriter;

fn ring() -> (Ring, Handle) {
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    (ring, handle)
}

/// Runs `events` with a subscriber that writes to `writer`, without the time.
fn record<W>(writer: W, events: impl FnOnce())
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .with_max_level(tracing::Level::TRACE)
        .log_internal_errors(false)
        .with_writer(writer)
        .finish();
    with_default(subscriber, events);
}

/// Level, target and text of each record.
fn recorded(handle: &Handle) -> Vec<(Option<Level>, String, String)> {
    let snapshot = handle.snapshot();
    let records = snapshot.records().map(|record| {
        let text = String::from_utf8(record.bytes().to_vec()).unwrap();
        (record.level(), record.target().to_owned(), text)
    });
    records.collect()
}

#[test]
fn level_and_target_are_kept() {
    let (ring, handle) = ring();
    record(RingWriter::new(ring), || {
        tracing::error!("e");
        tracing::warn!(target: "shop::cart", "w");
        tracing::info!(target: "", "i");
        tracing::debug!(user = "ann", "d");
        tracing::trace!("t");
    });
    let expected = [
        (Level::Error, "writer", "ERROR writer: e\n"),
        (Level::Warn, "shop::cart", " WARN shop::cart: w\n"),
        (Level::Info, "", " INFO : i\n"),
        (Level::Debug, "writer", "DEBUG writer: d user=\"ann\"\n"),
        (Level::Trace, "writer", "TRACE writer: t\n"),
    ];
    let expected = expected.map(|(level, target, text)| (Some(level), target.into(), text.into()));
    assert_eq!(recorded(&handle), expected);
}

/// 13 characters, 26 bytes.
macro_rules! thirteen {
    () => {
        "ééééééééééééé"
    };
}

#[test]
fn a_long_target_is_cut_between_characters() {
    const LONG: &str = concat!(
        "m",
        thirteen!(),
        thirteen!(),
        thirteen!(),
        thirteen!(),
        thirteen!(),
        thirteen!(),
        thirteen!(),
        thirteen!(),
        thirteen!(),
        thirteen!()
    );
    const ODD: &str = concat!(
        "mm",
        thirteen!(),
        thirteen!(),
        thirteen!(),
        thirteen!(),
        thirteen!(),
        thirteen!(),
        thirteen!(),
        thirteen!(),
        thirteen!(),
        thirteen!()
    );
    let (ring, handle) = ring();
    record(RingWriter::new(ring), || {
        tracing::info!(target: LONG, "whole in the text");
        tracing::info!(target: ODD, "whole in the text");
    });
    let kept: Vec<_> = recorded(&handle)
        .into_iter()
        .map(|(_, target, text)| (target, text))
        .collect();
    assert_eq!(kept[0].0, format!("m{}", "é".repeat(127)), "255 bytes");
    assert_eq!(
        kept[1].0,
        format!("mm{}", "é".repeat(126)),
        "254, as the next has two"
    );
    assert_eq!(kept[0].1, format!(" INFO {LONG}: whole in the text\n"));
}

#[test]
fn one_event_is_one_record() {
    let (ring, handle) = ring();
    let long = "x".repeat(100 << 10);
    record(RingWriter::new(ring), || {
        tracing::info!("one\ntwo\nthree");
        tracing::info!("");
        tracing::info!("{long}");
        tracing::info!(a = 1, b = "2", "several fields");
    });
    let texts: Vec<_> = recorded(&handle)
        .into_iter()
        .map(|(.., text)| text)
        .collect();
    assert_eq!(
        texts,
        [
            " INFO writer: one\ntwo\nthree\n".to_owned(),
            " INFO writer: \n".to_owned(),
            format!(" INFO writer: {long}\n"),
            " INFO writer: several fields a=1 b=\"2\"\n".to_owned(),
        ]
    );
}

#[test]
fn a_pretty_event_is_one_record() {
    let (ring, handle) = ring();
    let subscriber = tracing_subscriber::fmt()
        .pretty()
        .with_ansi(false)
        .with_writer(RingWriter::new(ring))
        .finish();
    with_default(subscriber, || tracing::info!("over several lines"));
    let recorded = recorded(&handle);
    assert_eq!(recorded.len(), 1, "{recorded:?}");
    assert!(recorded[0].2.lines().count() > 1, "{recorded:?}");
}

#[test]
fn a_closed_ring_counts_what_it_refuses() {
    let (ring, handle) = ring();
    record(RingWriter::new(ring), || {
        tracing::info!("kept");
        handle.close();
        tracing::info!("refused");
        tracing::info!("refused");
    });
    assert_eq!(recorded(&handle).len(), 1);
    assert_eq!(handle.stats().refused, 2);
}

#[test]
fn without_metadata_there_is_neither_level_nor_target() {
    let (ring, handle) = ring();
    let writer = RingWriter::new(ring);
    writer.make_writer().write_all(b"plain\n").unwrap();
    assert_eq!(
        recorded(&handle),
        [(None, String::new(), "plain\n".to_owned())]
    );
}

#[test]
fn a_formatted_write_is_one_record_and_an_empty_one_none() {
    let (ring, handle) = ring();
    let writer = RingWriter::new(ring);
    writeln!(writer.make_writer(), "{} and {}", 1, 2).unwrap();
    write!(writer.make_writer(), "").unwrap();
    writer.make_writer().write_all(b"").unwrap();
    writer.make_writer().flush().unwrap();
    assert_eq!(
        recorded(&handle),
        [(None, String::new(), "1 and 2\n".to_owned())]
    );
}

#[test]
fn the_ring_is_open_as_long_as_a_writer_has_it() {
    let (ring, handle) = ring();
    let writer = RingWriter::new(ring);
    let clone = writer.clone();
    drop(writer);
    clone.make_writer().write_all(b"still open\n").unwrap();
    drop(clone);
    assert!(handle.is_closed());
    assert_eq!(recorded(&handle).len(), 1);
}

/// Both compile and record, as the documentation says, but without level and target.
#[test]
fn other_ways_to_make_a_writer_of_a_ring_lose_the_metadata() {
    let (ring, handle) = ring();
    record(Arc::new(ring.clone()), || tracing::warn!("by arc"));
    record(move || ring.clone(), || tracing::warn!("by closure"));
    let expected = [" WARN writer: by arc\n", " WARN writer: by closure\n"];
    assert_eq!(
        recorded(&handle),
        expected.map(|text| (None, String::new(), text.to_owned()))
    );
}

/// As a program does it that wants to see what passes.
#[test]
fn debug_tells_what_an_events_writer_is_for_and_no_record() {
    struct Spy(RingWriter, Arc<Mutex<String>>);
    impl<'a> MakeWriter<'a> for Spy {
        type Writer = EventWriter<'a>;
        fn make_writer(&'a self) -> EventWriter<'a> {
            self.0.make_writer()
        }
        fn make_writer_for(&'a self, meta: &tracing::Metadata<'_>) -> EventWriter<'a> {
            let mut writer = self.0.make_writer_for(meta);
            writer.write_all(b"secret\n").unwrap();
            *self.1.lock().unwrap() = format!("{writer:?}");
            writer
        }
    }
    let (ring, handle) = ring();
    let shown = Arc::new(Mutex::new(String::new()));
    record(Spy(RingWriter::new(ring), Arc::clone(&shown)), || {
        tracing::warn!(target: "shop::cart", "secret");
    });
    let shown = shown.lock().unwrap();
    assert!(shown.contains("level: Some(Warn)"), "{shown}");
    assert!(shown.contains(r#"target: "shop::cart""#), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
    let kept: Vec<_> = recorded(&handle).into_iter().map(|r| r.2).collect();
    assert_eq!(kept, ["secret\n", " WARN shop::cart: secret\n"]);
}
