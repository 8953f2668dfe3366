//! An event of a trigger's level is dumped, with what led to it.

use std::io::{self, Write};
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use circular_core::{DumpTrigger, Level, Ring};
use circular_tracing::{RingLayer, RingWriter};
use tracing::Dispatch;
use tracing::dispatcher::with_default;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;

/// Sends what it is given.
struct Sends(Sender<String>);

impl Write for Sends {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Of three events the last one sets off the dump.
fn is_dumped(subscriber: impl FnOnce(Ring, DumpTrigger) -> Dispatch) {
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    let (sender, dumps) = mpsc::channel();
    let builder = DumpTrigger::builder(&handle).sink(Sends(sender));
    let trigger = builder.at_least(Level::Warn).start().unwrap();
    with_default(&subscriber(ring, trigger), || {
        tracing::trace!("a trace");
        tracing::info!("news");
        tracing::warn!("a warning");
    });
    let dump = dumps.recv_timeout(Duration::from_secs(60)).unwrap();
    let lines: Vec<_> = dump.lines().collect();
    assert_eq!(lines.len(), 3, "{dump}");
    for (line, said) in lines.iter().zip(["a trace", "news", "a warning"]) {
        assert!(line.contains(said), "{dump}");
    }
    // That was all: with the subscriber went the ring, and the trigger.
    assert!(handle.join_timeout(Duration::from_secs(60)));
    assert!(dumps.recv().is_err());
}

#[test]
fn an_event_is_dumped_with_what_led_to_it() {
    is_dumped(|ring, trigger| {
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(RingWriter::new(ring).dump_on(trigger));
        subscriber.finish().into()
    });
    is_dumped(|ring, trigger| {
        let layer = RingLayer::new(ring).dump_on(trigger);
        tracing_subscriber::registry().with(layer).into()
    });
    is_dumped(|ring, trigger| {
        // The other way round: the trigger goes along.
        let layer = RingLayer::new(ring).dump_on(trigger).json();
        tracing_subscriber::registry().with(layer).into()
    });
}

/// Without metadata there is no level.
#[test]
fn what_has_no_level_sets_off_nothing() {
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    let builder = DumpTrigger::builder(&handle).sink(io::sink());
    let trigger = builder.at_least(Level::Trace).start().unwrap();
    let writer = RingWriter::new(ring).dump_on(trigger.clone());
    writer.make_writer().write_all(b"a line\n").unwrap();
    handle.close();
    assert!(handle.join_timeout(Duration::from_secs(60)));
    assert_eq!(trigger.stats().dumps, 0);
}
