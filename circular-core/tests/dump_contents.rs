//! A dump with a record that does not fit its buffer, one to a stderr that takes nothing, and one where
//! old ones cannot be removed.

#![cfg(unix)]
#![expect(
    unsafe_code,
    reason = "the standard library cannot become another user"
)]

use circular_core::{Handle, PanicDump, PanicDumpBuilder, Ring};
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::panic;
use std::process::{Child, Command};

#[path = "common/child.rs"]
mod child;
#[path = "common/dumps.rs"]
mod dumps;
#[path = "common/watchdog.rs"]
mod watchdog;

use dumps::{Dumps, PROGRAM};

const CAPACITY: usize = 1 << 20;
/// More than the buffer that a dump goes through, and less than the ring.
const LONG: usize = 300_000;
/// These fill most of the ring, and take several times what a pipe and the buffer hold.
const LINES: u64 = 6000;

fn line(number: u64) -> String {
    format!("line {number:095}\n")
}

fn dump(handle: &Handle) -> PanicDumpBuilder {
    panic::set_hook(Box::new(|_| {}));
    PanicDump::builder(handle).program(PROGRAM)
}

fn write_lines(mut ring: &Ring) {
    for number in 0..LINES {
        ring.write_all(line(number).as_bytes()).unwrap();
    }
}

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    let mut ring = Ring::new(CAPACITY).unwrap();
    let handle = ring.handle();
    match role.as_str() {
        "has a long record" => {
            ring.write_all(b"before\n").unwrap();
            ring.write_all(&[b'x'; LONG]).unwrap();
            ring.write_all(b"\nafter\n").unwrap();
            dump(&handle).dir(dumps::dir()).install();
            panic!("and a long record");
        }
        "has a stderr that takes nothing" => {
            write_lines(&ring);
            dump(&handle).dir(dumps::dir()).stderr(true).install();
            panic!("nobody reads this on stderr");
        }
        "is somebody" | "is nobody" => {
            if role == "is nobody" {
                // SAFETY: no memory is involved. Who is somebody already stays that.
                unsafe { libc::setuid(65534) };
            }
            dump(&handle).dir(dumps::dir()).install();
            panic!("whole");
        }
        _ => unreachable!("no such role: {role}"),
    }
}

#[test]
fn a_record_that_is_larger_than_the_buffer_is_in_it_whole() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run("has a long record");
    assert_eq!(ended.status.code(), Some(101));
    let text = &dumps.texts()[0];
    let expected = format!("before\n{}\nafter\n", "x".repeat(LONG));
    assert!(text.starts_with(&expected), "{} bytes", text.len());
    assert!(text.ends_with("and a long record\n"));
    let told = format!("circular: dumped 4 records ({} bytes) to ", text.len());
    assert!(ended.reports()[0].starts_with(&told));
}

#[test]
fn a_stderr_that_takes_nothing_costs_nothing_but_what_was_to_go_there() {
    let _watchdog = watchdog::minutes(2);
    let takes_nothing = |begin: fn(&mut Command) -> io::Result<Child>| {
        let dumps = Dumps::new();
        let mut command = dumps.command("has a stderr that takes nothing");
        let mut child = begin(&mut command).unwrap();
        // If it is a pipe: closed at the other end.
        drop(child.stderr.take());
        assert_eq!(child.wait().unwrap().code(), Some(101));
        let [text] = &dumps.texts()[..] else {
            panic!("not one dump")
        };
        assert!(text.starts_with(&line(0)) && text.contains(&line(LINES - 1)));
        assert!(text.ends_with("nobody reads this on stderr\n"));
    };
    takes_nothing(Command::spawn);
    takes_nothing(|command| {
        let full = File::options().write(true).open("/dev/full")?;
        command.stderr(full).spawn()
    });
}

/// The one line tells it, and where.
fn is_told(dumps: &Dumps, role: &str, why: &str) {
    let ended = dumps.run(role);
    assert_eq!(ended.status.code(), Some(101));
    let [report] = ended.reports()[..] else {
        panic!("not one line: {}", ended.stderr)
    };
    assert!(
        report.starts_with("circular: dumped 1 records "),
        "{report}"
    );
    let dir = dumps.0.to_str().unwrap();
    assert_eq!(report.matches(dir).count(), 2, "{report}");
    assert!(report.contains(why), "{report}");
}

#[test]
fn what_keeps_old_dumps_from_being_removed_is_told_and_the_dump_is_whole() {
    let _watchdog = watchdog::minutes(2);
    // It can be written to, but not listed.
    let dumps = Dumps::new();
    fs::set_permissions(&dumps.0, Permissions::from_mode(0o333)).unwrap();
    is_told(&dumps, "is nobody", "; cannot list the dumps in ");
    fs::set_permissions(&dumps.0, Permissions::from_mode(0o755)).unwrap();
    assert!(dumps.texts()[0].ends_with("whole\n"));

    // As in /tmp, nobody can remove what is another user's.
    // SAFETY: no memory is involved.
    if unsafe { libc::geteuid() } != 0 {
        return;
    }
    let dumps = Dumps::new();
    fs::set_permissions(&dumps.0, Permissions::from_mode(0o1777)).unwrap();
    for _ in 0..8 {
        assert_eq!(dumps.run("is somebody").status.code(), Some(101));
    }
    is_told(&dumps, "is nobody", "; cannot remove the old dump ");
    assert_eq!(dumps.texts().len(), 9);
}
