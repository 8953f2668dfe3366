//! An error that is logged is dumped, with what led to it.

use std::io::{self, Write};
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use circular_core::{DumpTrigger, Ring};
use circular_log::RingLogger;
use log::Log;

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

fn log(logger: &RingLogger, level: log::Level, message: &str) {
    let mut record = log::Record::builder();
    let record = record.level(level).target("shop");
    logger.log(&record.args(format_args!("{message}")).build());
}

#[test]
fn an_error_is_dumped_with_what_led_to_it() {
    let ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    let (sender, dumps) = mpsc::channel();
    let builder = DumpTrigger::builder(&handle).sink(Sends(sender));
    let logger = RingLogger::new(ring).dump_on(builder.start().unwrap());

    log(&logger, log::Level::Debug, "a detail");
    log(&logger, log::Level::Warn, "a warning");
    log(&logger, log::Level::Error, "an error");
    let dump = dumps.recv_timeout(Duration::from_secs(60)).unwrap();
    let lines: Vec<_> = dump
        .lines()
        .map(|line| line.split_once(' ').unwrap().1)
        .collect();
    assert_eq!(
        lines,
        [
            "DEBUG shop: a detail",
            " WARN shop: a warning",
            "ERROR shop: an error"
        ]
    );
    // That was all: with the logger goes the ring, and the trigger.
    drop(logger);
    assert!(handle.join_timeout(Duration::from_secs(60)));
    assert!(dumps.recv().is_err());
}
