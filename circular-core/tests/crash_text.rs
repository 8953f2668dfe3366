//! A ring on the heap leaves its text when the program crashes, and nothing else does.
#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "there is no safe way to crash")]

use circular_core::Ring;
use fatal::{null, over};
use shared_dir::Dir;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::ptr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

#[path = "common/child.rs"]
mod child;
#[path = "common/fatal.rs"]
mod fatal;
#[cfg(target_env = "gnu")]
#[path = "crash_text/jump.rs"]
mod jump;
#[path = "common/shared_dir.rs"]
mod shared_dir;
#[path = "common/watchdog.rs"]
mod watchdog;

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    if role.starts_with("mends in threads") {
        replace_handler(mend_any as *const () as usize);
    } else if role.starts_with("mends") {
        set_handler(mend as *const () as usize);
    }
    if role.starts_with("raised") {
        set_abort_handler();
    }
    if role == "overflow, after a mended fault" {
        set_one_that_passes_on();
    }
    if role == "raises" {
        extern "C" fn comes_back(_: i32) {}
        // SAFETY: a function that may be called like that.
        unsafe { libc::signal(libc::SIGABRT, comes_back as *const () as usize) };
    }
    if role == "reports, and exits" {
        replace_handler(report_and_exit as *const () as usize);
    }
    #[cfg(target_env = "gnu")]
    if role.starts_with("jumps") {
        return jump::run(&role);
    }
    if role == "restores" {
        set_one_that_restores();
    }
    // A small one is overwritten while it is copied.
    let capacity = match role.as_str() {
        "busy" => 4 << 10,
        "together" | "mends in threads" | "mends in threads, and dies" => 8 << 20,
        _ => 64 << 10,
    };
    let ring = Ring::builder().capacity(capacity).crash_note(true);
    let ring = ring.build().unwrap();
    writeln!(&ring, "the first line").unwrap();
    match role.as_str() {
        "ends" => {}
        "null" | "restores" => null(),
        "long" => {
            (&ring).write_all(&vec![b'x'; 100_000]).unwrap();
            null();
        }
        "laps" => {
            (0..3000).for_each(|number| writeln!(&ring, "line {number}").unwrap());
            null();
        }
        "together" => {
            write_many(&ring);
            thread::scope(|scope| {
                // The second has the default set, and the third is the end.
                for _ in 0..8 {
                    scope.spawn(null);
                }
            });
        }
        "overflow" => over(),
        "overflow, after a mended fault" => {
            store_to_a_page();
            over();
        }
        "overflow in a thread" => thread::spawn(over).join().unwrap(),
        "abort" => std::process::abort(),
        "raises" => {
            // SAFETY: numbers only.
            unsafe { libc::raise(libc::SIGABRT) };
        }
        "killed" => {
            // SAFETY: numbers only.
            unsafe { libc::raise(libc::SIGKILL) };
        }
        "busy" => {
            for thread in 0..3 {
                let ring = ring.clone();
                thread::spawn(move || {
                    for number in 0_u64.. {
                        let digit = number % 10;
                        let line = format!("{thread}: {}", digit.to_string().repeat(200));
                        writeln!(&ring, "{line}").unwrap();
                    }
                });
            }
            while ring.handle().stats().written < 20_000 {
                thread::yield_now();
            }
            null();
        }
        "mends" => store_to_a_page(),
        "reports, and exits" => {
            thread::spawn(null);
            while !IS_REPORTING.load(SeqCst) {
                thread::yield_now();
            }
            store_to(read_only_page());
            IS_MENDED.store(true, SeqCst);
            loop {
                thread::park();
            }
        }
        "raised" | "raised, and dies" => {
            // SAFETY: numbers only.
            unsafe { libc::raise(libc::SIGABRT) };
            if role != "raised" {
                writeln!(&ring, "the last line").unwrap();
                null();
            }
        }
        "mends in threads" => mend_in_threads(&ring),
        "mends in threads, and dies" => {
            mend_in_threads(&ring);
            writeln!(&ring, "the last line").unwrap();
            null();
        }
        "mends, and dies" => {
            store_to_a_page();
            store_to_a_page();
            writeln!(&ring, "the last line").unwrap();
            null();
        }
        "drops" => {
            drop(ring);
            null();
        }
        "two rings" => {
            let other = Ring::builder().crash_note(true).build().unwrap();
            writeln!(&other, "the other ring").unwrap();
            null();
        }
        "forks" => {
            // SAFETY: the child crashes.
            let child = unsafe { libc::fork() };
            if child == 0 {
                null();
            }
            // SAFETY: a child of ours.
            unsafe { libc::waitpid(child, ptr::null_mut(), 0) };
        }
        _ => unreachable!("{role}"),
    }
}

/// So many that it takes a while to write them to a file.
fn write_many(mut ring: &Ring) {
    (0..30_000).for_each(|number| writeln!(ring, "line {number} {:100}", "").unwrap());
}

fn mend_in_threads(ring: &Ring) {
    write_many(ring);
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..100 {
                    store_to(read_only_page());
                }
            });
        }
    });
}

static PAGE: AtomicUsize = AtomicUsize::new(0);

/// A store that `mend` makes possible.
fn store_to_a_page() {
    let page = read_only_page();
    PAGE.store(page as usize, SeqCst);
    store_to(page);
}

fn read_only_page() -> *mut libc::c_void {
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, anywhere.
    unsafe { libc::mmap(ptr::null_mut(), 4096, libc::PROT_READ, kind, -1, 0) }
}

fn store_to(page: *mut libc::c_void) {
    // SAFETY: the page is there, and can be written to when this comes to its end.
    unsafe { ptr::write_volatile(page.cast::<u32>(), 1) };
}

/// Mends the page that the fault is in, whosever it is; there is none at 0.
extern "C" fn mend_any(signal: i32, info: &libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: it is a fault's.
    let address = unsafe { info.si_addr() };
    let page = address.wrapping_sub(address.addr() % 4096);
    // SAFETY: a page that the test cannot write to, or none.
    if unsafe { libc::mprotect(page, 4096, libc::PROT_READ | libc::PROT_WRITE) } != 0 {
        // SAFETY: numbers only.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

extern "C" fn mend(signal: i32) {
    let page = PAGE.swap(0, SeqCst) as *mut _;
    // SAFETY: a page of the test's own, or none.
    if unsafe { libc::mprotect(page, 4096, libc::PROT_READ | libc::PROT_WRITE) } != 0 {
        // SAFETY: numbers only.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

static IS_REPORTING: AtomicBool = AtomicBool::new(false);
static IS_MENDED: AtomicBool = AtomicBool::new(false);

/// Ends the program where there is nothing to mend, but after another thread's fault.
extern "C" fn report_and_exit(signal: i32, info: &libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: it is a fault's.
    let address = unsafe { info.si_addr() };
    if address.addr() != 16 {
        return mend_any(signal, info, context);
    }
    IS_REPORTING.store(true, SeqCst);
    while !IS_MENDED.load(SeqCst) {
        thread::yield_now();
    }
    // SAFETY: numbers only.
    unsafe { libc::_exit(3) };
}

static BEFORE: AtomicUsize = AtomicUsize::new(0);

/// Has the next fault go where the first one would have gone.
fn set_one_that_restores() {
    extern "C" fn restores(_: i32) {
        set_handler(BEFORE.load(SeqCst));
    }
    set_handler(libc::SIG_DFL);
    BEFORE.store(mend as *const () as usize, SeqCst);
    set_handler(restores as *const () as usize);
}

/// Mends what is its own, and leaves the rest to the standard library's.
fn set_one_that_passes_on() {
    type Handler = extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);
    extern "C" fn passes(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        if PAGE.load(SeqCst) != 0 {
            return mend(signal);
        }
        // SAFETY: what was there takes these.
        let before: Handler = unsafe { std::mem::transmute(BEFORE.load(SeqCst)) };
        before(signal, info, context);
    }
    BEFORE.store(replace_handler(passes as *const () as usize), SeqCst);
}

/// Has a function called as the standard library's is, and returns that one.
fn replace_handler(function: usize) -> usize {
    // SAFETY: zeroes are a valid action.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: a place for an action.
    unsafe { libc::sigaction(libc::SIGSEGV, ptr::null(), &raw mut action) };
    let before = action.sa_sigaction;
    action.sa_sigaction = function;
    // SAFETY: a function that may be called like that, as the one before.
    unsafe { libc::sigaction(libc::SIGSEGV, &raw const action, ptr::null_mut()) };
    before
}

/// Before the ring is there, so that it is called after ours.
fn set_abort_handler() {
    extern "C" fn survives(_: i32) {}
    // SAFETY: a function that does nothing.
    unsafe { libc::signal(libc::SIGABRT, survives as *const () as usize) };
}

fn set_handler(handler: usize) {
    // SAFETY: a function that may be called like that.
    unsafe { libc::signal(libc::SIGSEGV, handler) };
}

/// The program's end, and the texts that it has left.
fn run(role: &str, dir: &Path) -> (ExitStatus, Vec<String>) {
    let status = run_only(role, dir);
    let texts = texts_in(dir).into_iter().map(|path| {
        let text = fs::read(path).unwrap();
        String::from_utf8(text).unwrap()
    });
    (status, texts.collect())
}

fn run_only(role: &str, dir: &Path) -> ExitStatus {
    let mut command = child::command(role);
    command.env("CIRCULAR_DIR", dir).current_dir(dir);
    let mut child = command.spawn().unwrap();
    let mut stderr = String::new();
    let mut pipe = child.stderr.take().unwrap();
    pipe.read_to_string(&mut stderr).unwrap();
    let status = child.wait().unwrap();
    if role.contains("overflow") {
        assert!(stderr.contains("has overflowed its stack"), "{stderr}");
    } else {
        assert_eq!(stderr, "", "{role}");
    }
    status
}

/// Whatever else is there is an error, but for cores.
fn texts_in(dir: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_core = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("core")
    };
    let texts: Vec<PathBuf> = paths.filter(|path| !is_core(path)).collect();
    for path in &texts {
        let name = path.file_name().unwrap().to_str().unwrap();
        let (program, rest) = name.split_once('.').unwrap();
        assert!(program.starts_with("crash_text"), "{name}");
        assert!(
            rest.ends_with(".crash.txt") && rest.len() == 16 + 10,
            "{name}"
        );
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    texts
}

#[track_caller]
fn one(role: &str, signal: i32, cause: &str) -> String {
    let _watchdog = watchdog::minutes(3);
    let dir = Dir::new(&format!("text-{}", role.replace(' ', "-")));
    let (status, texts) = run(role, &dir.0);
    assert_eq!(status.signal(), Some(signal), "{role}");
    assert_eq!(texts.len(), 1, "{role}");
    let (first, rest) = texts[0].split_once('\n').unwrap();
    assert!(first.starts_with("crash_text"), "{first}");
    assert!(first.contains(cause), "{first}");
    assert!(first.ends_with(')'), "{first}");
    String::from(rest)
}

#[test]
fn a_crash_leaves_what_was_logged() {
    let cause = ": died of SIGSEGV at 0x10 in thread ";
    assert_eq!(one("null", libc::SIGSEGV, cause), "the first line\n");
    assert_eq!(one("restores", libc::SIGSEGV, cause), "the first line\n");
    let cause = ": died of SIGABRT in thread ";
    assert_eq!(one("abort", libc::SIGABRT, cause), "the first line\n");
}

/// The one that comes second does not end the program before the text is there.
#[test]
fn threads_that_crash_together_leave_it_too() {
    for _ in 0..5 {
        let text = one(
            "together",
            libc::SIGSEGV,
            ": died of SIGSEGV at 0x10 in thread ",
        );
        assert_eq!(text.lines().count(), 30_001);
    }
}

/// On the stack that is left to a handler.
#[test]
fn an_overflow_of_the_stack_leaves_it_too() {
    for role in [
        "overflow",
        "overflow in a thread",
        "overflow, after a mended fault",
    ] {
        let text = one(role, libc::SIGABRT, ": died of SIGSEGV at 0x");
        assert_eq!(text, "the first line\n");
    }
}

#[test]
fn what_is_gone_is_told() {
    let text = one("laps", libc::SIGSEGV, "SIGSEGV");
    let (missing, lines) = text.split_once('\n').unwrap();
    let missing: u64 = missing
        .strip_prefix('[')
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(missing > 900);
    let expected: String = (missing - 1..3000)
        .map(|number| format!("line {number}\n"))
        .collect();
    assert_eq!(lines, expected);
    let text = one("long", libc::SIGSEGV, "SIGSEGV");
    let rest = text.trim_start_matches(|c| c != '\n').trim_start();
    assert!(
        rest.len() > 32_000 && rest.bytes().all(|byte| byte == b'x'),
        "{}",
        rest.len()
    );
}

/// Lines are whole, whatever is overwritten meanwhile, and what is missing is told.
#[test]
fn others_may_go_on_to_write() {
    for _ in 0..40 {
        let text = one("busy", libc::SIGSEGV, "SIGSEGV");
        assert!(text.starts_with('['), "{text}");
        for line in text.lines().filter(|line| !line.starts_with('[')) {
            let (_, digits) = line.split_once(": ").unwrap();
            let first = &digits[..1];
            assert_eq!(digits, first.repeat(200), "{line}");
        }
    }
}

#[test]
fn all_else_leaves_nothing() {
    let _watchdog = watchdog::minutes(3);
    for (role, signal) in [
        ("ends", None),
        ("mends", None),
        ("raised", None),
        ("raises", None),
        ("forks", None),
        ("killed", Some(libc::SIGKILL)),
        ("drops", Some(libc::SIGSEGV)),
    ] {
        let dir = Dir::new(&format!("text-{role}"));
        let (status, texts) = run(role, &dir.0);
        assert_eq!(status.signal(), signal, "{role}");
        assert_eq!(texts, [""; 0], "{role}");
    }
}

#[test]
fn a_program_that_has_mended_a_fault_leaves_its_text_at_the_end() {
    let text = one("mends, and dies", libc::SIGSEGV, "SIGSEGV at 0x10");
    assert_eq!(text, "the first line\nthe last line\n");
}

/// Nobody hears of the jump, and the text has another cause and fewer lines.
#[test]
#[cfg(target_env = "gnu")]
fn after_a_handler_was_left_by_a_jump_the_text_is_written_anew() {
    for role in ["jumps, and dies", "jumps, and dies in a thread"] {
        let text = one(role, libc::SIGSEGV, "SIGSEGV at 0x10");
        assert_eq!(text, "the first line\nthe last line\n", "{role}");
    }
    // The next one is another thread's, and the standard library's handler ends the program past ours.
    let role = "jumps, with an overflow in a thread";
    let text = one(role, libc::SIGABRT, ": died of SIGSEGV at 0x");
    assert_eq!(text, "the first line\nthe last line\n");
}

#[test]
#[cfg(target_env = "gnu")]
fn after_a_jump_a_program_that_ends_leaves_nothing() {
    let _watchdog = watchdog::minutes(3);
    for role in ["jumps, and ends", "jumps again, and ends"] {
        let dir = Dir::new(&format!("text-{}", role.replace(' ', "-")));
        let (status, texts) = run(role, &dir.0);
        assert!(status.success(), "{role}");
        assert_eq!(texts, [""; 0], "{role}");
    }
}

/// It was not its own.
#[test]
fn a_thread_whose_fault_was_mended_does_not_take_back_the_text_of_one_that_dies() {
    let _watchdog = watchdog::minutes(3);
    let dir = Dir::new("text-of-another");
    let (status, texts) = run("reports, and exits", &dir.0);
    assert_eq!(status.code(), Some(3));
    assert_eq!(texts.len(), 1);
    assert!(texts[0].contains("SIGSEGV at 0x10"), "{}", texts[0]);
    assert!(texts[0].ends_with("\nthe first line\n"), "{}", texts[0]);
}

/// The first one was survived.
#[test]
fn the_crash_that_a_program_dies_of_is_told_and_none_before() {
    let text = one("raised, and dies", libc::SIGSEGV, "SIGSEGV at 0x10");
    assert_eq!(text, "the first line\nthe last line\n");
}

/// Each of them may find the text of another one, which is about to be taken back.
#[test]
fn threads_that_mend_faults_at_once_leave_one_text_at_the_end() {
    let _watchdog = watchdog::minutes(5);
    for _ in 0..2 {
        let text = one(
            "mends in threads, and dies",
            libc::SIGSEGV,
            "SIGSEGV at 0x10",
        );
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.first(), Some(&"the first line"));
        assert_eq!(lines.last(), Some(&"the last line"));
        assert_eq!(lines.len(), 30_002);
        let dir = Dir::new("text-mends-in-threads");
        let (status, texts) = run("mends in threads", &dir.0);
        assert!(status.success());
        assert_eq!(texts, [""; 0]);
    }
}

#[test]
fn each_ring_has_a_text() {
    let dir = Dir::new("text-two");
    let (_, mut texts) = run("two rings", &dir.0);
    texts.sort_by_key(String::len);
    assert_eq!(texts.len(), 2);
    assert!(texts[0].ends_with("the first line\n"));
    assert!(texts[1].ends_with("the other ring\n"));
}

#[test]
fn few_texts_stay() {
    let _watchdog = watchdog::minutes(3);
    let dir = Dir::new("text-keep");
    for _ in 0..5 {
        run("null", &dir.0);
    }
    let texts = texts_in(&dir.0);
    assert_eq!(texts.len(), 3, "two, and the last");
    // Another program's are none of ours.
    for name in ["other.00000000000000ab.crash.txt", "crash_text.txt"] {
        fs::write(dir.0.join(name), b"").unwrap();
    }
    assert!(run_only("null", &dir.0).signal().is_some());
    assert!(dir.0.join("other.00000000000000ab.crash.txt").exists());
    assert!(dir.0.join("crash_text.txt").exists());
}

#[test]
fn where_a_file_cannot_be_opened_it_is_an_error() {
    let dir = Dir::new("text-error");
    let gone = dir.0.join("gone");
    let mut command = child::command("null");
    let output = command.env("CIRCULAR_DIR", &gone).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("make the directory"), "{said}");
    // On /proc there are no such files.
    let mut command = child::command("null");
    let output = command.env("CIRCULAR_DIR", "/proc/self").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("cannot"), "{said}");
}

#[test]
fn a_ring_that_falls_back_to_the_heap_says_why() {
    let builder = Ring::builder().mapped_in("/proc/self", "circular-test-heap");
    let ring = builder.or_heap().crash_note(true).build().unwrap();
    let handle = ring.handle();
    let error = handle.mapping_error().unwrap();
    assert_ne!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert_eq!(handle.path(), None);
}
