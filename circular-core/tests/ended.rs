//! When a reader has ended: not before its sink is gone, and nothing that a sink, its destructor or a
//! hook does waits for that.

use circular_core::{DumpTrigger, Handle, Level, Policy, Redacted, Ring};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc;
use std::time::Duration;

#[path = "common/stuck.rs"]
mod stuck;
#[path = "common/watchdog.rs"]
mod watchdog;

/// For calls that must come back without having got what they wait for.
const SHORT: Duration = Duration::from_millis(20);
/// Long enough that nobody waits for it to be over.
const LONG: Duration = Duration::from_secs(3600);

/// A sink whose destructor hangs until the test lets it, and then says that it is through.
struct SlowEnd {
    stuck: stuck::Stuck,
    ended: Arc<AtomicBool>,
}

impl SlowEnd {
    fn new() -> (Self, stuck::Release, Arc<AtomicBool>) {
        let (stuck, release) = stuck::sink();
        let ended = Arc::new(AtomicBool::new(false));
        let sink = Self {
            stuck,
            ended: Arc::clone(&ended),
        };
        (sink, release, ended)
    }
}

impl Write for SlowEnd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for SlowEnd {
    fn drop(&mut self) {
        self.stuck.write_all(b"the trailer").unwrap();
        self.ended.store(true, SeqCst);
    }
}

#[test]
fn a_reader_has_ended_when_its_sink_is_gone() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let block = || handle.reader().policy(Policy::Block);
    let (failing, fails, failed) = SlowEnd::new();
    struct Fails(#[expect(dead_code, reason = "it is dropped")] SlowEnd);
    impl Write for Fails {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            panic!("as asked");
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let panics = block().spawn(Fails(failing)).unwrap();
    ring.write_all(b"x").unwrap();
    fails.wait_until_stuck();
    // Nobody waits for a reader that is through, whatever its sink has still to do.
    for _ in 0..1000 {
        ring.write_all(&[b'x'; 100]).unwrap();
    }
    handle.flush();
    handle.close();
    assert!(!handle.join_timeout(SHORT), "its sink is not gone");
    drop(fails);
    assert!(handle.join_timeout(LONG));
    assert!(failed.load(SeqCst));
    assert!(panics.join().is_err());
}

/// What a program can do on every system as the last thing that it does.
#[test]
fn after_close_a_join_waits_for_every_sink_whatever_its_policy() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(1 << 16).unwrap();
    let handle = ring.handle();
    let policies = [Policy::Skip, Policy::BlockFor(LONG), Policy::Block];
    let readers = policies.map(|policy| {
        let (sink, release) = stuck::sink();
        let reader = handle.reader().policy(policy).spawn(sink).unwrap();
        (reader, release)
    });
    ring.write_all(b"x").unwrap();
    for (_, release) in &readers {
        release.wait_until_stuck();
    }
    ring.write_all(b"the last line").unwrap();
    handle.close();
    let mut written = Vec::new();
    for (reader, release) in readers {
        assert!(!handle.join_timeout(SHORT), "one is stuck still");
        drop(release);
        written.push(reader.join().unwrap().unwrap());
    }
    assert!(handle.join_timeout(LONG));
    assert_eq!(written, [14; 3]);
}

#[test]
fn a_trigger_has_ended_when_its_sink_is_gone() {
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let (sink, release, ended) = SlowEnd::new();
    let trigger = DumpTrigger::builder(&handle).sink(sink).start().unwrap();
    handle.close();
    release.wait_until_stuck();
    assert!(!handle.join_timeout(SHORT), "its sink is not gone");
    drop(release);
    assert!(handle.join_timeout(LONG));
    assert!(ended.load(SeqCst));
    drop(trigger);
}

/// Whatever code of the program runs on the threads of a ring, it does not wait for these.
#[test]
fn a_join_from_within_is_told_no_at_once() {
    struct Joins(Handle, mpsc::Sender<(bool, bool)>);
    impl Joins {
        fn join(&self) {
            let flushed = self.0.flush_timeout(LONG);
            let _ = self.1.send((flushed, self.0.join_timeout(LONG)));
        }
    }
    impl Drop for Joins {
        fn drop(&mut self) {
            self.join();
        }
    }
    impl Write for Joins {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let (told, joined) = mpsc::channel();
    let joins = || Joins(handle.clone(), told.clone());
    let in_a_hook = joins();
    let hook = move |_: &circular_core::Record<'_>| {
        in_a_hook.join();
        Redacted::Keep
    };
    let builder = DumpTrigger::builder(&handle).sink(joins()).redact(hook);
    let trigger = builder.start().unwrap();
    let reader = handle.reader().policy(Policy::Block);
    let reader = reader.spawn(joins()).unwrap();
    (&ring).write_all(b"x").unwrap();
    trigger.observe(Level::Error);
    assert_eq!(joined.recv().unwrap(), (false, false), "in the hook");
    handle.close();
    // The two sinks, and the hook.
    for _ in 0..3 {
        assert_eq!(joined.recv().unwrap(), (false, false), "in a destructor");
    }
    assert!(handle.join_timeout(LONG));
    reader.join().unwrap().unwrap();
}

/// Nobody else is concerned, and the process is not ended by the second panic.
#[test]
fn a_sink_may_panic_when_it_is_written_to_and_again_when_it_is_dropped() {
    struct PanicsTwice;
    impl Write for PanicsTwice {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            panic!("as asked");
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    impl Drop for PanicsTwice {
        fn drop(&mut self) {
            panic!("again");
        }
    }
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let reader = handle.reader().policy(Policy::Block);
    let reader = reader.spawn(PanicsTwice).unwrap();
    ring.write_all(b"x").unwrap();
    assert!(reader.join().is_err());
    assert!(handle.join_timeout(LONG));
    assert_eq!(handle.stats().failed_sinks, 1);
}
