//! Panics where one would rather not panic: each becomes a record, and the dump is whole.

#![cfg(unix)]
#![expect(unsafe_code, reason = "the standard library cannot fork")]

use circular_core::{Meta, PanicDump, Policy, Ring};
use std::backtrace::Backtrace;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::Barrier;
use std::thread;

#[path = "common/child.rs"]
mod child;
#[path = "common/dumps.rs"]
mod dumps;
#[path = "common/watchdog.rs"]
mod watchdog;

use dumps::{Dumps, PROGRAM};

const THREADS: usize = 100;

struct PanickingSink;

impl Write for PanickingSink {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        panic!("in a sink");
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct PanickingDisplay;

impl fmt::Display for PanickingDisplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half")?;
        panic!("in a Display");
    }
}

struct PanickingDrop;

impl Drop for PanickingDrop {
    fn drop(&mut self) {
        panic!("in a destructor");
    }
}

fn fails(work: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(work)).is_err());
}

/// How often a panic stands in the ring as a record.
fn panics(ring: &Ring) -> usize {
    let snapshot = ring.handle().snapshot();
    snapshot.records().filter(|r| r.target() == "panic").count()
}

fn in_a_sink(ring: &Ring) {
    let handle = ring.handle();
    let block = || handle.reader().policy(Policy::Block);
    let other = block().spawn(io::sink()).unwrap();
    assert!(block().spawn(PanickingSink).unwrap().join().is_err());
    assert_eq!(panics(ring), 1);
    // Its gate is free, and the others go on.
    for _ in 0..10_000 {
        (&*ring).write_all(&[b'x'; 100]).unwrap();
    }
    handle.close();
    other.join().unwrap().unwrap();
}

fn in_a_display(mut ring: &Ring) {
    fails(|| writeln!(ring, "<{PanickingDisplay}>").unwrap());
    ring.write_all(b" and on\n").unwrap();
    assert_eq!(panics(ring), 1);
    let text = String::from_utf8(ring.handle().snapshot().into_bytes()).unwrap();
    // What was formatted before the panic is kept, behind the panic.
    assert!(text.ends_with("\n<half and on\n"), "{text}");
}

fn in_many_threads(ring: &Ring) {
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                fails(|| panic!("in thread {number}"));
            });
        }
    });
    assert_eq!(panics(ring), THREADS);
}

/// The ring is full to the byte, and its lossless reader is never read.
fn with_a_reader_that_hangs(ring: &Ring) {
    let handle = ring.handle();
    let mut unread = handle.reader().policy(Policy::Block).open();
    let room = ring.capacity() - usize::try_from(handle.stats().written * 24).unwrap();
    ring.record(Meta::new(), &vec![b'x'; room - 16]).unwrap();
    assert_eq!(handle.stats().overtakes, 0);
    fails(|| panic!("must not wait"));
    assert_eq!(handle.stats().overtakes, 1);
    assert_eq!(handle.stats().waits.count, 0);
    assert!(!unread.recv().unwrap().missed().is_empty());
}

/// Stderr is a pipe that nobody reads, and one thread's dump to it is stuck.
fn while_another_is_stuck(ring: &Ring) {
    // More than the pipe takes.
    let line = [b'x'; 10_000];
    (0..100).for_each(|_| ring.record(Meta::new(), &line).unwrap());
    let stuck = thread::spawn(|| panic!("the stuck one"));
    let dir = dumps::dir();
    while fs::read_dir(&dir).unwrap().count() == 0 {
        thread::yield_now();
    }
    fails(|| panic!("another one"));
    assert!(!stuck.is_finished());
    process::exit(0);
}

fn in_a_forked_child(ring: &Ring) {
    // Whatever a backtrace locks is locked most of the time.
    for _ in 0..2 {
        thread::spawn(|| {
            loop {
                drop(Backtrace::force_capture());
            }
        });
    }
    for _ in 0..50 {
        // SAFETY: what the child does next is what the test is about.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0);
        if pid == 0 {
            // SAFETY: no memory is involved. It ends a child that hangs.
            unsafe { libc::alarm(20) };
            let caught = catch_unwind(|| panic!("in a forked child")).is_err();
            let refused = ring.handle().stats().refused;
            // SAFETY: it does not return, and no memory is involved.
            unsafe { libc::_exit(if caught && refused == 1 { 0 } else { 1 }) };
        }
        let mut status = 0;
        // SAFETY: `status` is a valid place for the status of a child that is ours.
        unsafe { libc::waitpid(pid, &raw mut status, 0) };
        assert_eq!(status, 0);
    }
    assert_eq!(panics(ring), 0);
}

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    panic::set_hook(Box::new(|_| {}));
    let mut ring = Ring::new(1 << 20).unwrap();
    let to_stderr = role == "another is stuck";
    let hook = PanicDump::builder(&ring.handle()).dir(dumps::dir());
    hook.program(PROGRAM).stderr(to_stderr).install();
    for number in 0..8 {
        // 24 bytes each, with their headers.
        ring.write_all(format!("before{number}\n").as_bytes())
            .unwrap();
    }
    match role.as_str() {
        "sink" => in_a_sink(&ring),
        "display" => in_a_display(&ring),
        "threads" => in_many_threads(&ring),
        "reader" => with_a_reader_that_hangs(&ring),
        "fork" => in_a_forked_child(&ring),
        "another is stuck" => while_another_is_stuck(&ring),
        "closed" => {
            drop(ring);
            fails(|| panic!("with a closed ring"));
        }
        "destructor" => {
            let _panics = PanickingDrop;
            panic!("the first one");
        }
        _ => unreachable!("no such role: {role}"),
    }
}

/// Runs a child that must end well, and gives back its only dump.
fn only_dump(role: &str) -> String {
    let dumps = Dumps::new();
    let ended = dumps.run(role);
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(ended.dumps(), 1, "{}", ended.stderr);
    let mut texts = dumps.texts();
    assert_eq!(texts.len(), 1);
    let text = texts.remove(0);
    assert!(text.ends_with('\n'));
    text
}

#[test]
fn in_a_sink_nobody_else_is_concerned() {
    let _watchdog = watchdog::minutes(2);
    let text = only_dump("sink");
    assert!(text.starts_with("before0\n") && text.ends_with("\nin a sink\n"));
}

#[test]
fn in_a_display_what_came_before_is_kept() {
    let _watchdog = watchdog::minutes(2);
    let text = only_dump("display");
    assert!(text.starts_with("before0\n") && text.ends_with("\nin a Display\n"));
}

#[test]
fn in_many_threads_at_once_each_is_recorded_and_one_dump_is_made() {
    let _watchdog = watchdog::minutes(2);
    let text = only_dump("threads");
    assert!(text.starts_with("before0\n") && text.contains("\nin thread "));
}

#[test]
fn it_waits_for_no_reader() {
    let _watchdog = watchdog::minutes(2);
    assert!(only_dump("reader").ends_with("\nmust not wait\n"));
}

#[test]
fn a_closed_ring_is_dumped_with_the_panic() {
    let _watchdog = watchdog::minutes(2);
    let text = only_dump("closed");
    assert!(text.starts_with("before0\n") && text.ends_with("\nwith a closed ring\n"));
}

#[test]
fn in_a_destructor_while_unwinding_both_are_in_the_last_dump() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run("destructor");
    // What the language does with it.
    assert_eq!(ended.status.signal(), Some(libc::SIGABRT));
    let [first, last] = &dumps.texts()[..] else {
        panic!("not two dumps: {}", ended.stderr)
    };
    assert!(first.ends_with("\nthe first one\n"));
    assert!(last.starts_with(first.as_str()));
    assert!(last.contains("\nin a destructor\n"));
    assert_eq!(ended.dumps(), 2);
}

#[test]
fn while_another_threads_dump_is_stuck_it_does_not_wait_for_stderr() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let mut child = dumps.command("another is stuck").spawn().unwrap();
    let unread = child.stderr.take().unwrap();
    assert!(child.wait().unwrap().success());
    drop(unread);
}

#[test]
fn in_a_forked_child_it_is_counted_and_waits_for_nothing() {
    let _watchdog = watchdog::minutes(5);
    let dumps = Dumps::new();
    let mut command = dumps.command("fork");
    command.env("RUST_BACKTRACE", "1");
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(dumps.texts().is_empty());
    assert!(stderr.is_empty(), "{stderr}");
}
