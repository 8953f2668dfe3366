//! Writing where one would rather not: in a `Display` that is being written, in destructors, and in
//! sinks.

use circular_core::{Meta, Policy, Ring, SinkError};
use std::cell::RefCell;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

#[path = "common/collected.rs"]
mod collected;
#[path = "common/watchdog.rs"]
mod watchdog;

use collected::Collected;

/// Long enough that nobody waits for it to be over.
const LONG: Duration = Duration::from_secs(3600);

/// Logs when it is formatted and when it is dropped.
struct Chatty<'a>(&'a Ring, u32);

impl fmt::Display for Chatty<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Chatty(mut ring, depth) = *self;
        writeln!(ring, "formatting {depth}").unwrap();
        if depth > 0 {
            let inner = Chatty(self.0, depth - 1);
            self.0
                .record_fmt(Meta::new(), format_args!("[{inner}]\n"))
                .unwrap();
        }
        write!(f, "chatty {depth}")
    }
}

impl Drop for Chatty<'_> {
    fn drop(&mut self) {
        let Chatty(mut ring, depth) = *self;
        writeln!(ring, "dropping {depth}").unwrap();
    }
}

fn text(ring: &Ring) -> String {
    String::from_utf8(ring.handle().snapshot().into_bytes()).unwrap()
}

#[test]
fn in_a_display_that_is_being_written() {
    let mut ring = Ring::new(1 << 20).unwrap();
    let inside = ring.clone();
    let chatty = Chatty(&inside, 2);
    writeln!(ring, "<{chatty}>").unwrap();
    assert_eq!(
        text(&ring),
        "formatting 2\nformatting 1\nformatting 0\n[chatty 0]\ndropping 0\n\
         [chatty 1]\ndropping 1\n<chatty 2>\n"
    );
}

#[test]
fn in_a_destructor_while_unwinding() {
    let ring = Ring::new(4096).unwrap();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let chatty = Chatty(&ring, 7);
        if chatty.1 == 7 {
            resume_unwind(Box::new(()));
        }
    }));
    assert!(caught.is_err());
    assert_eq!(text(&ring), "dropping 7\n");
}

/// Such a write never waits, so that a panic is not held up by a reader.
#[test]
fn a_write_while_unwinding_overtakes_a_lossless_reader() {
    let _watchdog = watchdog::minutes(2);
    let ring = Ring::new(4096).unwrap();
    let mut reader = ring.handle().reader().policy(Policy::Block).open();
    // Full to the byte.
    (&ring).write_all(&[b'x'; 4096 - 16]).unwrap();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _chatty = Chatty(&ring, 7);
        resume_unwind(Box::new(()));
    }));
    assert!(caught.is_err());
    let stats = ring.handle().stats();
    assert_eq!((stats.overtakes, stats.waits.count), (1, 0));
    let batch = reader.recv().unwrap();
    assert_eq!(batch.missed().records, 1);
    assert_eq!(batch.missed().bytes, 4096 - 16);
    assert_eq!(batch.bytes(), b"dropping 7\n");
}

#[test]
fn in_a_destructor_of_a_thread_local() {
    struct Last(Ring);
    impl Drop for Last {
        fn drop(&mut self) {
            for number in 0..3 {
                writeln!(self.0, "thread local {number} gone").unwrap();
                self.0
                    .record_fmt(Meta::new(), format_args!("formatted {number}\n"))
                    .unwrap();
            }
        }
    }
    // Both come into being before the thread has ever formatted, and after.
    thread_local! {
        static FIRST: RefCell<Option<Last>> = const { RefCell::new(None) };
        static SECOND: RefCell<Option<Last>> = const { RefCell::new(None) };
    }
    let ring = Ring::new(1 << 20).unwrap();
    let in_thread = ring.clone();
    let thread = thread::spawn(move || {
        FIRST.set(Some(Last(in_thread.clone())));
        writeln!(&in_thread, "{} is alive", 1).unwrap();
        SECOND.set(Some(Last(in_thread)));
    });
    thread.join().unwrap();
    let text = text(&ring);
    for number in 0..3 {
        let line = format!("thread local {number} gone\nformatted {number}\n");
        assert_eq!(text.matches(&line).count(), 2, "{text}");
    }
    assert_eq!(text.lines().count(), 1 + 2 * 6);
}

#[test]
fn a_display_that_panics_leaves_everything_usable() {
    struct Panics;
    impl fmt::Display for Panics {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half")?;
            resume_unwind(Box::new("in a Display"))
        }
    }
    let mut ring = Ring::new(4096).unwrap();
    for _ in 0..3 {
        let caught = catch_unwind(AssertUnwindSafe(|| writeln!(ring, "<{Panics}>")));
        assert!(caught.is_err());
        let name = "it";
        writeln!(ring, "{name} goes on").unwrap();
    }
    // Nothing is lost: what was formatted before the panic is there too.
    assert_eq!(text(&ring), "<halfit goes on\n".repeat(3));
}

/// A sink that writes a line to a ring for each batch it gets, for as long as the ring takes it.
struct Echo(Ring, u64);

impl Write for Echo {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if writeln!(self.0, "{} bytes passed through", bytes.len()).is_ok() {
            self.1 += 1;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // And one that waits for nobody.
        self.0.handle().flush();
        Ok(())
    }
}

#[test]
fn a_sink_that_writes_to_its_own_full_ring_ends() {
    let _watchdog = watchdog::minutes(5);
    let ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let reader = handle.reader().policy(Policy::Block);
    let echo = reader.spawn(Echo(ring.clone(), 0)).unwrap();
    let written = thread::scope(|scope| {
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let mut ring = &ring;
                scope.spawn(move || {
                    for _ in 0..20_000 {
                        ring.write_all(&[b'x'; 200]).unwrap();
                    }
                })
            })
            .collect();
        writers.into_iter().for_each(|w| w.join().unwrap());
        handle.stats().written
    });
    assert!(written > 40_000, "the sink has written too: {written}");
    handle.close();
    assert!(handle.join_timeout(LONG));
    echo.join().unwrap().unwrap();
}

/// Its own ring is full to the byte, for certain, when the sink writes.
#[test]
fn a_sink_that_writes_more_than_its_own_ring_holds_is_told_what_it_overtook() {
    struct Flood(Ring, Collected, bool);
    impl Write for Flood {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if !std::mem::replace(&mut self.2, true) {
                for number in 0..1000 {
                    writeln!(self.0, "flood {number}")?;
                }
                self.0.handle().close();
            }
            self.1.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let collected = Collected::default();
    writeln!(ring, "begin").unwrap();
    handle
        .write_to(Flood(ring, collected.clone(), false))
        .unwrap();
    let text = collected.text();
    assert!(text.starts_with("begin\n--- missed "), "{text}");
    assert!(text.ends_with("flood 999\n"), "{text}");
    assert!(handle.stats().overtakes > 0);
}

/// In a ring that is full to the byte, one record overwrites as many as its own length.
#[test]
fn a_write_that_could_not_wait_costs_a_reader_no_more_than_it_overwrites() {
    struct WritesOnce(Ring, usize);
    impl Write for WritesOnce {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut ring = &self.0;
            ring.write_all(&vec![b'n'; std::mem::take(&mut self.1)])?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let _watchdog = watchdog::minutes(2);
    for (length, overwritten) in [(48, 1), (49, 2), (1000, 16), (100_000, 1563)] {
        let ring = Ring::new(1 << 20).unwrap();
        let handle = ring.handle();
        let mut lossless = handle.reader().policy(Policy::Block).open();
        for _ in 0..(1 << 20) / 64 {
            (&ring).write_all(&[b'x'; 48]).unwrap();
        }
        let mut other = Ring::new(4096).unwrap();
        other.write_all(b"what makes the sink run").unwrap();
        other.handle().close();
        other.handle().write_to(WritesOnce(ring, length)).unwrap();
        assert_eq!(handle.stats().overtakes, 1);
        let missed = lossless.recv().unwrap().missed();
        assert_eq!(
            (missed.records, missed.bytes),
            (overwritten, 48 * overwritten)
        );
    }
}

#[test]
fn two_rings_whose_sinks_write_into_each_other_end() {
    let _watchdog = watchdog::minutes(5);
    let rings = [Ring::new(4096).unwrap(), Ring::new(4096).unwrap()];
    let handles = rings.each_ref().map(Ring::handle);
    let spawn = |from: usize, to: usize| {
        let echo = Echo(rings[to].clone(), 0);
        let reader = handles[from].reader().policy(Policy::Block);
        reader.spawn(echo).unwrap()
    };
    let sinks = [spawn(0, 1), spawn(1, 0)];
    thread::scope(|scope| {
        for ring in &rings {
            let mut ring = ring;
            scope.spawn(move || {
                for _ in 0..20_000 {
                    ring.write_all(&[b'x'; 200]).unwrap();
                }
            });
        }
    });
    for handle in &handles {
        handle.close();
    }
    for handle in &handles {
        assert!(handle.join_timeout(LONG));
    }
    for sink in sinks {
        sink.join().unwrap().unwrap();
    }
}

#[test]
fn a_sink_may_close_its_ring() {
    struct Closes(Ring, Collected);
    impl Write for Closes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.handle().close();
            self.1.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.0.handle().close();
            Ok(())
        }
    }
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(1 << 20).unwrap();
    let handle = ring.handle();
    let lines: String = (0..10_000).map(|n| format!("{n}\n")).collect();
    for line in lines.split_inclusive('\n') {
        ring.write_all(line.as_bytes()).unwrap();
    }
    let collected = Collected::default();
    let taken = handle.write_to(Closes(ring, collected.clone())).unwrap();
    // What was there when it closed is not lost.
    assert_eq!(taken, lines.len() as u64);
    assert_eq!(collected.text(), lines);
}

/// What all the ways in which a sink ends badly have in common: nobody else is concerned.
fn nobody_else_is_concerned(ring: &Ring, other: thread::JoinHandle<io::Result<u64>>) {
    let handle = ring.handle();
    let before = handle.stats();
    assert_eq!(before.readers.len(), 1, "the one that ended has left");
    // Far more than the ring holds: the gate of the one that ended is gone.
    for _ in 0..1000 {
        (&*ring).write_all(&[b'x'; 100]).unwrap();
    }
    handle.flush();
    handle.close();
    assert!(handle.join_timeout(LONG));
    assert_eq!(other.join().unwrap().unwrap(), before.bytes + 100_000);
}

#[test]
fn a_sink_that_fails_tells_how_far_it_got() {
    struct Fails(u64);
    impl Write for Fails {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let take = self.0.min(bytes.len() as u64).min(3);
            self.0 -= take;
            match take {
                0 => Err(io::Error::new(
                    ErrorKind::StorageFull,
                    "no room on the disk",
                )),
                take => Ok(usize::try_from(take).unwrap()),
            }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let block = || handle.reader().policy(Policy::Block);
    let other = block().spawn(io::sink()).unwrap();
    let fails = block().spawn(Fails(1234)).unwrap();
    for _ in 0..100 {
        ring.write_all(&[b'x'; 100]).unwrap();
    }
    let error = fails.join().unwrap().unwrap_err();
    assert_eq!(handle.stats().failed_sinks, 1);
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    assert_eq!(error.to_string(), "no room on the disk");
    let sink_error: &SinkError = error.get_ref().unwrap().downcast_ref().unwrap();
    assert_eq!(sink_error.bytes, 1234);
    assert_eq!(sink_error.source.to_string(), "no room on the disk");
    nobody_else_is_concerned(&ring, other);
}

#[test]
fn a_sink_that_fails_in_flush_or_takes_nothing_ends_with_that() {
    struct FailsInFlush;
    impl Write for FailsInFlush {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::Error::from(ErrorKind::ConnectionReset))
        }
    }
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    ring.write_all(b"12345").unwrap();
    let bytes_of = |error: &io::Error| {
        let source = error.get_ref().unwrap();
        source.downcast_ref::<SinkError>().unwrap().bytes
    };
    let error = ring.handle().write_to(FailsInFlush).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(bytes_of(&error), 5);
    let error = ring.handle().write_to(&mut [0; 3][..]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);
    assert_eq!(bytes_of(&error), 3);
}

#[test]
fn a_sink_that_is_interrupted_is_asked_again() {
    struct Interrupted(Collected, u32);
    impl Write for Interrupted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1 % 2 == 1 {
                return Err(ErrorKind::Interrupted.into());
            }
            self.0.write(&bytes[..1])
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut ring = Ring::new(4096).unwrap();
    ring.write_all(b"12345").unwrap();
    ring.handle().close();
    let collected = Collected::default();
    let sink = Interrupted(collected.clone(), 0);
    assert_eq!(ring.handle().write_to(sink).unwrap(), 5);
    assert_eq!(collected.text(), "12345");
}

/// As a terminal is that another program has made non-blocking.
#[test]
fn a_sink_that_is_not_ready_is_asked_again() {
    struct NotReady(Collected, u32);
    impl NotReady {
        fn every_other_time(&mut self) -> io::Result<()> {
            self.1 += 1;
            if self.1 % 2 == 1 {
                return Err(ErrorKind::WouldBlock.into());
            }
            Ok(())
        }
    }
    impl Write for NotReady {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.every_other_time()?;
            self.0.write(&bytes[..1])
        }
        fn flush(&mut self) -> io::Result<()> {
            self.every_other_time()
        }
    }
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    ring.write_all(b"12345").unwrap();
    ring.handle().close();
    let collected = Collected::default();
    let sink = NotReady(collected.clone(), 0);
    assert_eq!(ring.handle().write_to(sink).unwrap(), 5);
    assert_eq!(collected.text(), "12345");
}

/// What a socket with a time-out of its own says when that is over, is an error.
#[cfg(unix)]
#[test]
fn a_sink_that_gives_up_by_itself_ends_with_that() {
    let _watchdog = watchdog::minutes(2);
    let (near, _nobody_reads) = std::os::unix::net::UnixStream::pair().unwrap();
    let timeout = Duration::from_millis(50);
    near.set_write_timeout(Some(timeout)).unwrap();
    let mut ring = Ring::new(1 << 22).unwrap();
    for _ in 0..30_000 {
        ring.write_all(&[b'x'; 100]).unwrap();
    }
    let error = ring.handle().write_to(near).unwrap_err();
    let sink_error: &SinkError = error.get_ref().unwrap().downcast_ref().unwrap();
    assert!(sink_error.bytes > 0);
}

#[test]
fn a_sink_that_panics_frees_its_gate() {
    struct Panics;
    impl Write for Panics {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            resume_unwind(Box::new("in a sink"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let _watchdog = watchdog::minutes(2);
    let mut ring = Ring::new(4096).unwrap();
    let handle = ring.handle();
    let block = || handle.reader().policy(Policy::Block);
    let other = block().spawn(io::sink()).unwrap();
    let panics = block().spawn(Panics).unwrap();
    for _ in 0..100 {
        ring.write_all(&[b'x'; 100]).unwrap();
    }
    assert!(panics.join().is_err());
    // A thread that went through it is no worse off: it may wait for readers again.
    let mut own = Ring::new(4096).unwrap();
    own.write_all(b"x").unwrap();
    let caught = catch_unwind(AssertUnwindSafe(|| own.handle().write_to(Panics)));
    assert!(caught.is_err());
    let reader = own.handle().reader().policy(Policy::Block);
    let reader = reader.spawn(io::sink()).unwrap();
    for _ in 0..1000 {
        own.write_all(&[b'x'; 100]).unwrap();
    }
    own.handle().flush();
    assert_eq!(own.handle().stats().overtakes, 0);
    drop(own);
    reader.join().unwrap().unwrap();
    nobody_else_is_concerned(&ring, other);
}

/// Many sinks flush when they are dropped. After a panic too, the reader has left by then.
#[test]
fn a_sink_may_flush_the_ring_when_it_is_dropped() {
    struct Flushes(Ring, bool);
    impl Write for Flushes {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            if self.1 {
                resume_unwind(Box::new("in a sink"));
            }
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    impl Drop for Flushes {
        fn drop(&mut self) {
            self.0.handle().flush();
        }
    }
    for panics in [false, true] {
        let (tell, told) = mpsc::channel();
        // Not joined: where it hangs, the test must fail and not hang too.
        thread::spawn(move || {
            let mut ring = Ring::new(4096).unwrap();
            ring.write_all(b"x").unwrap();
            let sink = Flushes(ring.clone(), panics);
            let ended = catch_unwind(AssertUnwindSafe(|| ring.handle().write_to(sink)));
            let readers = ring.handle().stats().readers.len();
            tell.send((ended.is_err(), readers)).unwrap();
        });
        let ended = told.recv_timeout(Duration::from_secs(60));
        assert_eq!(ended, Ok((panics, 0)), "it waits for itself");
    }
}
