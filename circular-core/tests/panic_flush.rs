//! What readers have got of a program that a panic has aborted, where its hook was told to wait for them.

#![cfg(unix)]

use circular_core::{DumpTrigger, Level, PanicDump, Policy, Ring, ThrottledFlush};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::process::ExitStatusExt;
use std::panic;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

#[path = "common/child.rs"]
mod child;
#[path = "common/dumps.rs"]
mod dumps;
#[path = "common/watchdog.rs"]
mod watchdog;

use dumps::{Dumps, PROGRAM};

/// Long enough that nobody waits for it to be over.
const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(200);
/// More than readers take while the panic is dumped.
const LINES: usize = 10_000;

/// The files of the readers, by policy, beside the dump.
const BLOCK: &str = "prog-block.log";
const SKIP: &str = "prog-skip.log";

/// What happens in a function of `extern "C"` is as with `panic = "abort"`: the process is aborted when
/// the hook returns.
extern "C" fn cannot_unwind() {
    panic!("as asked");
}

/// Takes its time for a flush, longer than the other readers.
struct Slow<W>(W);

impl<W: Write> Write for Slow<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        thread::sleep(Duration::from_millis(100));
        self.0.flush()
    }
}

/// Panics when it gets the line that asks for it.
struct Panics;

impl Write for Panics {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.ends_with(b"panic!\n") {
            cannot_unwind();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes nothing, ever.
struct Stuck;

impl Write for Stuck {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        loop {
            thread::park();
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Panics a second time, while the first panic unwinds, which nothing survives.
struct PanicsAgain;

impl Drop for PanicsAgain {
    fn drop(&mut self) {
        panic!("as asked");
    }
}

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    panic::set_hook(Box::new(|_| {}));
    let ring = Ring::builder().capacity(4 << 20).build().unwrap();
    let handle = ring.handle();
    let dir = dumps::dir();
    let patience = if role.contains("stuck") { SHORT } else { LONG };
    let dump = PanicDump::builder(&handle).program(PROGRAM).dir(&dir);
    dump.flush(patience).install();

    let file = |name| File::create(dir.join(name)).unwrap();
    let buffered = BufWriter::with_capacity(1 << 20, file(BLOCK));
    let block = handle.reader().policy(Policy::Block);
    block.spawn(ThrottledFlush::new(buffered, LONG)).unwrap();
    let buffered = BufWriter::with_capacity(4 << 20, file(SKIP));
    handle.reader().spawn(Slow(buffered)).unwrap();
    // It has to be woken.
    if role == "sleeps" {
        thread::sleep(Duration::from_millis(20));
    }
    for number in 0..LINES {
        writeln!({ &ring }, "line {number}").unwrap();
    }
    match role.as_str() {
        "aborts" | "sleeps" => cannot_unwind(),
        "panics twice" => {
            let _again = PanicsAgain;
            panic!("the first");
        }
        "is in a sink" => {
            // As a thread of the program's own, and as one of the ring's.
            let block = handle.reader().policy(Policy::Block);
            block.spawn(Panics).unwrap();
            writeln!({ &ring }, "panic!").unwrap();
        }
        "is in a stuck hook" => {
            let builder = DumpTrigger::builder(&handle).sink(io::sink());
            let builder = builder.redact(|_| {
                cannot_unwind();
                unreachable!()
            });
            let trigger = builder.start().unwrap();
            trigger.observe(Level::Error);
            thread::sleep(LONG);
        }
        "has a stuck sink" => {
            let block = handle.reader().policy(Policy::Block);
            block.spawn(Stuck).unwrap();
            cannot_unwind();
        }
        "holds stderr, and is stuck" => {
            handle.reader().spawn(io::stderr()).unwrap();
            let _held = io::stderr().lock();
            cannot_unwind();
        }
        _ => panic!("no such role: {role}"),
    }
    // It is aborted by another thread.
    thread::sleep(LONG);
    process::exit(1);
}

fn all_lines() -> String {
    (0..LINES).fold(String::new(), |mut all, number| {
        writeln!(all, "line {number}").unwrap();
        all
    })
}

/// A program that was aborted.
fn aborted(role: &str) -> Dumps {
    let dumps = Dumps::new();
    let ended = dumps.run(role);
    let signal = ended.status.signal();
    assert!(signal.is_some(), "{:?}: {}", ended.status, ended.stderr);
    // Those of the panics, and the two readers'.
    assert!(dumps.texts().len() > 2, "{role}: {}", ended.stderr);
    dumps
}

/// Every line that was said, and the panic.
fn assert_complete(dumps: &Dumps, name: &str, role: &str) {
    let text = fs::read_to_string(dumps.0.join(name)).unwrap();
    assert!(
        text.starts_with(&all_lines()),
        "{role}: {} bytes in {name}",
        text.len()
    );
    assert!(text.contains("ERROR panic: "), "{role}: no panic in {name}");
    assert!(text.contains("\nas asked\n"), "{role}: no panic in {name}");
}

#[test]
fn what_was_said_before_a_panic_that_aborts_is_in_every_readers_file() {
    let _watchdog = watchdog::minutes(2);
    for role in ["aborts", "sleeps", "panics twice"] {
        let dumps = aborted(role);
        assert_complete(&dumps, BLOCK, role);
        assert_complete(&dumps, SKIP, role);
    }
}

#[test]
fn a_panic_in_a_sink_waits_for_all_readers_but_its_own() {
    let _watchdog = watchdog::minutes(2);
    let dumps = aborted("is in a sink");
    assert_complete(&dumps, BLOCK, "is in a sink");
    assert_complete(&dumps, SKIP, "is in a sink");
}

/// What waits for the thread that panics is not waited for longer than was said.
#[test]
fn where_a_reader_cannot_get_on_the_patience_ends_it() {
    let _watchdog = watchdog::minutes(2);
    for role in ["is in a stuck hook", "holds stderr, and is stuck"] {
        aborted(role);
    }
    let began = Instant::now();
    let dumps = aborted("has a stuck sink");
    assert!(began.elapsed() >= SHORT, "it has not waited");
    // The others have it all.
    assert_complete(&dumps, BLOCK, "has a stuck sink");
}
