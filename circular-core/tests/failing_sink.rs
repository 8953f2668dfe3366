//! A sink that fails: its reader ends, and says so, or tries again.

use circular_core::{OnError, Policy, Ring};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

#[path = "common/child.rs"]
mod child;
#[path = "common/watchdog.rs"]
mod watchdog;

/// Long enough that nobody waits for it to be over.
const LONG: Duration = Duration::from_secs(3600);

/// What a disk says that is full, and what a terminal would obey.
const NO_ROOM: &str = "no room left, \x1b]0;x\x07\u{9b}\n\u{202e}";

/// A disk: it takes a few bytes at a time, and fails while it is full.
#[derive(Clone, Default)]
struct Disk {
    taken: Arc<Mutex<Vec<u8>>>,
    full: Arc<AtomicBool>,
    failures: Arc<AtomicU64>,
}

impl Disk {
    fn text(&self) -> String {
        String::from_utf8(self.taken.lock().unwrap().clone()).unwrap()
    }

    fn fail_if_full(&self) -> io::Result<()> {
        if self.full.load(SeqCst) {
            self.failures.fetch_add(1, SeqCst);
            return Err(io::Error::other(NO_ROOM));
        }
        Ok(())
    }

    fn wait_until_it_has_failed(&self, times: u64) {
        while self.failures.load(SeqCst) < times {
            thread::yield_now();
        }
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.fail_if_full()?;
        let bytes = &bytes[..bytes.len().min(7)];
        self.taken.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.fail_if_full()
    }
}

fn full() -> Disk {
    let disk = Disk::default();
    disk.full.store(true, SeqCst);
    disk
}

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let reader = handle.reader().policy(Policy::Block);
    let reader = match role.as_str() {
        "gives up quietly" => reader.tell_errors(false),
        "tries again" => reader.on_error(OnError::TryAgain),
        _ => reader,
    };
    let disk = full();
    let thread = reader.spawn(disk.clone()).unwrap();
    writeln!({ &ring }, "a line").unwrap();
    disk.wait_until_it_has_failed(1);
    if role == "tries again" {
        disk.wait_until_it_has_failed(3);
        disk.full.store(false, SeqCst);
        handle.close();
        assert_eq!(thread.join().unwrap().unwrap(), 7);
    } else {
        assert!(thread.join().unwrap().is_err());
    }
}

/// What a child has said.
fn stderr_of(role: &str) -> String {
    let output = child::command(role).output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_spawned_reader_says_in_one_line_that_its_sink_has_failed() {
    let _watchdog = watchdog::minutes(2);
    let line = stderr_of("gives up");
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.starts_with("circular: a reader has ended"), "{line}");
    // What failed, why, and what to do.
    assert!(line.contains("Disk") && line.contains("no room left"));
    let shown = r"left, \x1b]0;x\x07\xc2\x9b \u{202e}; it gets nothing more";
    assert!(line.contains(shown), "{line}");
    assert!(line.contains("on_error"), "{line}");
    assert_eq!(stderr_of("gives up quietly"), "");

    // However often it fails.
    let line = stderr_of("tries again");
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.contains("no room left") && line.contains("tried again"));
}

#[test]
fn a_flush_does_not_say_that_all_is_written_when_a_sink_has_failed() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let block = || handle.reader().policy(Policy::Block).tell_errors(false);
    let disk = full();
    let thread = block().spawn(disk).unwrap();
    assert!(handle.flush_timeout(LONG), "nothing was said");
    ring.write_all(b"a line\n").unwrap();
    assert!(!handle.flush_timeout(LONG));
    assert!(thread.join().unwrap().is_err());
    // It is as lost later, and with what is said later.
    assert!(!handle.flush_timeout(LONG));
    assert_eq!(handle.stats().failed_sinks, 1);
    handle.flush();
    // A reader that skips takes nobody's place.
    let other = Disk::default();
    handle.reader().spawn(other.clone()).unwrap();
    assert!(!handle.flush_timeout(LONG));
    // One that has all does.
    block().spawn(other.clone()).unwrap();
    assert!(handle.flush_timeout(LONG));
    assert!(other.text().contains("a line\n"));
    // Whoever skips is not waited for, whether it fails or not.
    let thread = handle.reader().tell_errors(false).spawn(full()).unwrap();
    ring.write_all(b"a line\n").unwrap();
    assert!(thread.join().unwrap().is_err());
    assert!(handle.flush_timeout(LONG));
    assert_eq!(handle.stats().failed_sinks, 2);
}

#[test]
fn a_sink_that_is_tried_again_gets_the_rest_and_is_told_what_it_missed() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let disk = Disk::default();
    let reader = handle.reader().policy(Policy::Block).tell_errors(false);
    let reader = reader.on_error(OnError::TryAgain);
    let thread = reader.spawn(disk.clone()).unwrap();
    writeln!(ring, "the first").unwrap();
    assert!(handle.flush_timeout(LONG));

    disk.full.store(true, SeqCst);
    writeln!(ring, "the second").unwrap();
    disk.wait_until_it_has_failed(1);
    // Neither a flush nor a write waits for it, and the flush says so.
    assert!(!handle.flush_timeout(LONG));
    handle.flush();
    for number in 0..1000 {
        writeln!(ring, "while it is full {number}").unwrap();
    }
    let stats = handle.stats();
    assert_eq!((stats.waits.count, stats.failed_sinks), (0, 0));
    assert!(stats.readers[0].failing && !stats.readers[0].demoted);

    disk.full.store(false, SeqCst);
    while handle.stats().readers[0].failing {
        thread::yield_now();
    }
    assert!(handle.flush_timeout(LONG));
    let text = disk.text();
    assert!(
        text.starts_with("the first\nthe second\n--- missed "),
        "{text}"
    );
    assert!(text.ends_with("\nwhile it is full 999\n"), "{text}");
    let missed = handle.stats().readers[0].missed.records;
    let delivered = text
        .lines()
        .filter(|line| line.starts_with("while"))
        .count();
    assert_eq!(missed + delivered as u64, 1000);

    // Writers wait for it again.
    let mut all = text;
    for number in 0..10_000 {
        writeln!(ring, "and after {number}").unwrap();
        writeln!(all, "and after {number}").unwrap();
    }
    handle.close();
    thread.join().unwrap().unwrap();
    assert!(disk.text() == all);
}

#[test]
fn after_close_it_is_tried_once_more() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let disk = full();
    let reader = handle.reader().policy(Policy::Block).tell_errors(false);
    let reader = reader.on_error(OnError::TryAgain);
    let thread = reader.spawn(disk.clone()).unwrap();
    ring.write_all(b"a line\n").unwrap();
    disk.wait_until_it_has_failed(1);
    handle.close();
    assert!(handle.join_timeout(LONG));
    let error = thread.join().unwrap().unwrap_err();
    assert_eq!(error.to_string(), NO_ROOM);
    assert_eq!(handle.stats().failed_sinks, 1);
    assert!(!handle.flush_timeout(LONG));
}

/// Takes 100 bytes at once, and every third call fails, so each is worth trying again.
#[derive(Clone, Default)]
struct Moody {
    taken: Arc<Mutex<Vec<u8>>>,
    calls: u32,
    /// Flushes fail, and writes do not.
    flushes: bool,
}

impl Write for Moody {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calls += 1;
        if !self.flushes && self.calls % 3 == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let count = bytes.len().min(100);
        self.taken
            .lock()
            .unwrap()
            .extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.flushes {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }
}

fn patient(handle: &circular_core::Handle) -> circular_core::ReaderBuilder {
    let reader = handle.reader().policy(Policy::Block);
    reader.on_error(OnError::TryAgain).tell_errors(false)
}

#[test]
fn after_close_a_sink_gets_all_as_long_as_trying_again_helps() {
    let _watchdog = watchdog::minutes(2);
    for opened in [false, true] {
        let mut ring = Ring::new(1 << 16).unwrap();
        let handle = ring.handle();
        let reader = opened.then(|| patient(&handle).open());
        let text = "a line of twenty....\n".repeat(1000);
        for line in text.split_inclusive('\n') {
            ring.write_all(line.as_bytes()).unwrap();
        }
        handle.close();
        let sink = Moody::default();
        match reader {
            Some(reader) => reader.write_to(sink.clone()).unwrap(),
            None => patient(&handle).write_to(sink.clone()).unwrap(),
        };
        assert!(*sink.taken.lock().unwrap() == text.as_bytes(), "{opened}");
    }
}

#[test]
fn a_sink_whose_flush_fails_gets_what_comes_all_the_same() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(1 << 16).unwrap();
    let handle = ring.handle();
    let sink = Moody {
        flushes: true,
        ..Moody::default()
    };
    let thread = patient(&handle).spawn(sink.clone()).unwrap();
    let mut text = String::new();
    for number in 0..5 {
        let line = format!("line {number}\n");
        ring.write_all(line.as_bytes()).unwrap();
        text += &line;
        let taken = || sink.taken.lock().unwrap().clone();
        // The one before was tried to be flushed, in vain.
        while taken() != text.as_bytes() {
            std::thread::yield_now();
        }
    }
    assert!(!handle.flush_timeout(LONG), "it was not flushed");
    ring.write_all(b"the last line\n").unwrap();
    handle.close();
    assert!(thread.join().unwrap().is_err());
    let taken = sink.taken.lock().unwrap();
    assert!(taken.ends_with(b"the last line\n"));
}
