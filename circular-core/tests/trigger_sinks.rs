//! Triggers whose sink is stuck, fails, panics, or logs.

use circular_core::{DumpTrigger, Level, Meta, Policy, Ring};
use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

#[path = "common/collected.rs"]
mod collected;
#[path = "common/dumped.rs"]
mod dumped;
#[path = "common/stuck.rs"]
mod stuck;
#[path = "common/watchdog.rs"]
mod watchdog;

use collected::Collected;

/// Long enough that nobody waits for it to be over.
const LONG: Duration = Duration::from_secs(3600);
/// For calls that must come back without having got what they wait for.
const SHORT: Duration = Duration::from_millis(20);

fn start(ring: &Ring, sink: impl Write + Send + 'static) -> DumpTrigger {
    let builder = DumpTrigger::builder(&ring.handle()).sink(sink);
    builder.interval(Duration::ZERO).start().unwrap()
}

fn log(ring: &Ring, trigger: &DumpTrigger, line: &str) {
    let meta = Meta::new().level(Level::Error);
    ring.record(meta, line.as_bytes()).unwrap();
    trigger.observe(Level::Error);
}

#[test]
fn a_stuck_sink_holds_nobody_up() {
    const WRITES: u64 = 10_000;
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let (sink, release) = stuck::sink();
    let trigger = start(&ring, sink);
    log(&ring, &trigger, "the first\n");
    release.wait_until_stuck();
    for _ in 0..WRITES {
        log(&ring, &trigger, "another one\n");
    }
    let stats = handle.stats();
    assert_eq!(stats.written, WRITES + 1);
    assert_eq!((stats.waits.count, stats.overtakes), (0, 0));
    // A flush is for readers.
    assert!(handle.flush_timeout(LONG));
    handle.close();
    assert!(!handle.join_timeout(SHORT), "its thread has ended");
    drop(release);
    assert!(handle.join_timeout(LONG));
    assert_eq!(trigger.stats().dumps, 2);
}

/// Fails as often as it is told to, and tells of each attempt.
struct Fails {
    /// Each is how many writes go well until one fails.
    good: Vec<u32>,
    taken: Collected,
    attempts: Sender<()>,
}

impl Write for Fails {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.good.last_mut() {
            None => {}
            Some(0) => {
                self.good.pop();
                self.attempts.send(()).unwrap();
                return Err(io::Error::other("the cable is out"));
            }
            Some(left) => *left -= 1,
        }
        self.taken.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempts.send(()).unwrap();
        Ok(())
    }
}

fn fails<const COUNT: usize>(good: [u32; COUNT]) -> (Fails, Collected, Receiver<()>) {
    let (attempts, attempted) = mpsc::channel();
    let taken = Collected::default();
    let sink = Fails {
        good: good.into(),
        taken: taken.clone(),
        attempts,
    };
    (sink, taken, attempted)
}

#[test]
fn what_a_sink_did_not_take_is_in_the_next_dump() {
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(1 << 20).unwrap();
    let (sink, taken, attempts) = fails([0, 0]);
    let trigger = start(&ring, sink);
    log(&ring, &trigger, "one\n");
    attempts.recv().unwrap();
    log(&ring, &trigger, "two\n");
    attempts.recv().unwrap();
    log(&ring, &trigger, "three\n");
    attempts.recv().unwrap();
    assert_eq!(taken.text(), "one\ntwo\nthree\n");
    ring.handle().close();
    assert!(ring.handle().join_timeout(LONG));
    let stats = trigger.stats();
    assert_eq!((stats.dumps, stats.failed), (1, 2));
    assert_eq!(stats.last_error.as_deref(), Some("the cable is out"));
}

#[test]
fn what_a_sink_took_before_it_failed_does_not_come_again() {
    const LINES: usize = 10_000;
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(1 << 20).unwrap();
    // Several writes, the second of which fails.
    let (sink, taken, attempts) = fails([1]);
    let trigger = start(&ring, sink);
    let mut expected = String::new();
    for number in 0..LINES {
        let line = format!("line {number}\n");
        (&ring).write_all(line.as_bytes()).unwrap();
        expected.push_str(&line);
    }
    log(&ring, &trigger, "first\n");
    attempts.recv().unwrap();
    let before = taken.text();
    assert!(!before.is_empty() && before.len() < expected.len());
    log(&ring, &trigger, "second\n");
    attempts.recv().unwrap();
    assert!(taken.text() == expected + "first\nsecond\n");
}

#[test]
fn a_sink_that_panics_ends_nothing_else() {
    struct Panics;
    impl Write for Panics {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            // Unwinds without the panic hook, which would print.
            std::panic::resume_unwind(Box::new("in a sink"));
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(1 << 16).unwrap();
    let handle = ring.handle();
    let lines = Collected::default();
    let reader = handle.reader().policy(Policy::Block).spawn(lines.clone());
    let trigger = start(&ring, Panics);
    let (sink, dumps) = dumped::sink();
    let other = start(&ring, sink);
    log(&ring, &trigger, "one\n");
    // There is no thread left, and it needs none to end.
    while trigger.stats().failed == 0 {
        std::thread::yield_now();
    }
    log(&ring, &trigger, "two\n");
    other.observe(Level::Error);
    assert_eq!(dumps.recv().unwrap(), "one\ntwo\n");
    handle.close();
    assert!(handle.join_timeout(LONG));
    reader.unwrap().join().unwrap().unwrap();
    assert_eq!(lines.text(), "one\ntwo\n");
    let stats = trigger.stats();
    assert_eq!((stats.dumps, stats.failed), (0, 1));
    assert!(stats.last_error.unwrap().contains("panicked"));
}

/// It writes what it is given, and logs an error each time. Else it would dump for ever.
#[test]
fn what_the_dumps_own_thread_logs_sets_off_no_dump() {
    struct Logs {
        dumps: dumped::Dumped,
        log: Arc<OnceLock<(Ring, DumpTrigger)>>,
    }
    impl Write for Logs {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (ring, trigger) = self.log.get().unwrap();
            log(ring, trigger, "the sink's\n");
            self.dumps.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.dumps.flush()
        }
    }
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    let (sink, dumps) = dumped::sink();
    let loggers = Arc::new(OnceLock::new());
    let logs = Logs {
        dumps: sink,
        log: Arc::clone(&loggers),
    };
    let trigger = start(&ring, logs);
    // Never dropped, as a global logger's.
    assert!(loggers.set((ring.clone(), trigger.clone())).is_ok());
    log(&ring, &trigger, "one\n");
    assert_eq!(dumps.recv().unwrap(), "one\n");
    log(&ring, &trigger, "two\n");
    assert_eq!(dumps.recv().unwrap(), "the sink's\ntwo\n");
    ring.handle().close();
    assert!(ring.handle().join_timeout(LONG));
    assert_eq!(trigger.stats().dumps, 2);
}

#[test]
fn there_must_be_a_place_to_dump_to() {
    let ring = Ring::new(4096).unwrap();
    let error = DumpTrigger::builder(&ring.handle()).start().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("`dir` or a `sink`"), "{error}");
}

/// A missed line is a line of its own, though the record before it ended without a line's end.
#[test]
fn what_is_missed_stands_in_a_line_of_its_own() {
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    let (sink, dumps) = dumped::sink();
    let trigger = start(&ring, sink);
    log(&ring, &trigger, "no line's end");
    assert_eq!(dumps.recv().unwrap(), "no line's end");
    (0..1000).for_each(|_| (&ring).write_all(b"line\n").unwrap());
    log(&ring, &trigger, "the end\n");
    assert!(dumps.recv().unwrap().starts_with("\n--- missed "));
}

/// It took the line that says so, and failed at the records behind it.
#[test]
fn what_a_sink_was_told_that_it_missed_is_not_told_again() {
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    // The first dump, the line, and not the records.
    let (sink, taken, attempts) = fails([2]);
    let trigger = start(&ring, sink);
    log(&ring, &trigger, "first\n");
    attempts.recv().unwrap();
    (0..1000).for_each(|_| (&ring).write_all(b"line\n").unwrap());
    log(&ring, &trigger, "second\n");
    attempts.recv().unwrap();
    log(&ring, &trigger, "third\n");
    attempts.recv().unwrap();
    let text = taken.text();
    let told = text.lines().map(|line| {
        let missed = line.strip_prefix("--- missed ");
        missed.map_or(1, |rest| rest.split(' ').next().unwrap().parse().unwrap())
    });
    assert_eq!(told.sum::<u32>(), 1003, "{text}");
}
