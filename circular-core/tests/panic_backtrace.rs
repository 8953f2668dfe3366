//! Backtraces of panics, with the standard library's own hook before ours.

#![cfg(unix)]
#![expect(
    unsafe_code,
    reason = "the standard library cannot fill a pipe without waiting"
)]

use circular_core::{Handle, PanicDump, Redacted, Ring};
use std::fs;
use std::io::{self, Write};
use std::panic::{self, catch_unwind};
use std::process;
use std::sync::OnceLock;
use std::thread;

#[path = "common/child.rs"]
mod child;
#[path = "common/dumps.rs"]
mod dumps;
#[path = "common/watchdog.rs"]
mod watchdog;

use dumps::{Dumps, PROGRAM};

static HANDLE: OnceLock<Handle> = OnceLock::new();

/// How many panics the ring has as records.
fn recorded() -> usize {
    let snapshot = HANDLE.get().unwrap().snapshot();
    let text = String::from_utf8_lossy(snapshot.bytes()).into_owned();
    text.matches("' panicked at ").count()
}

/// How many whole dumps there are.
fn dumped() -> usize {
    let names = fs::read_dir(dumps::dir()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name());
    names
        .filter(|name| !name.to_str().unwrap().starts_with('.'))
        .count()
}

fn set_stderr(flags: libc::c_int) {
    // SAFETY: an open descriptor, and a command that takes a number.
    let status = unsafe { libc::fcntl(libc::STDERR_FILENO, libc::F_SETFL, flags) };
    assert_eq!(status, 0);
}

/// Fills stderr, a pipe, so that the next who writes to it waits.
fn fill_stderr() {
    set_stderr(libc::O_NONBLOCK);
    while io::stderr().write(&[b'.'; 512]).is_ok() {}
    while io::stderr().write(b".").is_ok() {}
    set_stderr(0);
}

struct PanicsAtTheEnd;

impl Drop for PanicsAtTheEnd {
    fn drop(&mut self) {
        panic!("at the end");
    }
}

thread_local! {
    static PANICS: PanicsAtTheEnd = const { PanicsAtTheEnd };
}

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    let ring = Ring::new(1 << 20).unwrap();
    HANDLE.set(ring.handle()).unwrap();
    // The standard library's, and not the harness's.
    drop(panic::take_hook());
    let dump = PanicDump::builder(&ring.handle()).program(PROGRAM);
    let dump = dump.dir(dumps::dir());
    match role.as_str() {
        "has a stuck hook" => {
            dump.install();
            fill_stderr();
            thread::spawn(|| panic!("the first"));
            while dumped() < 1 {
                thread::yield_now();
            }
            // It aborts, so it is dumped however soon it comes. It never gets as far as that: its previous
            // hook waits for the first's.
            let mut open = ring.clone();
            thread::spawn(move || {
                PANICS.with(|_| {});
                writeln!(open, "{}", process::id()).unwrap();
            });
            while dumped() < 2 || recorded() < 2 {
                thread::yield_now();
            }
            // SAFETY: it does not return, and no memory is involved.
            unsafe { libc::_exit(0) };
        }
        "is asked for one" => {
            let hidden = |record: &circular_core::Record<'_>| {
                let text = String::from_utf8_lossy(record.bytes());
                Redacted::Text(text.replace("secret", "hidden").into_bytes())
            };
            dump.redact(hidden).install();
            assert!(catch_unwind(secret_function).is_err());
            let text = ring.handle().snapshot().into_bytes();
            let text = String::from_utf8(text).unwrap();
            assert!(text.contains("' stack backtrace:\n") && text.contains("secret_function"));
        }
        _ => unreachable!("no such role: {role}"),
    }
}

#[inline(never)]
fn secret_function() {
    panic!("as asked");
}

/// That holds the lock that a backtrace needs.
#[test]
fn a_previous_hook_that_is_stuck_keeps_no_panic_from_its_record_and_dump() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let mut command = dumps.command("has a stuck hook");
    command.env("RUST_BACKTRACE", "1");
    let mut child = command.spawn().unwrap();
    let _unread = child.stderr.take().unwrap();
    assert!(child.wait().unwrap().success());
    let texts = dumps.texts();
    assert_eq!(texts.len(), 2);
    assert!(texts[0].contains("\nthe first\n"));
    assert!(texts[1].contains("\nat the end\n"));
}

#[test]
fn it_is_a_record_and_behind_the_dump_and_goes_through_the_redaction() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let mut command = dumps.command("is asked for one");
    command.env("RUST_BACKTRACE", "1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = dumps.texts().remove(0);
    let (panic, backtrace) = text.split_once("' stack backtrace:\n").unwrap();
    assert!(panic.contains("\nas asked\n"), "{panic}");
    assert!(backtrace.contains("hidden_function"), "{backtrace}");
    assert!(!text.contains("secret"), "{text}");
    assert!(text.ends_with('\n'));
}
