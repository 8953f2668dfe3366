//! Panics of threads, and in programs, that are in no state for much: each leaves its dump.

#![cfg(target_os = "linux")]
#![expect(
    unsafe_code,
    reason = "signals, limits, stacks and the keys of threads are the C library's"
)]

use circular_core::{Meta, PanicDump, PanicDumpBuilder, Record, Redacted, Ring};
use std::cell::Cell;
use std::ffi::c_void;
use std::fs::File;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::panic::{self, catch_unwind};
use std::process;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[path = "common/child.rs"]
mod child;
#[path = "common/dumps.rs"]
mod dumps;
#[path = "common/watchdog.rs"]
mod watchdog;

use dumps::{Dumps, PROGRAM};

/// What is left of the stack of a thread that panics.
const STACK_LEFT: usize = 16 * 1024;

/// What a role ends with whose dump has an image beside it.
const WITH_AN_IMAGE: &str = ", with an image";

static RING: OnceLock<Ring> = OnceLock::new();

fn ring() -> &'static Ring {
    RING.get_or_init(|| Ring::new(1 << 20).unwrap())
}

extern "C" fn panics_in_a_handler(_: libc::c_int) {
    panic!("in a handler");
}

/// Writes all the time, which is under the lock for most of it, until a handler strikes.
fn is_interrupted_in_a_write() {
    let handler = panics_in_a_handler as extern "C" fn(libc::c_int);
    // SAFETY: a function that lives as long as the program.
    unsafe { libc::signal(libc::SIGALRM, handler as libc::sighandler_t) };
    // SAFETY: no memory is involved.
    let writer = unsafe { libc::pthread_self() };
    thread::spawn(move || {
        // At any moment of its writes, and no such as this thread makes it wait for the lock.
        thread::sleep(Duration::from_millis(2));
        // SAFETY: the thread is there until the process ends.
        unsafe { libc::pthread_kill(writer, libc::SIGALRM) };
    });
    let record = [b'x'; 100_000];
    loop {
        ring().record(Meta::new(), &record).unwrap();
    }
}

/// How many bytes of this thread's stack are left.
fn stack_left() -> usize {
    // SAFETY: it is filled in before it is used.
    let mut attributes = unsafe { std::mem::zeroed() };
    // SAFETY: no memory is involved.
    let thread = unsafe { libc::pthread_self() };
    // SAFETY: this thread, and a valid place for its attributes.
    let status = unsafe { libc::pthread_getattr_np(thread, &raw mut attributes) };
    assert_eq!(status, 0);
    let (mut lowest, mut size) = (ptr::null_mut(), 0);
    // SAFETY: attributes that were filled in, and valid places.
    unsafe { libc::pthread_attr_getstack(&raw const attributes, &raw mut lowest, &raw mut size) };
    // SAFETY: attributes that are not used again.
    unsafe { libc::pthread_attr_destroy(&raw mut attributes) };
    let here = 0_u8;
    ptr::from_ref(&here) as usize - lowest as usize
}

/// Goes down until only so much is left, and panics.
fn goes_down(left: usize) {
    let frame = [0_u8; 256];
    let used = std::hint::black_box(&frame).len();
    if left > STACK_LEFT + 2 * used {
        // What is left is asked for once: to ask takes stack, and memory.
        let here = ptr::from_ref(&frame) as usize;
        goes_down_from(here, left);
    }
}

#[inline(never)]
fn goes_down_from(top: usize, left: usize) {
    let frame = [0_u8; 256];
    let here = std::hint::black_box(ptr::from_ref(&frame)) as usize;
    if left - (top - here) > STACK_LEFT {
        goes_down_from(top, left);
        std::hint::black_box(&frame);
        return;
    }
    panic!("deep down");
}

thread_local! {
    static ROUNDS: Cell<u32> = const { Cell::new(0) };
}

static LOGS_LATE: AtomicBool = AtomicBool::new(false);
static KEY: OnceLock<libc::pthread_key_t> = OnceLock::new();

/// Puts itself off to the last round, when everything else of the thread is gone.
extern "C" fn ends_late(value: *mut c_void) {
    let round = ROUNDS.get() + 1;
    ROUNDS.set(round);
    if LOGS_LATE.load(SeqCst) && round == 4 {
        // The buffer that this takes is made when everything else is gone.
        let number = round;
        let _ = ring().record_fmt(Meta::new(), format_args!("in round {number}\n"));
    }
    // What POSIX promises, and the C library does.
    assert!(round < 4, "in the last round");
    if let Some(key) = KEY.get() {
        // SAFETY: a key that was made, and a value that nobody follows.
        unsafe { libc::pthread_setspecific(*key, value) };
    }
}

/// A thread that panics when its own data is gone; one that has logged before, or not.
fn panics_at_the_very_end(logs: bool) {
    let mut key = 0;
    // SAFETY: a valid place, and a function that lives as long as the program.
    unsafe { libc::pthread_key_create(&raw mut key, Some(ends_late)) };
    KEY.set(key).unwrap();
    let thread = thread::Builder::new().name("late".into());
    let thread = thread.spawn(move || {
        if logs {
            let number = 1;
            ring()
                .record_fmt(Meta::new(), format_args!("logged {number}\n"))
                .unwrap();
        }
        // SAFETY: a key that was made, and a value that nobody follows.
        unsafe { libc::pthread_setspecific(key, ptr::dangling::<u8>().cast()) };
    });
    thread.unwrap().join().unwrap();
    // The join does not wait for that.
    loop {
        thread::park();
    }
}

/// Forks in the redaction hook, at the first record that is meant: parent and child both go on.
fn forks_in_a_hook(dump: PanicDumpBuilder, is_meant: fn(&Record<'_>) -> bool) {
    static CHILD: AtomicI32 = AtomicI32::new(0);
    for number in 0..100 {
        writeln!({ ring() }, "line {number}").unwrap();
    }
    let hook = dump.redact(move |record| {
        if is_meant(record) {
            // SAFETY: the child does what the test is about, and ends.
            CHILD.store(unsafe { libc::fork() }, SeqCst);
        }
        Redacted::Keep
    });
    hook.install();
    assert!(catch_unwind(|| panic!("as asked")).is_err());
    if CHILD.load(SeqCst) == 0 {
        // SAFETY: it does not return, and no memory is involved.
        unsafe { libc::_exit(0) };
    }
    let mut status = 0;
    // SAFETY: a valid place for the status of a child that is ours.
    unsafe { libc::waitpid(CHILD.load(SeqCst), &raw mut status, 0) };
    assert_eq!(status, 0);
}

extern "C" fn panics_at_exit() {
    panic!("at exit");
}

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    let (role, has_image) = match role.strip_suffix(WITH_AN_IMAGE) {
        Some(role) => (role, true),
        None => (&*role, false),
    };
    // What measures coverage writes a file at the end, too.
    let quiet = role != "is deep down" && role != "may write no large file";
    panic::set_hook(Box::new(move |_| {
        if !quiet {
            // SAFETY: it does not return. To unwind takes more stack than there is.
            unsafe { libc::_exit(7) };
        }
    }));
    ring().record(Meta::new(), b"before\n").unwrap();
    let hook = PanicDump::builder(&ring().handle());
    let hook = hook.dir(dumps::dir()).program(PROGRAM);
    let hook = if has_image { hook.image() } else { hook };
    if role == "forks in a hook" {
        forks_in_a_hook(hook, |record| record.seq() == 50);
        return;
    }
    if role == "forks in a hook, at the backtrace" {
        forks_in_a_hook(hook, |record| record.text().contains("stack backtrace"));
        return;
    }
    if role == "forks in a hook, at the second look" {
        static LOOKS: AtomicI32 = AtomicI32::new(0);
        forks_in_a_hook(hook, |record| {
            record.seq() == 50 && LOOKS.fetch_add(1, SeqCst) == 1
        });
        return;
    }
    hook.install();
    match role {
        "is interrupted" => is_interrupted_in_a_write(),
        "is deep down" => {
            let deep = thread::Builder::new().stack_size(1 << 20);
            let deep = deep.spawn(|| goes_down(stack_left())).unwrap();
            deep.join().unwrap();
        }
        "ends late" => panics_at_the_very_end(false),
        "ends late and has logged" => panics_at_the_very_end(true),
        "ends late and logs then" => {
            LOGS_LATE.store(true, SeqCst);
            panics_at_the_very_end(false);
        }
        "may write no large file" => {
            let limit = libc::rlimit {
                rlim_cur: 1000,
                rlim_max: 1000,
            };
            // SAFETY: a valid limit.
            unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) };
            ring().record(Meta::new(), &[b'x'; 100_000]).unwrap();
            panic!("too large");
        }
        "exits" => {
            // SAFETY: a function that lives as long as the program.
            unsafe { libc::atexit(panics_at_exit) };
            process::exit(0);
        }
        "has no descriptor left" => {
            let limit = libc::rlimit {
                rlim_cur: 64,
                rlim_max: 64,
            };
            // SAFETY: a valid limit.
            unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
            let mut leaked = Vec::new();
            while let Ok(file) = File::open("/dev/null") {
                leaked.push(file);
            }
            // Two dumps, so that what the first has used must be there again.
            extern "C" fn leaks() {
                panic!("too many open files");
            }
            leaks();
        }
        _ => unreachable!("no such role: {role}"),
    }
}

/// The texts of what a child has left that was aborted. With images beside them it leaves the same.
fn aborted(role: &str) -> Vec<String> {
    let dumps = Dumps::new();
    let ended = dumps.run(&format!("{role}{WITH_AN_IMAGE}"));
    let signal = ended.status.signal();
    assert_eq!(signal, Some(libc::SIGABRT), "{role}: {}", ended.stderr);
    assert_images_are_there(&dumps, &ended.stderr);

    let dumps = Dumps::new();
    let ended = dumps.run(role);
    let signal = ended.status.signal();
    assert_eq!(signal, Some(libc::SIGABRT), "{role}: {}", ended.stderr);
    dumps.texts()
}

/// One beside each text, with the same in it.
fn assert_images_are_there(dumps: &Dumps, stderr: &str) {
    let (texts, images) = (dumps.texts(), dumps.images());
    assert!(!texts.is_empty(), "{stderr}");
    assert_eq!(images.len(), texts.len(), "{stderr}");
    for (text, image) in texts.into_iter().zip(images) {
        assert!(image.snapshot().unwrap().text() == text, "{stderr}");
    }
}

#[test]
fn in_a_signal_handler_that_interrupted_a_write() {
    let _watchdog = watchdog::minutes(5);
    // Nearly each time the lock is held by the thread that panics.
    for _ in 0..2 {
        let texts = aborted("is interrupted");
        assert!(texts[0].ends_with("\nin a handler\n"), "{}", texts[0]);
    }
}

#[test]
fn with_hardly_any_stack_left() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run("is deep down");
    assert_eq!(ended.status.code(), Some(7), "{}", ended.stderr);
    let text = dumps.texts().remove(0);
    assert!(text.starts_with("before\n") && text.ends_with("\ndeep down\n"));

    let dumps = Dumps::new();
    let ended = dumps.run(&format!("is deep down{WITH_AN_IMAGE}"));
    assert_eq!(ended.status.code(), Some(7), "{}", ended.stderr);
    assert_images_are_there(&dumps, &ended.stderr);
}

#[test]
fn where_the_data_of_the_thread_is_gone() {
    let _watchdog = watchdog::minutes(2);
    for role in [
        "ends late",
        "ends late and has logged",
        "ends late and logs then",
    ] {
        let texts = aborted(role);
        assert!(texts[0].contains("\nin the last round\n"), "{}", texts[0]);
        assert!(texts[0].contains("thread 'late' panicked"), "{}", texts[0]);
    }
}

#[test]
fn in_a_program_that_exits() {
    let _watchdog = watchdog::minutes(2);
    let texts = aborted("exits");
    assert!(texts[0].ends_with("\nat exit\n"), "{}", texts[0]);
}

/// A leak ends like this.
#[test]
fn in_a_program_that_has_no_descriptor_left() {
    let _watchdog = watchdog::minutes(2);
    let texts = aborted("has no descriptor left");
    assert_eq!(texts.len(), 2);
    for text in texts {
        assert!(text.contains("\ntoo many open files\n"), "{text}");
    }
}

/// The system has a signal for that, which would end the process before anything was said.
#[test]
fn in_a_program_that_may_write_no_large_file() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run("may write no large file");
    assert_eq!(ended.status.code(), Some(7), "{:?}", ended.status);
    let report = ended.reports()[0];
    assert!(
        report.contains("ulimit -f") && report.contains("too large"),
        "{report}"
    );
    assert!(dumps.texts().is_empty());
}

/// The dump stays the parent's, whole and once, whoever of the two is faster.
#[test]
fn in_a_program_whose_redaction_hook_forks() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run("forks in a hook");
    assert!(ended.status.success(), "{}", ended.stderr);
    let texts = dumps.texts();
    assert_eq!(texts.len(), 1);
    let lines: Vec<_> = (0..100).map(|number| format!("line {number}")).collect();
    let of_text: Vec<_> = texts[0]
        .lines()
        .filter(|line| line.starts_with("line "))
        .collect();
    assert_eq!(of_text, lines);
    assert_eq!(ended.reports().len(), 1, "{}", ended.stderr);
}

/// The image stays the parent's as well, and so does the line that tells of both.
#[test]
fn in_a_program_whose_redaction_hook_forks_for_the_image() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let ended = dumps.run(&format!(
        "forks in a hook, at the second look{WITH_AN_IMAGE}"
    ));
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_images_are_there(&dumps, &ended.stderr);
    assert_eq!(ended.reports().len(), 1, "{}", ended.stderr);
}

/// What goes behind a dump that is whole is the parent's, too.
#[test]
fn in_a_program_whose_redaction_hook_forks_behind_the_dump() {
    let _watchdog = watchdog::minutes(2);
    let dumps = Dumps::new();
    let mut command = dumps.command("forks in a hook, at the backtrace");
    let ended = command.env("RUST_BACKTRACE", "1").status().unwrap();
    assert!(ended.success());
    let texts = dumps.texts();
    assert_eq!(texts.len(), 1);
    assert_eq!(texts[0].matches("stack backtrace").count(), 1);
}
