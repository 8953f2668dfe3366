//! What a flush waits for, and what it does not.

use circular_core::{Handle, Level, Meta, Policy, Ring, ThrottledFlush, TryRecvError};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

#[path = "common/stuck.rs"]
mod stuck;
#[path = "common/watchdog.rs"]
mod watchdog;

/// Long enough that nobody waits for it to be over.
const LONG: Duration = Duration::from_secs(3600);
/// For calls that must come back without having got what they wait for.
const SHORT: Duration = Duration::from_millis(20);

/// Counts the bytes that it was given, and those of them that were flushed.
#[derive(Clone, Default)]
struct Counting {
    written: Arc<AtomicU64>,
    flushed: Arc<AtomicU64>,
}

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.fetch_add(bytes.len() as u64, SeqCst);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed.store(self.written.load(SeqCst), SeqCst);
        Ok(())
    }
}

/// The ancestor hung here after 218,069 rounds.
#[test]
fn a_million_rounds_of_one_byte_and_a_flush() {
    let _watchdog = watchdog::minutes(10);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let sink = Counting::default();
    let reader = handle.reader().policy(Policy::Block);
    let thread = reader.spawn(sink.clone()).unwrap();
    for round in 1..=1_000_000 {
        ring.write_all(b"x").unwrap();
        handle.flush();
        assert_eq!(sink.flushed.load(SeqCst), round);
    }
    drop(ring);
    assert_eq!(thread.join().unwrap().unwrap(), 1_000_000);
}

#[test]
fn it_waits_for_the_write_and_for_the_flush_of_every_lossless_sink() {
    /// Hangs in `write` and in `flush` until it is sent a word for each.
    struct Steered(Receiver<()>, Counting);
    impl Write for Steered {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().unwrap();
            self.1.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.0.recv().unwrap();
            self.1.flush()
        }
    }
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let (go, wait) = mpsc::channel();
    let steered = Counting::default();
    let patient = handle.reader().policy(Policy::BlockFor(LONG));
    let slow = patient.spawn(Steered(wait, steered.clone())).unwrap();
    let quick = Counting::default();
    let block = handle.reader().policy(Policy::Block);
    let fast = block.spawn(quick.clone()).unwrap();

    ring.write_all(b"12345").unwrap();
    assert!(!handle.flush_timeout(SHORT), "not written");
    go.send(()).unwrap();
    assert!(!handle.flush_timeout(SHORT), "not flushed");
    go.send(()).unwrap();
    handle.flush();
    assert_eq!(steered.flushed.load(SeqCst), 5);
    assert_eq!(quick.flushed.load(SeqCst), 5);
    assert!(
        handle.flush_timeout(Duration::ZERO),
        "nothing is left to do"
    );
    drop(ring);
    slow.join().unwrap().unwrap();
    fast.join().unwrap().unwrap();
}

#[test]
fn it_returns_while_another_writer_never_pauses() {
    /// Keeps the last mark that it was given, and that was flushed.
    #[derive(Clone, Default)]
    struct Marks {
        written: Arc<Mutex<String>>,
        flushed: Arc<AtomicU64>,
    }
    impl Write for Marks {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let text = std::str::from_utf8(bytes).unwrap();
            let mark = text
                .lines()
                .rev()
                .find_map(|line| line.strip_prefix("mark "));
            if let Some(mark) = mark {
                *self.written.lock().unwrap() = mark.to_owned();
            }
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            if let Ok(mark) = self.written.lock().unwrap().parse() {
                self.flushed.store(mark, SeqCst);
            }
            Ok(())
        }
    }
    let _watchdog = watchdog::minutes(5);
    let mut ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    let sink = Marks::default();
    let reader = handle.reader().policy(Policy::Block);
    let thread = reader.spawn(sink.clone()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let other = {
        let (mut ring, stop) = (ring.clone(), Arc::clone(&stop));
        thread::spawn(move || {
            while !stop.load(SeqCst) {
                ring.write_all(b"another line, again and again\n").unwrap();
            }
        })
    };
    for mark in 1..=200 {
        writeln!(ring, "mark {mark}").unwrap();
        handle.flush();
        assert_eq!(sink.flushed.load(SeqCst), mark);
    }
    stop.store(true, SeqCst);
    other.join().unwrap();
    drop(ring);
    thread.join().unwrap().unwrap();
}

#[test]
fn many_flushes_at_once_all_return() {
    let _watchdog = watchdog::minutes(5);
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let sinks: Vec<_> = (0..4)
        .map(|_| {
            let sink = Counting::default();
            let reader = handle.reader().policy(Policy::Block);
            (sink.clone(), reader.spawn(sink).unwrap())
        })
        .collect();
    let written = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..500 {
                    (&ring).write_all(b"x").unwrap();
                    let written = 1 + written.fetch_add(1, SeqCst);
                    handle.flush();
                    for (sink, _) in &sinks {
                        assert!(sink.flushed.load(SeqCst) >= written);
                    }
                }
            });
        }
    });
    drop(ring);
    for (_, thread) in sinks {
        assert_eq!(thread.join().unwrap().unwrap(), 4000);
    }
}

#[test]
fn it_does_not_wait_for_readers_that_may_lose() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    handle.flush();
    let (sink, release) = stuck::sink();
    let thread = handle.reader().spawn(sink).unwrap();
    let _unread = handle.reader().open();
    let _task = handle.reader().open_async().unwrap();
    ring.write_all(b"x").unwrap();
    release.wait_until_stuck();
    handle.flush();
    assert!(handle.flush_timeout(Duration::ZERO));
    drop((ring, release));
    thread.join().unwrap().unwrap();
}

/// And not for ever.
#[test]
fn it_waits_for_one_with_patience_as_long_as_a_write_does() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let (sink, release) = stuck::sink();
    let reader = handle.reader().policy(Policy::BlockFor(SHORT));
    let thread = reader.spawn(sink).unwrap();
    let other = Counting::default();
    let block = handle.reader().policy(Policy::Block);
    let patient = block.spawn(other.clone()).unwrap();
    ring.write_all(b"x").unwrap();
    release.wait_until_stuck();
    handle.flush();
    // The others are still waited for.
    assert_eq!(other.flushed.load(SeqCst), 1);
    let stats = handle.stats();
    assert_eq!(stats.demotions, 1);
    assert!(stats.readers[0].demoted && !stats.readers[1].demoted);
    // It is not waited for a second time.
    ring.write_all(b"y").unwrap();
    assert!(handle.flush_timeout(LONG));
    drop(release);
    handle.close();
    assert_eq!(thread.join().unwrap().unwrap(), 2);
    patient.join().unwrap().unwrap();
}

#[test]
fn it_tells_that_it_has_given_up_on_a_reader() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    // Nobody reads from it.
    let _unread = handle.reader().policy(Policy::BlockFor(SHORT)).open();
    ring.write_all(b"x").unwrap();
    assert!(!handle.flush_timeout(LONG));
    assert!(handle.flush_timeout(LONG));
}

#[test]
fn it_stops_waiting_for_a_reader_that_is_demoted() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let (sink, release) = stuck::sink();
    let reader = handle.reader().policy(Policy::BlockFor(SHORT));
    let thread = reader.spawn(sink).unwrap();
    ring.write_all(b"x").unwrap();
    release.wait_until_stuck();
    assert!(!handle.flush_timeout(SHORT));
    let flush = start_flush(&handle);
    while handle.stats().demotions == 0 {
        ring.write_all(&[b'x'; 1000]).unwrap();
    }
    flush.join().unwrap();
    drop((ring, release));
    thread.join().unwrap().unwrap();
}

#[test]
fn it_stops_waiting_for_a_reader_that_ends() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    // One that is dropped.
    let unread = handle.reader().policy(Policy::Block).open();
    ring.write_all(b"x").unwrap();
    let flush = start_flush(&handle);
    assert!(!handle.flush_timeout(SHORT));
    drop(unread);
    flush.join().unwrap();
    // And one whose sink fails.
    let failing = handle.reader().policy(Policy::Block);
    let failing = failing.spawn(&mut [0_u8; 0][..]);
    handle.flush();
    assert!(failing.unwrap().join().unwrap().is_err());
}

fn start_flush(handle: &Handle) -> thread::JoinHandle<()> {
    let handle = handle.clone();
    thread::spawn(move || handle.flush())
}

#[test]
fn a_reader_that_filters_everything_out_is_done() {
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let sink = Counting::default();
    let reader = handle.reader().policy(Policy::Block).at_least(Level::Error);
    let thread = reader.spawn(sink.clone()).unwrap();
    for _ in 0..1000 {
        let meta = Meta::new().level(Level::Info);
        ring.record(meta, b"not for this sink\n").unwrap();
        handle.flush();
    }
    ring.record(Meta::new().level(Level::Error), b"x").unwrap();
    handle.flush();
    assert_eq!(sink.flushed.load(SeqCst), 1);
    drop(ring);
    assert_eq!(thread.join().unwrap().unwrap(), 1);
}

#[test]
fn a_batch_of_an_opened_reader_is_done_when_the_next_is_asked_for() {
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let mut reader = handle.reader().policy(Policy::Block).open();
    ring.write_all(b"x").unwrap();
    assert!(!handle.flush_timeout(Duration::ZERO), "not received");
    assert_eq!(reader.recv().unwrap().bytes(), b"x");
    assert!(!handle.flush_timeout(Duration::ZERO), "not done with");
    assert_eq!(reader.try_recv().unwrap_err(), TryRecvError::Empty);
    assert!(handle.flush_timeout(Duration::ZERO));
}

/// What the three calls gave inside a sink.
struct Asking(Handle, Sender<(bool, bool)>);

impl Asking {
    fn ask(&self) {
        // There is something to wait for: the reader of this sink.
        self.0.flush();
        let flushed = self.0.flush_timeout(LONG);
        self.1.send((flushed, self.0.join_timeout(LONG))).unwrap();
    }
}

impl Write for Asking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.ask();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.ask();
        Ok(())
    }
}

#[test]
fn inside_a_sink_of_any_ring_nothing_waits() {
    let _watchdog = watchdog::minutes(2);
    let mut own = Ring::new(4096).unwrap();
    let mut other = Ring::new(4096).unwrap();
    let _unread = other.handle().reader().policy(Policy::Block).open();
    other.write_all(b"never read").unwrap();
    for asked in [own.handle(), other.handle()] {
        let (tell, told) = mpsc::channel();
        let reader = own.handle().reader().policy(Policy::Block);
        let thread = reader.spawn(Asking(asked, tell)).unwrap();
        own.write_all(b"x").unwrap();
        // In its write, and in its flush.
        assert_eq!(told.recv(), Ok((false, false)));
        assert_eq!(told.recv(), Ok((false, false)));
        own.handle().close();
        thread.join().unwrap().unwrap();
        own = Ring::new(4096).unwrap();
    }
}

#[test]
fn auto_flush_puts_nothing_off_that_a_flush_waits_for() {
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let sink = Counting::default();
    let auto = ThrottledFlush::new(sink.clone(), LONG);
    let reader = handle.reader().policy(Policy::Block).spawn(auto).unwrap();
    for round in 1..=100 {
        ring.write_all(b"x").unwrap();
        if round % 3 == 0 {
            // The reader has had everything, and has put the flush off.
            while handle.stats().readers[0].lag_records > 0 {
                thread::yield_now();
            }
        }
        handle.flush();
        assert_eq!(sink.flushed.load(SeqCst), round);
    }
    ring.write_all(b"x").unwrap();
    handle.close();
    // At the end too.
    assert!(handle.flush_timeout(LONG));
    assert_eq!(sink.flushed.load(SeqCst), 101);
    reader.join().unwrap().unwrap();
}

/// Within the flush that is waited for is another one, of another sink, that may be put off.
#[test]
fn a_flush_within_a_flush_changes_nothing_for_the_outer_one() {
    struct FeedsAnother(ThrottledFlush<Counting>);
    impl Write for FeedsAnother {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            let mut other = Ring::new(4096)?;
            other.write_all(b"flushing")?;
            other.handle().close();
            other.handle().write_to(io::sink())?;
            self.0.flush()
        }
    }
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let sink = Counting::default();
    let auto = FeedsAnother(ThrottledFlush::new(sink.clone(), LONG));
    let reader = handle.reader().policy(Policy::Block).spawn(auto).unwrap();
    for round in 1..=20 {
        ring.write_all(b"x").unwrap();
        handle.flush();
        assert_eq!(sink.flushed.load(SeqCst), round);
    }
    drop(ring);
    reader.join().unwrap().unwrap();
}

/// Nothing more is written, and nobody waits: it is asked again all the same.
#[test]
fn a_flush_that_was_put_off_and_meets_a_sink_that_is_not_ready_is_tried_again() {
    struct NotReadyOnce(Sender<u32>, u32);
    impl Write for NotReadyOnce {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            self.1 += 1;
            let _ = self.0.send(self.1);
            if self.1 == 2 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            Ok(())
        }
    }
    let _watchdog = watchdog::minutes(2);
    let (tell, told) = mpsc::channel();
    let mut auto = ThrottledFlush::new(NotReadyOnce(tell, 0), Duration::from_millis(20));
    auto.flush().unwrap();
    assert_eq!(told.recv(), Ok(1));
    // Put off; or not, if this thread was held up, and then it is for the caller to try again.
    if auto.flush().is_err() {
        auto.flush().unwrap();
    }
    assert_eq!(told.recv(), Ok(2));
    if told.recv_timeout(LONG) != Ok(3) {
        panic!("not tried again");
    }
}

#[test]
fn auto_flush_leaves_flushes_out_and_makes_up_for_them() {
    let sink = Counting::default();
    let flushed = || sink.flushed.load(SeqCst);
    let mut auto = ThrottledFlush::new(sink.clone(), LONG);
    auto.write_all(b"1").unwrap();
    assert_eq!(flushed(), 0);
    auto.flush().unwrap();
    assert_eq!(flushed(), 1, "the first one is on time");
    auto.write_all(b"2").unwrap();
    auto.flush().unwrap();
    assert_eq!(flushed(), 1, "the second one came too soon");
    drop(auto);
    assert_eq!(flushed(), 2);

    let mut auto = ThrottledFlush::new(sink.clone(), Duration::ZERO);
    auto.write_all(b"3").unwrap();
    auto.flush().unwrap();
    auto.write_all(b"4").unwrap();
    auto.flush().unwrap();
    assert_eq!(flushed(), 4, "without a delay each one counts");
}
