//! A panic of an allocator: one with a lock of its own holds it, and nobody gets memory any more.

#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "an allocator is")]

use circular_core::{PanicDump, Ring};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write;
use std::panic;

#[path = "common/child.rs"]
mod child;
#[path = "common/dumps.rs"]
mod dumps;
#[path = "common/watchdog.rs"]
mod watchdog;

use dumps::{Dumps, PROGRAM};

/// What a child ends with when the panic has asked for memory.
const ASKED: i32 = 3;
/// And when it has come to its end.
const DONE: i32 = 7;
/// An allocation that this allocator panics at.
const TOO_MUCH: usize = 77_777;

thread_local! {
    /// Of the thread that panics: that of the harness, which has just started it, may still ask for memory.
    static PANICS: Cell<bool> = const { Cell::new(false) };
}

struct Limited;

/// From the panic on, as if the thread held a lock that the next who asks for memory waits for.
fn count(size: usize) {
    if size == TOO_MUCH && !PANICS.replace(true) {
        panic!("over the limit");
    }
    if PANICS.get() {
        // SAFETY: it does not return, and no memory is involved.
        unsafe { libc::_exit(ASKED) };
    }
}

// SAFETY: it is the system's, but for what ends the process.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: what is asked of us is asked of it.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(0);
        // SAFETY: what is asked of us is asked of it.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Limited = Limited;

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    panic::set_hook(Box::new(|_| {
        // SAFETY: it does not return, and no memory is involved.
        unsafe { libc::_exit(DONE) };
    }));
    let mut ring = Ring::new(1 << 20).unwrap();
    // So that there are old ones to be removed, and more than one piece to be written.
    for number in 0..20_000 {
        writeln!(ring, "line {number}").unwrap();
    }
    let dump = PanicDump::builder(&ring.handle()).program(PROGRAM);
    match role.as_str() {
        "to a directory" => dump.dir(dumps::dir()).install(),
        "with an image" => drop(dump.dir(dumps::dir()).image().try_install().unwrap()),
        "to stderr" => dump.install(),
        _ => unreachable!("no such role: {role}"),
    }
    drop(Vec::<u8>::with_capacity(TOO_MUCH));
}

#[test]
fn it_is_dumped_without_more_memory() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    for second in 0..9 {
        let name = format!("prog-1-20240101T00000{second}.000000000Z.log");
        std::fs::write(dumps.0.join(name), "an old one").unwrap();
    }
    let ended = dumps.run("to a directory");
    assert_eq!(ended.status.code(), Some(DONE), "{}", ended.stderr);
    assert_eq!(ended.dumps(), 1, "{}", ended.stderr);
    let texts = dumps.texts();
    assert_eq!(texts.len(), 8);
    let text = &texts[7];
    assert!(text.contains("\nline 19999\n") && text.ends_with("\nover the limit\n"));

    let dumps = Dumps::new();
    let ended = dumps.run("with an image");
    assert_eq!(ended.status.code(), Some(DONE), "{}", ended.stderr);
    let text = dumps.texts().remove(0);
    let [image] = &dumps.images()[..] else {
        panic!("not one image: {}", ended.stderr)
    };
    assert!(image.snapshot().unwrap().text() == text);
    assert!(text.ends_with("\nover the limit\n"));

    let ended = Dumps::new().run("to stderr");
    assert_eq!(ended.status.code(), Some(DONE), "{}", ended.stderr);
    assert!(ended.stderr.contains("\nover the limit\n"));
    assert_eq!(ended.dumps(), 1, "{}", ended.stderr);
}
