//! A process that ends while a dump is made: whoever ends it waits, as long as the dump gets on.

#![cfg(unix)]

use circular_core::{DumpTrigger, Level, Meta, PanicDump, Redacted, Ring};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::panic::{self, catch_unwind};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[path = "common/child.rs"]
mod child;
#[path = "common/dumps.rs"]
mod dumps;
#[path = "common/watchdog.rs"]
mod watchdog;

use dumps::{Dumps, PROGRAM};

/// With this long for each, a dump takes more than the two seconds that are waited for one that gets no
/// further.
const RECORDS: u32 = 250;
const FOR_EACH: Duration = Duration::from_millis(20);

static BEGUN: AtomicBool = AtomicBool::new(false);

extern "C" fn the_first() {
    panic!("the first");
}

extern "C" fn cannot_unwind() {
    panic!("the second");
}

/// A hook that is slow, and so is its dump.
fn slow(_: &circular_core::Record<'_>) -> Redacted {
    BEGUN.store(true, SeqCst);
    thread::sleep(FOR_EACH);
    Redacted::Keep
}

/// One that does not come back.
fn stuck(_: &circular_core::Record<'_>) -> Redacted {
    BEGUN.store(true, SeqCst);
    loop {
        thread::park();
    }
}

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    panic::set_hook(Box::new(|_| {}));
    let mut ring = Ring::new(1 << 20).unwrap();
    for number in 0..RECORDS {
        writeln!(ring, "line {number}").unwrap();
    }
    let dump = PanicDump::builder(&ring.handle()).program(PROGRAM);
    let dump = dump.dir(dumps::dir());
    let trigger = DumpTrigger::builder(&ring.handle()).program(PROGRAM);
    if role.starts_with("logs an error") {
        dump.install();
        let trigger = trigger.dir(dumps::dir()).redact(slow).start().unwrap();
        ring.record(Meta::new().level(Level::Error), b"an error\n")
            .unwrap();
        trigger.observe(Level::Error);
    } else {
        if role.starts_with("is stuck") {
            dump.redact(stuck).install();
        } else {
            dump.redact(slow).install();
        }
        if role.ends_with("both abort") {
            thread::spawn(|| the_first());
        } else {
            thread::spawn(|| panic!("the first"));
        }
    }
    while !BEGUN.load(SeqCst) {
        thread::yield_now();
    }
    match role.split_once(" and ").unwrap().1 {
        "both abort" => {
            thread::spawn(|| cannot_unwind());
            loop {
                thread::park();
            }
        }
        "exits" => process::exit(7),
        "aborts" => cannot_unwind(),
        "panics in main" => {
            assert!(catch_unwind(|| panic!("the second")).is_err());
            // As the runtime does with that of `main`.
            process::exit(101);
        }
        _ => unreachable!("no such role: {role}"),
    }
}

#[test]
fn a_dump_that_gets_on_comes_to_its_end() {
    let _watchdog = watchdog::minutes(2);
    let last = format!("\nline {}\n", RECORDS - 1);
    let whole = |role, code| {
        let dumps = Dumps::new();
        let ended = dumps.run(role);
        assert_eq!(ended.status.code(), Some(code), "{}", ended.stderr);
        let texts = dumps.texts();
        assert_eq!(texts.len(), 1, "{role}: {}", ended.stderr);
        assert!(texts[0].starts_with("line 0\n") && texts[0].contains(&last));
    };
    // Each takes its seconds.
    thread::scope(|scope| {
        scope.spawn(|| whole("panics and exits", 7));
        scope.spawn(|| whole("panics and panics in main", 101));
        scope.spawn(|| whole("logs an error and exits", 7));
    });
}

/// The process is ended by the second panic, which waits for the dump of the first, and has its own.
#[test]
fn a_panic_that_aborts_waits_for_anothers_dump() {
    let _watchdog = watchdog::minutes(2);
    let aborted = |role| {
        let dumps = Dumps::new();
        let ended = dumps.run(role);
        let signal = ended.status.signal();
        assert!(signal.is_some(), "{:?}: {}", ended.status, ended.stderr);
        dumps.texts()
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            let texts = aborted("panics and aborts");
            assert_eq!(texts.len(), 2);
            assert!(texts[0].contains("\nthe first\n"));
            assert!(texts[1].contains("\nthe second\n"));
        });
        // The one that is through first waits for the other.
        scope.spawn(|| {
            let texts = aborted("panics and both abort");
            assert!(texts.last().unwrap().contains("\nthe second\n"));
        });
    });
}

/// It ends the process, and the dump of the trigger is made by a thread of that.
#[test]
fn a_panic_that_aborts_waits_for_a_triggers_dump() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run("logs an error and aborts");
    assert!(ended.status.signal().is_some(), "{}", ended.stderr);
    let texts = dumps.texts();
    assert!(texts.iter().any(|text| text.ends_with("\nan error\n")));
}

#[test]
fn a_dump_that_gets_no_further_is_not_waited_for() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run("is stuck and exits");
    assert_eq!(ended.status.code(), Some(7), "{}", ended.stderr);
    let dumps = Dumps::new();
    let ended = dumps.run("is stuck and aborts");
    assert!(ended.status.signal().is_some(), "{}", ended.stderr);
}
