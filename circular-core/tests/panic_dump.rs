//! What a program that panics leaves behind: the dump, where it goes, and how many there are.

#![cfg(unix)]
#![expect(
    unsafe_code,
    reason = "the standard library can neither become another user nor fill a pipe without waiting"
)]

use circular_core::{Handle, Level, Meta, PanicDump, PanicDumpBuilder, Ring};
use std::fs::{self, Permissions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::panic::{self, catch_unwind};
use std::process::{self, Stdio};
use std::thread;
use std::time::Duration;

#[path = "common/child.rs"]
mod child;
#[path = "common/dumps.rs"]
mod dumps;
#[path = "common/watchdog.rs"]
mod watchdog;

use dumps::{Dumps, PROGRAM};

const LINES: &str = "one\ntwo\nthree\n";
/// What a child says when its stderr is full of a dump.
const DUMPS: &str = "it dumps";
/// No two dumps are less than this apart, unless the program is about to abort.
const INTERVAL: Duration = Duration::from_secs(10);

/// A ring with three lines, and a hook that is there before that of the dump.
fn ring() -> Ring {
    panic::set_hook(Box::new(|_| say("previous hook")));
    let mut ring = Ring::new(1 << 20).unwrap();
    for line in LINES.split_inclusive('\n') {
        ring.write_all(line.as_bytes()).unwrap();
    }
    ring
}

fn say(line: &str) {
    let mut stderr = io::stderr();
    writeln!(stderr, "{line}").unwrap();
}

fn dump(handle: &Handle) -> PanicDumpBuilder {
    PanicDump::builder(handle).program(PROGRAM)
}

extern "C" fn cannot_unwind() {
    panic!("no way out");
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

fn fill(ring: &Ring) {
    for number in 0..100_000 {
        let line = format!("line {number}\n");
        ring.record(Meta::new(), line.as_bytes()).unwrap();
    }
}

fn panic_and_go_on(number: u32) {
    assert!(catch_unwind(|| panic!("panic number {number}")).is_err());
}

/// Panics again while it unwinds, which aborts.
fn panic_twice() {
    struct PanicsToo;
    impl Drop for PanicsToo {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    let _panics_too = PanicsToo;
    panic!("the ninth");
}

fn set_stderr(flags: libc::c_int) {
    // SAFETY: an open descriptor, and a command that takes a number.
    let status = unsafe { libc::fcntl(libc::STDERR_FILENO, libc::F_SETFL, flags) };
    assert_eq!(status, 0);
}

/// Whether stderr, a pipe, has room.
fn stderr_is_ready() -> bool {
    let mut stderr = libc::pollfd {
        fd: libc::STDERR_FILENO,
        events: libc::POLLOUT,
        revents: 0,
    };
    // SAFETY: one pollfd, which is valid and lives during the call.
    unsafe { libc::poll(&raw mut stderr, 1, 0) == 1 }
}

/// Fills stderr, a pipe, so that the next who writes to it waits.
fn fill_stderr() {
    set_stderr(libc::O_NONBLOCK);
    while io::stderr().write(&[b'.'; 512]).is_ok() {}
    while io::stderr().write(b".").is_ok() {}
    set_stderr(0);
}

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    let ring = ring();
    let handle = ring.handle();
    let here = || dump(&handle).dir(dumps::dir());
    match role.as_str() {
        "panics" => here().install(),
        "has no directory" => dump(&handle).install(),
        "ends while another thread dumps" => {
            // One that writes would wait for stderr, and hide it.
            panic::set_hook(Box::new(|_| {}));
            dump(&handle).install();
            fill(&ring);
            let dumping = thread::spawn(|| panic!("the first"));
            // It ends only if whoever should read it is gone.
            while stderr_is_ready() && !dumping.is_finished() {
                thread::yield_now();
            }
            let mut stdout = io::stdout();
            writeln!(stdout, "{DUMPS}").unwrap();
            panic_and_go_on(9);
            // As a panic in `main` does; the harness would wait for the other thread.
            process::exit(101);
        }
        "wants both" => here().stderr(true).install(),
        "is nobody" => {
            // SAFETY: no memory is involved. Who is somebody already stays that.
            unsafe { libc::setuid(65534) };
            here().install();
        }
        "is stuck" | "is stuck in its dump" => {
            panic::set_hook(Box::new(|_| {}));
            here().stderr(role == "is stuck in its dump").install();
            fill_stderr();
        }
        "catches its panics" => {
            here().install();
            (0..50).for_each(panic_and_go_on);
            let snapshot = handle.snapshot();
            let panics = snapshot
                .records()
                .filter(|record| record.target() == "panic");
            for (number, record) in panics.clone().enumerate() {
                assert_eq!(record.level(), Some(Level::Error));
                let text = std::str::from_utf8(record.bytes()).unwrap();
                assert!(text.contains(&format!("panic number {number}\n")));
            }
            assert_eq!(panics.count(), 50);
            return;
        }
        "aborts after eight" => {
            here().install();
            (0..8).for_each(panic_and_go_on);
            panic_twice();
        }
        "waits after eight" => {
            here().install();
            (0..8).for_each(panic_and_go_on);
            thread::sleep(INTERVAL);
            panic_and_go_on(8);
            return;
        }
        "panics with another payload" => {
            here().install();
            panic::panic_any(17);
        }
        "is full" => {
            here().install();
            fill(&ring);
        }
        "is written to all the time" | "is written to all the time, and small" => {
            let small = Ring::new(4096).unwrap();
            let ring = if role.ends_with("small") { small } else { ring };
            let handle = ring.handle();
            dump(&handle).dir(dumps::dir()).install();
            for _ in 0..2 {
                let mut ring = ring.clone();
                thread::spawn(move || while ring.write_all(&[b'd'; 100]).is_ok() {});
            }
            while handle.stats().overwritten == 0 {
                thread::yield_now();
            }
            panic_and_go_on(9);
            // SAFETY: it does not return, and no memory is involved.
            unsafe { libc::_exit(0) };
        }
        "panics where it cannot unwind" => {
            here().install();
            panic_and_go_on(0);
            cannot_unwind();
        }
        "panics in a thread-local" => {
            here().install();
            panic_and_go_on(0);
            thread::spawn(move || {
                PANICS.with(|_| {});
                // The crate's own thread-local is used after it, and so is gone before it.
                writeln!(&ring, "{}", std::process::id()).unwrap();
            });
            loop {
                thread::park();
            }
        }
        "has a stderr that does not wait" => {
            dump(&handle).install();
            fill(&ring);
            set_stderr(libc::O_NONBLOCK);
        }
        _ => unreachable!("no such role: {role}"),
    }
    panic!("the last {}", "straw");
}

#[test]
fn the_dump_has_what_came_before_and_the_panic() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let child = dumps.command("panics").spawn().unwrap();
    let pid = child.id();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    // The program ends as it would have, and the hook that was there has run.
    assert_eq!(output.status.code(), Some(101));
    assert_eq!(stderr.matches("previous hook\n").count(), 1);

    let [text] = &dumps.texts()[..] else {
        panic!("not one dump")
    };
    let panic = text.strip_prefix(LINES).unwrap();
    // Message, place and thread, in a line such as the log has, and no backtrace unless asked.
    assert!(
        panic.contains("ERROR panic: thread 'as_child' panicked at "),
        "{panic}"
    );
    assert!(panic.contains(file!()), "{panic}");
    assert!(panic.ends_with(":\nthe last straw\n"), "{panic}");

    let path = fs::read_dir(&dumps.0)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with(&format!("{PROGRAM}-{pid}-20")), "{name}");
    // One line tells how much and where.
    let told = format!(
        "circular: dumped 4 records ({} bytes) to {}\n",
        text.len(),
        path.display()
    );
    assert!(stderr.contains(&told), "{stderr}");
    assert_eq!(stderr.matches("circular: ").count(), 1);
}

#[test]
fn a_backtrace_is_in_the_record_if_it_is_asked_for() {
    let _watchdog = watchdog::minutes(2);
    for (asked, expected) in [(None, false), (Some("0"), false), (Some("1"), true)] {
        let dumps = Dumps::new();
        let mut command = dumps.command("panics");
        command.envs(asked.map(|value| ("RUST_BACKTRACE", value)));
        assert_eq!(command.output().unwrap().status.code(), Some(101));
        let text = &dumps.texts()[0];
        assert_eq!(text.contains("stack backtrace:\n"), expected, "{asked:?}");
        assert!(text.ends_with(if expected { "\n" } else { "the last straw\n" }));
    }
}

#[test]
fn any_payload_will_do() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run("panics with another payload");
    assert_eq!(ended.status.code(), Some(101));
    assert!(dumps.texts()[0].contains("panicked at "));
}

#[test]
fn a_full_ring_is_dumped_from_its_oldest_record_on() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    assert_eq!(dumps.run("is full").status.code(), Some(101));
    let text = &dumps.texts()[0];
    let numbers: Vec<u32> = text
        .lines()
        .map_while(|line| line.strip_prefix("line ")?.parse().ok())
        .collect();
    assert_eq!(numbers.last(), Some(&99_999));
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]));
    // 32 bytes each; all but 1/64 of a MiB can be found.
    assert!(
        numbers.len() >= (1 << 20) / 32 * 63 / 64 - 1,
        "{}",
        numbers.len()
    );
    assert!(text.ends_with("the last straw\n"));
}

#[test]
fn without_a_directory_it_goes_to_stderr() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run("has no directory");
    assert_eq!(ended.status.code(), Some(101));
    assert!(ended.stderr.starts_with(LINES), "{}", ended.stderr);
    let [report] = ended.reports()[..] else {
        panic!("not one line: {}", ended.stderr)
    };
    assert!(report.starts_with("circular: dumped 4 records (") && report.ends_with(" to stderr"));
    assert!(dumps.texts().is_empty());
    // Or to both.
    let ended = dumps.run("wants both");
    assert!(ended.stderr.starts_with(LINES), "{}", ended.stderr);
    assert!(ended.stderr.starts_with(&dumps.texts()[0]));
    assert_eq!(ended.reports().len(), 1);
}

/// Much more than a pipe holds, through a pipe that another program has made non-blocking.
#[test]
fn on_a_stderr_that_does_not_wait_it_is_whole_too() {
    let _watchdog = watchdog::minutes(2);
    let ended = Dumps::new().run("has a stderr that does not wait");
    assert_eq!(ended.status.code(), Some(101));
    assert!(ended.stderr.contains("line 99999\n"), "the newest is gone");
    assert_eq!(ended.dumps(), 1);
}

/// One thread's dump to a pipe is under way, and the thread that ends the program waits for that.
#[test]
fn it_waits_for_another_threads_dump() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let mut command = dumps.command("ends while another thread dumps");
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The harness may have begun the line.
    assert!(lines.any(|line| line.unwrap().ends_with(DUMPS)));
    // Time for the other thread to end the program, if it does not wait.
    thread::sleep(Duration::from_millis(300));
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(101));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("line 99999\n"), "cut off");
    assert!(stderr.contains("circular: dumped "), "cut off");
}

/// One line says which directory and why; everything else is as if there were no dump.
fn no_dump(dumps: &Dumps, role: &str, why: &str) {
    let ended = dumps.run(role);
    assert_eq!(ended.status.code(), Some(101));
    assert!(ended.stderr.contains("previous hook\n"));
    let [report] = ended.reports()[..] else {
        panic!("not one line: {}", ended.stderr)
    };
    assert!(report.contains(dumps.0.to_str().unwrap()), "{report}");
    assert!(report.contains(why), "{report}");
    // There may be no other place for it: the ring goes with the process.
    assert!(report.ends_with("the last straw"), "{report}");
}

#[test]
fn a_directory_that_is_missing_or_not_one_is_named() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    fs::remove_dir(&dumps.0).unwrap();
    no_dump(&dumps, "panics", "No such file or directory");
    fs::write(&dumps.0, "").unwrap();
    no_dump(&dumps, "panics", "Not a directory");
    fs::remove_file(&dumps.0).unwrap();
    // To stderr it goes all the same, and the line says so.
    let ended = dumps.run("wants both");
    let [report] = ended.reports()[..] else {
        panic!("not one line: {}", ended.stderr)
    };
    assert!(report.contains("dumped 4 records ("), "{report}");
    assert!(
        report.contains("to stderr, but not to a file: "),
        "{report}"
    );
}

#[test]
fn a_directory_that_is_not_writable_is_named() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    // Nobody, if whoever runs the test can write everywhere.
    fs::set_permissions(&dumps.0, Permissions::from_mode(0o555)).unwrap();
    no_dump(&dumps, "is nobody", "Permission denied");
    fs::set_permissions(&dumps.0, Permissions::from_mode(0o755)).unwrap();
    assert!(dumps.texts().is_empty());
}

#[test]
fn panics_in_a_row_make_one_dump_and_a_record_each() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run("catches its panics");
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("previous hook\n").count(), 50);
    assert_eq!(dumps.texts().len(), 1);
    // Each is told what became of it.
    let [dumped, others @ ..] = &ended.reports()[..] else {
        panic!("not told: {}", ended.stderr)
    };
    assert!(dumped.contains("dumped 4 records ("), "{dumped}");
    assert_eq!(others.len(), 49);
    for other in others {
        assert!(
            other.starts_with("circular: no dump: the last one "),
            "{other}"
        );
    }
}

#[test]
fn eight_that_were_caught_do_not_silence_one_that_aborts() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run("aborts after eight");
    assert_eq!(ended.status.signal(), Some(libc::SIGABRT));
    let [_, last] = &dumps.texts()[..] else {
        panic!("not two dumps")
    };
    for number in 0..8 {
        assert!(last.contains(&format!("panic number {number}\n")));
    }
    // Both of the two that made it abort.
    assert!(last.contains("the ninth\n") && last.contains("in a destructor\n"));
}

#[test]
fn one_that_was_caught_silences_none_that_aborts_in_another_way() {
    let _watchdog = watchdog::minutes(2);
    for (role, why) in [
        ("panics where it cannot unwind", "no way out\n"),
        ("panics in a thread-local", "at the end\n"),
    ] {
        let dumps = Dumps::new();
        let ended = dumps.run(role);
        assert_eq!(ended.status.signal(), Some(libc::SIGABRT), "{role}");
        let [_, last] = &dumps.texts()[..] else {
            panic!("not two dumps: {role}")
        };
        assert!(last.contains(why), "{role}");
    }
}

/// However fast the others overwrite what it dumps.
#[test]
fn the_panic_is_in_the_dump_while_others_go_on_writing() {
    let _watchdog = watchdog::minutes(2);
    let large = "is written to all the time";
    // All of it is overwritten in the time that it takes to make a file.
    let small = "is written to all the time, and small";
    for role in [large; 10].into_iter().chain([small; 20]) {
        let dumps = Dumps::new();
        let ended = dumps.run(role);
        assert!(ended.status.success(), "{}", ended.stderr);
        let text = &dumps.texts()[0];
        assert!(text.contains("panic number 9\n"), "{}", ended.stderr);
        // What the line says was missed, the text says where it is missing.
        let [report] = ended.reports()[..] else {
            panic!("not one line: {}", ended.stderr)
        };
        let notices = text.lines().filter(|line| line.starts_with("--- missed "));
        assert_eq!(
            notices.count() > 0,
            report.contains(", missed "),
            "{report}"
        );
    }
}

#[test]
fn eight_that_were_caught_do_not_silence_a_later_one() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run("waits after eight");
    assert!(ended.status.success(), "{}", ended.stderr);
    let [_, last] = &dumps.texts()[..] else {
        panic!("not two dumps")
    };
    assert!(last.ends_with("panic number 8\n"));
}

#[test]
fn the_newest_eight_of_the_program_stay() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    assert_eq!(dumps.run("panics").status.code(), Some(101));
    let entry = || fs::read_dir(&dumps.0).unwrap().next().unwrap().unwrap();
    let first = entry().file_name();
    for _ in 1..9 {
        assert_eq!(dumps.run("panics").status.code(), Some(101));
    }
    assert_eq!(dumps.texts().len(), 8);
    assert!(!dumps.0.join(first).exists(), "the oldest goes");
    // What others put there stays, whatever it is called.
    let other = dumps.0.join("prog-backup.log");
    fs::write(&other, "").unwrap();
    assert_eq!(dumps.run("panics").status.code(), Some(101));
    fs::remove_file(other).unwrap();
    assert_eq!(dumps.texts().len(), 8);
}

#[test]
fn a_stuck_stderr_holds_nothing_up_but_what_must_go_there() {
    let _watchdog = watchdog::minutes(2);
    // With a directory alone: the line is left out, and the program ends.
    let dumps = Dumps::new();
    let mut child = dumps.command("is stuck").spawn().unwrap();
    let unread = child.stderr.take().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(101));
    assert!(dumps.texts()[0].ends_with("the last straw\n"));
    drop(unread);

    // With a dump to stderr as well: the file is whole before that, and stays so.
    let dumps = Dumps::new();
    let mut child = dumps.command("is stuck in its dump").spawn().unwrap();
    while dumps_in(&dumps) == 0 {
        thread::yield_now();
    }
    let whole = dumps.texts().remove(0);
    assert!(whole.starts_with(LINES) && whole.ends_with("the last straw\n"));
    assert!(
        child.try_wait().unwrap().is_none(),
        "it waits for its stderr"
    );
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(101));
    assert!(stderr.trim_start_matches('.').starts_with(&whole));
}

/// How many whole dumps there are while others are being made.
fn dumps_in(dumps: &Dumps) -> usize {
    let names = fs::read_dir(&dumps.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let is_whole = |name: &std::ffi::OsString| name.to_str().unwrap().ends_with(".log");
    let hidden = |name: &std::ffi::OsString| name.to_str().unwrap().starts_with('.');
    let names: Vec<_> = names.collect();
    // The hidden name goes last.
    if names.iter().any(hidden) {
        return 0;
    }
    names.iter().filter(|name| is_whole(name)).count()
}
