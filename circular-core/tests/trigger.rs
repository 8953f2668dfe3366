//! What a trigger dumps, and when.

use circular_core::{DumpTrigger, DumpTriggerBuilder, Level, Meta, Ring};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvError};
use std::thread;
use std::time::{Duration, Instant};

#[path = "common/dumped.rs"]
mod dumped;
#[path = "common/watchdog.rs"]
mod watchdog;

/// Long enough that nobody waits for it to be over.
const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(20);

/// A ring whose dumps are received one by one.
struct Recorder {
    ring: Ring,
    trigger: DumpTrigger,
    dumps: Receiver<String>,
}

impl Recorder {
    fn new(
        capacity: usize,
        options: impl FnOnce(DumpTriggerBuilder) -> DumpTriggerBuilder,
    ) -> Self {
        let ring = Ring::new(capacity).unwrap();
        let (sink, dumps) = dumped::sink();
        let builder = DumpTrigger::builder(&ring.handle()).sink(sink);
        let trigger = options(builder).start().unwrap();
        Self {
            ring,
            trigger,
            dumps,
        }
    }

    fn with_interval(interval: Duration) -> Self {
        Self::new(1 << 20, |builder| builder.interval(interval))
    }

    fn log(&self, level: Level, line: &str) {
        log(&self.ring, &self.trigger, level, line);
    }

    /// Closes the ring and returns the dumps that were not received yet.
    fn close(&self) -> Vec<String> {
        let handle = self.ring.handle();
        handle.close();
        assert!(handle.join_timeout(LONG));
        self.dumps.iter().collect()
    }
}

/// As an adapter does it.
fn log(ring: &Ring, trigger: &DumpTrigger, level: Level, line: &str) {
    let meta = Meta::new().level(level);
    ring.record_fmt(meta, format_args!("{line}\n")).unwrap();
    trigger.observe(level);
}

#[test]
fn an_error_comes_with_what_led_to_it() {
    let _watchdog = watchdog::minutes(2);
    let recorder = Recorder::new(1 << 20, |builder| builder);
    recorder.log(Level::Trace, "a trace");
    recorder.log(Level::Debug, "a detail");
    recorder.log(Level::Error, "an error");
    assert_eq!(
        recorder.dumps.recv().unwrap(),
        "a trace\na detail\nan error\n"
    );
    assert_eq!(recorder.close(), [""; 0]);
    let stats = recorder.trigger.stats();
    assert_eq!((stats.dumps, stats.failed, stats.last_error), (1, 0, None));
}

#[test]
fn a_later_dump_does_not_repeat_an_earlier_one() {
    let _watchdog = watchdog::minutes(2);
    let recorder = Recorder::with_interval(Duration::ZERO);
    for number in 0..10 {
        recorder.log(Level::Debug, &format!("detail {number}"));
        recorder.log(Level::Error, &format!("error {number}"));
        let expected = format!("detail {number}\nerror {number}\n");
        assert_eq!(recorder.dumps.recv().unwrap(), expected);
    }
    recorder.log(Level::Debug, "nothing more");
    assert_eq!(recorder.close(), [""; 0]);
}

#[test]
fn errors_within_the_interval_make_one_dump_at_close() {
    let _watchdog = watchdog::minutes(2);
    let recorder = Recorder::with_interval(LONG);
    recorder.log(Level::Error, "first");
    assert_eq!(recorder.dumps.recv().unwrap(), "first\n");
    for number in 0..10 {
        recorder.log(Level::Error, &format!("error {number}"));
    }
    recorder.log(Level::Debug, "and a detail");
    let expected: String = (0..10).map(|number| format!("error {number}\n")).collect();
    assert_eq!(recorder.close(), [expected + "and a detail\n"]);
    assert_eq!(recorder.trigger.stats().dumps, 2);
}

#[test]
fn an_error_within_the_interval_is_dumped_when_that_is_over() {
    let _watchdog = watchdog::minutes(2);
    let began = Instant::now();
    let recorder = Recorder::with_interval(SHORT);
    recorder.log(Level::Error, "first");
    assert_eq!(recorder.dumps.recv().unwrap(), "first\n");
    recorder.log(Level::Error, "second");
    assert_eq!(recorder.dumps.recv().unwrap(), "second\n");
    // The first did not begin before this did.
    assert!(began.elapsed() >= SHORT);
}

#[test]
fn an_interval_beyond_all_time_ends_at_close() {
    let _watchdog = watchdog::minutes(2);
    let recorder = Recorder::with_interval(Duration::MAX);
    recorder.log(Level::Error, "first");
    assert_eq!(recorder.dumps.recv().unwrap(), "first\n");
    recorder.log(Level::Error, "second");
    assert_eq!(recorder.close(), ["second\n"]);
}

#[test]
fn only_the_level_and_above_set_it_off() {
    let _watchdog = watchdog::minutes(2);
    for (least, first) in [(None, 4), (Some(Level::Warn), 3), (Some(Level::Trace), 0)] {
        for (number, level) in Level::ALL.into_iter().enumerate() {
            let recorder = Recorder::new(4096, |builder| match least {
                None => builder,
                Some(least) => builder.at_least(least),
            });
            recorder.log(level, "x");
            let dumps = recorder.close();
            assert_eq!(
                dumps.len(),
                usize::from(number >= first),
                "{least:?} {level}"
            );
        }
    }
}

#[test]
fn what_was_overwritten_between_two_dumps_is_told() {
    const LINES: u64 = 10_000;
    let _watchdog = watchdog::minutes(2);
    let recorder = Recorder::new(4096, |builder| builder.interval(Duration::ZERO));
    let fill = || (0..LINES).for_each(|_| recorder.log(Level::Debug, "detail"));
    fill();
    recorder.log(Level::Error, "first");
    // What was gone before the first has never been a dump's.
    let first = recorder.dumps.recv().unwrap();
    assert!(first.starts_with("detail\n") && first.ends_with("detail\nfirst\n"));

    fill();
    recorder.log(Level::Error, "second");
    let second = recorder.dumps.recv().unwrap();
    assert!(second.ends_with("detail\nsecond\n"));
    let (told, rest) = second.split_once('\n').unwrap();
    let missed = LINES + 1 - rest.lines().count() as u64;
    let bytes = missed * "detail\n".len() as u64;
    let expected = format!("--- missed {missed} records ({bytes} bytes): reader too slow ---");
    assert_eq!(told, expected);
}

/// Under a writer that never pauses each dump ends, and all of them together are without a gap that is
/// not told, and without a double.
#[test]
fn dumps_beside_a_writer_at_full_speed_have_an_end_and_no_gap() {
    const DUMPS: usize = 50;
    let _watchdog = watchdog::minutes(5);
    let recorder = Recorder::new(1 << 16, |builder| builder.interval(Duration::ZERO));
    let ends = AtomicBool::new(false);
    let mut dumps = Vec::new();
    thread::scope(|scope| {
        let (ring, ends) = (&recorder.ring, &ends);
        scope.spawn(move || {
            let mut number = 0;
            while !ends.load(Relaxed) {
                ring.record_fmt(Meta::new(), format_args!("{number}\n"))
                    .unwrap();
                number += 1;
            }
        });
        while dumps.len() < DUMPS {
            recorder.trigger.observe(Level::Error);
            dumps.extend(recorder.dumps.try_iter());
        }
        ends.store(true, Relaxed);
    });
    dumps.extend(recorder.close());

    let mut next: Option<u64> = None;
    for line in dumps.iter().flat_map(|dump| dump.lines()) {
        if let Some(told) = line.strip_prefix("--- missed ") {
            let count: u64 = told.split(' ').next().unwrap().parse().unwrap();
            // Before the first record nobody knows where it began.
            next = next.map(|next| next + count);
        } else {
            let number: u64 = line.parse().unwrap();
            assert_eq!(number, *next.get_or_insert(number));
            next = Some(number + 1);
        }
    }
}

#[test]
fn one_record_larger_than_the_buffer_is_dumped() {
    let _watchdog = watchdog::minutes(2);
    let recorder = Recorder::new(1 << 20, |builder| builder);
    let long = "x".repeat(200_000);
    recorder.log(Level::Error, &long);
    assert!(recorder.dumps.recv().unwrap() == long + "\n");
}

#[test]
fn dropping_the_last_clone_makes_the_dump_that_waits_and_ends_the_thread() {
    let _watchdog = watchdog::minutes(2);
    let Recorder {
        ring,
        trigger,
        dumps,
    } = Recorder::with_interval(LONG);
    let clone = trigger.clone();
    log(&ring, &trigger, Level::Error, "first");
    assert_eq!(dumps.recv().unwrap(), "first\n");
    drop(trigger);
    log(&ring, &clone, Level::Error, "second");
    drop(clone);
    assert_eq!(dumps.recv().unwrap(), "second\n");
    assert_eq!(dumps.recv(), Err(RecvError), "the sink is still there");
    // The ring is open, and has nobody to wait for.
    assert!(ring.handle().join_timeout(LONG));
    ring.record(Meta::new(), b"still open\n").unwrap();
}

#[test]
fn a_trigger_keeps_no_ring_open_and_starts_on_a_closed_one() {
    let _watchdog = watchdog::minutes(2);
    let Recorder {
        ring,
        trigger,
        dumps,
    } = Recorder::with_interval(LONG);
    let handle = ring.handle();
    drop(ring);
    assert!(handle.is_closed() && handle.join_timeout(LONG));
    assert_eq!(dumps.recv(), Err(RecvError));
    trigger.observe(Level::Error);

    let (sink, dumps) = dumped::sink();
    let late = DumpTrigger::builder(&handle).sink(sink).start().unwrap();
    assert_eq!(dumps.recv(), Err(RecvError));
    late.observe(Level::Error);
    assert_eq!(late.stats().dumps, 0);
}

#[test]
fn two_triggers_on_one_ring_are_apart() {
    let _watchdog = watchdog::minutes(2);
    let recorder = Recorder::with_interval(Duration::ZERO);
    let (sink, warnings) = dumped::sink();
    let builder = DumpTrigger::builder(&recorder.ring.handle()).sink(sink);
    let second = builder.at_least(Level::Warn).interval(Duration::ZERO);
    let second = second.start().unwrap();
    let log = |level, line| {
        recorder.log(level, line);
        second.observe(level);
    };
    log(Level::Warn, "w");
    assert_eq!(warnings.recv().unwrap(), "w\n");
    log(Level::Error, "e");
    assert_eq!(warnings.recv().unwrap(), "e\n");
    assert_eq!(recorder.dumps.recv().unwrap(), "w\ne\n");
}

#[test]
fn it_sees_errors_while_a_thread_panics_and_while_it_ends() {
    struct Logs(Ring, DumpTrigger, &'static str);
    impl Drop for Logs {
        fn drop(&mut self) {
            log(&self.0, &self.1, Level::Error, self.2);
        }
    }
    thread_local! {
        static LOGS: std::cell::RefCell<Option<Logs>> = const { std::cell::RefCell::new(None) };
    }
    let _watchdog = watchdog::minutes(2);
    let recorder = Recorder::with_interval(Duration::ZERO);
    let logs = |line| Logs(recorder.ring.clone(), recorder.trigger.clone(), line);

    let panics = logs("unwinding");
    let thread = thread::spawn(move || {
        let _panics = panics;
        // Unwinds without the panic hook, which would print.
        std::panic::resume_unwind(Box::new(()));
    });
    assert!(thread.join().is_err());
    assert_eq!(recorder.dumps.recv().unwrap(), "unwinding\n");

    let ends = logs("a thread-local's end");
    thread::spawn(move || LOGS.set(Some(ends))).join().unwrap();
    assert_eq!(recorder.dumps.recv().unwrap(), "a thread-local's end\n");
}
