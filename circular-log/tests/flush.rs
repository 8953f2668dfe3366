//! What `log::logger().flush()` waits for.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use circular_core::{Policy, Ring};
use circular_log::RingLogger;
use log::{Level, Log as _, Record};

fn say(logger: &RingLogger, message: &str) {
    logger.log(
        &Record::builder()
            .level(Level::Info)
            .target("t")
            .args(format_args!("{message}"))
            .build(),
    );
}

#[test]
fn it_waits_until_the_readers_have_it() {
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let (told, sink) = mpsc::channel();
    handle
        .reader()
        .policy(Policy::Block)
        .spawn(Told(told))
        .unwrap();
    let logger = RingLogger::new(ring);
    say(&logger, "hello");
    logger.flush();
    let written = sink.try_recv().expect("it is written when flush returns");
    assert!(written.ends_with(b"hello\n"));
}

/// A program that flushes its log before it goes on must not end in a terminal that nobody reads.
#[test]
fn it_does_not_wait_for_ever_for_a_reader_that_is_stuck() {
    let ring = Ring::new(4096).unwrap();
    let _never_reads = ring.handle().reader().policy(Policy::Block).open();
    let logger = RingLogger::new(ring);
    say(&logger, "hello");
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        logger.flush();
        done.send(()).unwrap();
    });
    is_done
        .recv_timeout(Duration::from_secs(120))
        .expect("flush hangs");
}

/// Hands on what it is given.
struct Told(mpsc::Sender<Vec<u8>>);

impl io::Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
