//! What a program has on its stderr when it ends, with `flush_at_exit`.

#![cfg(unix)]

use circular_core::{DumpTrigger, Handle, Level, PanicDump, Policy, Ring, ThrottledFlush};
use std::fmt::Write as _;
use std::io::{self, BufRead, BufWriter, Read, Write};
use std::process::{self, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

#[path = "common/child.rs"]
mod child;
#[path = "common/watchdog.rs"]
mod watchdog;

/// Long enough that nobody waits for it to be over.
const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(200);
/// More than a pipe holds.
const LINES: usize = 20_000;

/// What a child says when its main function is about to return.
const MAIN_ENDS: &str = "main ends";

/// A global logger's ring is never dropped.
static RINGS: Mutex<Vec<Ring>> = Mutex::new(Vec::new());

/// A ring whose lines go to `sink` on a thread.
fn ring(patience: Duration, sink: impl Write + Send + 'static) -> Ring {
    let ring = Ring::builder().flush_at_exit(patience).build().unwrap();
    let reader = ring.handle().reader().policy(Policy::BlockFor(LONG));
    reader.spawn(sink).unwrap();
    RINGS.lock().unwrap().push(ring.clone());
    ring
}

/// A ring that nobody reads, and a trigger that has its interval before it.
fn triggered(patience: Duration, sink: impl Write + Send + 'static) -> (Ring, DumpTrigger) {
    let ring = Ring::builder().flush_at_exit(patience).build().unwrap();
    RINGS.lock().unwrap().push(ring.clone());
    let builder = DumpTrigger::builder(&ring.handle()).sink(sink);
    let trigger = builder.interval(LONG).start().unwrap();
    (ring, trigger)
}

fn write_lines(mut ring: &Ring) {
    for number in 0..LINES {
        writeln!(ring, "line {number}").unwrap();
    }
}

fn all_lines() -> String {
    (0..LINES).fold(String::new(), |mut all, number| {
        writeln!(all, "line {number}").unwrap();
        all
    })
}

/// Ends the program when it is written to.
struct Exits;

impl Write for Exits {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        process::exit(7)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes nothing until the ring is closed, as one that is slow and the program's last lines.
struct AtTheEnd<W>(Handle, W);

impl<W: Write> Write for AtTheEnd<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        while !self.0.is_closed() {
            thread::yield_now();
        }
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.1.flush()
    }
}

/// Ends what it has written with a line when it is dropped, as a compressor or an archive does; that
/// takes its time.
struct Trailing;

impl Write for Trailing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stderr().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Trailing {
    fn drop(&mut self) {
        thread::sleep(Duration::from_millis(20));
        let _ = io::stderr().write_all(b"the end\n");
    }
}

/// Ends the program when it is dropped.
struct ExitsInTheEnd;

impl Write for ExitsInTheEnd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for ExitsInTheEnd {
    fn drop(&mut self) {
        process::exit(7);
    }
}

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    match role.as_str() {
        "returns" => write_lines(&ring(LONG, io::stderr())),
        "exits" => {
            write_lines(&ring(LONG, io::stderr()));
            process::exit(0);
        }
        // What is written is on stderr only when it is flushed, too.
        "buffers" => write_lines(&ring(
            LONG,
            BufWriter::with_capacity(10 << 20, io::stderr()),
        )),
        "puts flushes off" => {
            let buffered = BufWriter::with_capacity(10 << 20, io::stderr());
            write_lines(&ring(LONG, ThrottledFlush::new(buffered, LONG)));
        }
        "has sinks that end" => {
            // One is a trigger's, and one is not waited for while it is written to.
            let (first, second) = (
                ring(LONG, Trailing),
                ring(LONG, ThrottledFlush::new(Trailing, LONG)),
            );
            let (third, trigger) = triggered(LONG, Trailing);
            let skips = ring(LONG, io::sink());
            skips.handle().reader().spawn(Trailing).unwrap();
            for ring in [&first, &second, &third, &skips] {
                writeln!({ ring }, "a line").unwrap();
            }
            trigger.observe(Level::Error);
        }
        "skips" => {
            let ring = Ring::builder().flush_at_exit(LONG).build().unwrap();
            RINGS.lock().unwrap().push(ring.clone());
            let handle = ring.handle();
            assert!(handle.is_flushed_at_exit());
            let late = AtTheEnd(handle.clone(), io::stderr());
            handle.reader().spawn(late).unwrap();
            // A sink on a thread of the program's own is one, too.
            let late = AtTheEnd(handle.clone(), BufWriter::new(io::stdout()));
            let joined = handle.reader().open();
            thread::spawn(move || joined.write_to(late));
            write_lines(&ring);
            // Before the harness prints to the same stdout.
            process::exit(0);
        }
        "skips and is stuck" => {
            let ring = Ring::builder().flush_at_exit(SHORT).build().unwrap();
            RINGS.lock().unwrap().push(ring.clone());
            ring.handle().reader().spawn(io::stderr()).unwrap();
            write_lines(&ring);
        }
        "has three stuck rings" => {
            for _ in 0..3 {
                write_lines(&ring(Duration::from_secs(3), io::stderr()));
            }
            let mut stdout = io::stdout();
            writeln!(stdout, "{MAIN_ENDS}").unwrap();
        }
        "exits in a sink of another ring" | "exits in a hook of another ring" => {
            let ring = ring(LONG, Trailing);
            // The same ring has another sink, which is waited for as well.
            let block = ring.handle().reader().policy(Policy::Block);
            block.spawn(ThrottledFlush::new(Trailing, LONG)).unwrap();
            writeln!(&ring, "a line").unwrap();
            let other = Ring::builder().flush_at_exit(LONG).build().unwrap();
            RINGS.lock().unwrap().push(other.clone());
            if role.contains("hook") {
                let trigger = DumpTrigger::builder(&other.handle()).sink(io::sink());
                let trigger = trigger.redact(|_| process::exit(7)).start().unwrap();
                writeln!(&other, "x").unwrap();
                trigger.observe(Level::Error);
            } else {
                // Of both: it is only its own that it does not wait for.
                let block = ring.handle().reader().policy(Policy::Block);
                block.spawn(Exits).unwrap();
            }
            loop {
                thread::park();
            }
        }
        "exits in the end of a sink" => {
            let ring = ring(LONG, ExitsInTheEnd);
            ring.handle().close();
            loop {
                thread::park();
            }
        }
        "is stuck" => write_lines(&ring(SHORT, io::stderr())),
        "goes on writing" => {
            let ring = ring(LONG, io::stderr());
            for _ in 0..2 {
                let mut ring = ring.clone();
                thread::spawn(move || while writeln!(ring, "another line").is_ok() {});
            }
            writeln!(&ring, "the last one of main").unwrap();
        }
        "has two rings" => {
            let (first, second) = (ring(LONG, io::stderr()), ring(LONG, io::stderr()));
            writeln!(&first, "from the first").unwrap();
            writeln!(&second, "from the second").unwrap();
        }
        "drops its ring" => {
            let ring = ring(LONG, io::stderr());
            RINGS.lock().unwrap().clear();
            writeln!(&ring, "dropped with its last line").unwrap();
        }
        "prints to stdout" => {
            let ring = ring(LONG, io::stdout());
            write_lines(&ring);
            // The reader ends when it finds out, and nobody else does.
            while ring.handle().stats().failed_sinks == 0 {
                writeln!(&ring, "is anybody there?").unwrap();
                thread::yield_now();
            }
            writeln!(&ring, "still here").unwrap();
            let held = ring.handle().snapshot();
            assert!(held.bytes().ends_with(b"still here\n"));
            io::stderr().write_all(b"went on\n").unwrap();
            // Not through the harness, which prints to the same stdout.
            process::exit(0);
        }
        "exits in a sink" => {
            writeln!(&ring(LONG, Exits), "x").unwrap();
            loop {
                thread::park();
            }
        }
        "logs errors" => {
            let (ring, trigger) = triggered(LONG, io::stderr());
            for line in ["the first\n", "the second\n", "the third\n"] {
                (&ring).write_all(line.as_bytes()).unwrap();
                trigger.observe(Level::Error);
            }
        }
        "has a stuck dump" => {
            let (ring, trigger) = triggered(SHORT, io::stderr());
            write_lines(&ring);
            trigger.observe(Level::Error);
        }
        "exits in a redaction hook" => {
            let ring = Ring::builder().flush_at_exit(LONG).build().unwrap();
            RINGS.lock().unwrap().push(ring.clone());
            let trigger = DumpTrigger::builder(&ring.handle())
                .sink(io::sink())
                .redact(|_| process::exit(7))
                .start()
                .unwrap();
            (&ring).write_all(b"x").unwrap();
            trigger.observe(Level::Error);
            loop {
                thread::park();
            }
        }
        "exits in the redaction hook of a panic" => {
            let ring = Ring::builder().flush_at_exit(LONG).build().unwrap();
            PanicDump::builder(&ring.handle())
                .redact(|_| process::exit(7))
                .install();
            RINGS.lock().unwrap().push(ring);
            panic!("as asked");
        }
        "exits in a dump" => {
            let (ring, trigger) = triggered(LONG, Exits);
            (&ring).write_all(b"x").unwrap();
            trigger.observe(Level::Error);
            loop {
                thread::park();
            }
        }
        _ => panic!("no such role: {role}"),
    }
}

/// What a child has written to stderr when it has ended as it should.
fn stderr_of(role: &str) -> String {
    let output = child::command(role).output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn one_that_returns_from_main_has_its_last_line_out() {
    let _watchdog = watchdog::minutes(2);
    assert!(stderr_of("returns") == all_lines());
}

#[test]
fn one_that_calls_exit_has_its_last_line_out() {
    let _watchdog = watchdog::minutes(2);
    assert!(stderr_of("exits") == all_lines());
}

#[test]
fn sinks_are_flushed() {
    let _watchdog = watchdog::minutes(2);
    assert!(stderr_of("buffers") == all_lines());
    assert!(stderr_of("puts flushes off") == all_lines());
}

/// Writers do not wait for it, but the end does.
#[test]
fn a_sink_of_a_reader_that_skips_has_all_that_the_ring_holds() {
    let _watchdog = watchdog::minutes(2);
    let mut command = child::command("skips");
    let output = command.stdout(Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr == all_lines(), "{} bytes on stderr", stderr.len());
    // The harness has written there before.
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains(&all_lines()));
}

#[test]
fn one_whose_stderr_is_stuck_ends_all_the_same() {
    let _watchdog = watchdog::minutes(2);
    for role in ["is stuck", "skips and is stuck"] {
        let mut child = child::command(role).spawn().unwrap();
        // Open, and not read.
        let mut stderr = child.stderr.take().unwrap();
        assert!(child.wait().unwrap().success());
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        assert!(!text.is_empty() && all_lines().starts_with(&text));
        assert!(text.len() < all_lines().len(), "the pipe was not full");
    }
}

#[test]
fn one_whose_other_threads_go_on_writing_ends_with_a_whole_line() {
    let _watchdog = watchdog::minutes(2);
    let text = stderr_of("goes on writing");
    assert!(text.ends_with('\n'));
    assert_eq!(text.matches("the last one of main\n").count(), 1);
    let mut others = text.lines().filter(|line| *line != "the last one of main");
    assert!(others.all(|line| line == "another line"));
}

#[test]
fn every_ring_that_asked_is_flushed() {
    let _watchdog = watchdog::minutes(2);
    let text = stderr_of("has two rings");
    assert!(text.contains("from the first\n") && text.contains("from the second\n"));
    assert_eq!(stderr_of("drops its ring"), "dropped with its last line\n");
}

/// As with `program | head -1`: stdout is closed at the other end while it goes on.
#[test]
fn one_whose_stdout_is_closed_goes_on_and_ends_as_it_would() {
    let _watchdog = watchdog::minutes(2);
    let mut command = child::command("prints to stdout");
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 100]).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let (told, went_on): (Vec<_>, Vec<_>) = stderr
        .lines()
        .partition(|line| line.starts_with("circular: "));
    assert_eq!(went_on, ["went on"]);
    // And that nothing is printed any more.
    assert!(
        told.len() == 1 && told[0].contains("Broken pipe"),
        "{told:?}"
    );
    assert_eq!(output.status.code(), Some(0));
}

/// A trailer that is written when a sink is dropped is as much of a file as the rest.
#[test]
fn sinks_are_dropped_before_the_end() {
    let _watchdog = watchdog::minutes(2);
    let text = stderr_of("has sinks that end");
    assert_eq!(text.matches("a line\n").count(), 4, "{text}");
    assert_eq!(text.matches("the end\n").count(), 4, "{text}");
}

/// Whatever is stuck: the program was told how long it waits.
#[test]
fn the_patience_of_several_rings_is_not_added_up() {
    let _watchdog = watchdog::minutes(2);
    let mut command = child::command("has three stuck rings");
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let _unread = child.stderr.take().unwrap();
    // It stays open: what the harness prints there would fail, and that be told on a stuck stderr.
    let mut stdout = io::BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(stdout.any(|line| line.unwrap().ends_with(MAIN_ENDS)));
    let began = std::time::Instant::now();
    assert!(child.wait().unwrap().success());
    assert!(began.elapsed() < Duration::from_secs(8), "it was added up");
    drop(stdout);
}

#[test]
fn one_that_calls_exit_where_a_sink_is_dropped_does_not_wait_for_itself() {
    let _watchdog = watchdog::minutes(2);
    let output = child::command("exits in the end of a sink")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn one_that_calls_exit_in_a_sink_or_a_hook_waits_for_all_others() {
    let _watchdog = watchdog::minutes(2);
    for role in [
        "exits in a sink of another ring",
        "exits in a hook of another ring",
    ] {
        let output = child::command(role).output().unwrap();
        assert_eq!(output.status.code(), Some(7), "{role}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(text.matches("a line\n").count(), 2, "{role}: {text}");
        assert_eq!(text.matches("the end\n").count(), 2, "{role}: {text}");
    }
}

#[test]
fn one_that_calls_exit_in_a_redaction_hook_does_not_wait_for_itself() {
    let _watchdog = watchdog::minutes(2);
    for role in [
        "exits in a redaction hook",
        "exits in the redaction hook of a panic",
    ] {
        let output = child::command(role).output().unwrap();
        assert_eq!(output.status.code(), Some(7), "{role}");
    }
}

#[test]
fn one_that_calls_exit_in_a_sink_does_not_wait_for_itself() {
    let _watchdog = watchdog::minutes(2);
    let output = child::command("exits in a sink").output().unwrap();
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn what_a_trigger_was_asked_for_is_dumped() {
    let _watchdog = watchdog::minutes(2);
    assert_eq!(
        stderr_of("logs errors"),
        "the first\nthe second\nthe third\n"
    );
}

#[test]
fn one_whose_dump_is_stuck_ends_all_the_same() {
    let _watchdog = watchdog::minutes(2);
    let mut child = child::command("has a stuck dump").spawn().unwrap();
    // Open, and not read.
    let _stderr = child.stderr.take().unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn one_that_calls_exit_in_a_dump_does_not_wait_for_itself() {
    let _watchdog = watchdog::minutes(2);
    let output = child::command("exits in a dump").output().unwrap();
    assert_eq!(output.status.code(), Some(7));
}
