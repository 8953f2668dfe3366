//! What a ring's file says of the crash that its program died of; and that the program dies as it does without.
#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "there is no safe way to crash")]

use circular_core::{Ring, RingFile, RingState};
use shared_dir::Dir;
use std::env;
use std::fs;
use std::hint::black_box;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, SystemTime};

#[path = "common/child.rs"]
mod child;
#[path = "common/shared_dir.rs"]
mod shared_dir;
#[path = "common/watchdog.rs"]
mod watchdog;

const NOTES: &str = "CIRCULAR_TEST_NOTES";
const DIR: &str = "CIRCULAR_TEST_DIR";

static RINGS: Mutex<Vec<Ring>> = Mutex::new(Vec::new());

/// A ring of this program, which notes crashes if it is to.
fn ring() -> Ring {
    let dir = env::var_os(DIR).unwrap();
    let builder = Ring::builder().capacity(64 << 10);
    let builder = builder.crash_note(env::var(NOTES).unwrap() == "true");
    let ring = builder.mapped_in(dir, "shop").build().unwrap();
    writeln!(&ring, "the last line").unwrap();
    RINGS.lock().unwrap().push(ring.clone());
    ring
}

#[test]
fn as_child() {
    let Some(role) = child::role() else { return };
    let (before, what) = role.split_once('/').unwrap_or(("", &role));
    match before {
        "mends" => set_handler(libc::SIGSEGV, mend as *const () as usize),
        "mends what is sent" => set_handler(libc::SIGABRT, takes as *const () as usize),
        "one that returns" => set_handler(libc::SIGABRT, says as *const () as usize),
        "one that resets" => set_handler(libc::SIGSEGV, resets as *const () as usize),
        "one that is called once" => {
            set_action(
                libc::SIGSEGV,
                says as *const () as usize,
                libc::SA_RESETHAND,
            );
        }
        "ignored" => set_handler(libc::SIGSEGV, libc::SIG_IGN),
        "default" => set_handler(libc::SIGSEGV, libc::SIG_DFL),
        "two rings" => drop(ring()),
        "two libraries" => chain(libc::SIGSEGV),
        #[cfg(target_env = "gnu")]
        "left" => set_handler(libc::SIGSEGV, leaves as *const () as usize),
        "stuck" => set_handler(libc::SIGSEGV, never_returns as *const () as usize),
        _ => {}
    }
    drop(ring());
    match before {
        "chained later" => chain(libc::SIGSEGV),
        "mends later" => set_handler(libc::SIGSEGV, mend as *const () as usize),
        _ => {}
    }
    crash(what);
    // What has come so far is survived.
    tell(b"goes on\n");
}

fn crash(what: &str) {
    match what {
        "null" => null(),
        "null in main" => in_main(nulls_in_main as *const () as usize),
        "overflow in main" => in_main(overflows_in_main as *const () as usize),
        "null in a thread" => in_thread(null),
        "overflow" => over(),
        "overflow in a thread" => in_thread(over),
        "overflow in a C thread" => in_c_thread(overflows),
        "null in a C thread" => in_c_thread(nulls),
        "abort" => std::process::abort(),
        "panic in C" => panics(),
        "illegal" => illegal(),
        "division" => division(),
        "cut file" => cut_file(),
        "sent" => send(libc::SIGSEGV),
        "sent twice" => {
            send(libc::SIGSEGV);
            send(libc::SIGSEGV);
        }
        "abort sent" => send(libc::SIGABRT),
        "killed" => send(libc::SIGKILL),
        "terminated" => send(libc::SIGTERM),
        "read-only page" => store_to_a_page(),
        "read-only page, and then null" => {
            store_to_a_page();
            null();
        }
        "read-only page, when the ring is cut" => {
            let path = RINGS.lock().unwrap()[0].handle().path().unwrap().to_owned();
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_len(0).unwrap();
            store_to_a_page();
        }
        "null, when the ring is cut" => {
            let path = RINGS.lock().unwrap()[0].handle().path().unwrap().to_owned();
            fs::File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(0)
                .unwrap();
            null();
        }
        "child" => crash_in_a_child(),
        "null in a thread, and then in main" => {
            thread::Builder::new().spawn(null).unwrap();
            while !IS_STUCK.load(SeqCst) {
                thread::yield_now();
            }
            null();
        }
        "started" => {
            let started = std::process::Command::new("sh")
                .args(["-c", "kill -SEGV $$"])
                .status();
            assert!(started.unwrap().success(), "it ignores the signal, too");
        }
        "abort with a small stack" => {
            let mut memory = vec![0_u8; 2048];
            let stack = libc::stack_t {
                ss_sp: memory.as_mut_ptr().cast(),
                ss_flags: 0,
                ss_size: memory.len(),
            };
            // SAFETY: memory that stays until this ends.
            unsafe { libc::sigaltstack(&raw const stack, ptr::null_mut()) };
            std::process::abort();
        }
        "null in a child, and then here" => {
            #[expect(deprecated, reason = "that is what it is for")]
            // SAFETY: the child does nothing but crash.
            let child = unsafe { libc::vfork() };
            if child == 0 {
                null();
            }
            let mut status = 0;
            // SAFETY: a child of ours, and a place for its status.
            unsafe { libc::waitpid(child, &raw mut status, 0) };
            null();
        }
        #[cfg(target_env = "gnu")]
        "null, and elsewhere another ring and abort" => null(),
        "raised, and then null" => {
            // SAFETY: numbers only.
            unsafe { libc::raise(libc::SIGABRT) };
            null();
        }
        "null in many threads" => crowd(),
        "abort among faults" => {
            fault_all_the_time();
            std::process::abort();
        }
        "rings among faults" => {
            fault_all_the_time();
            for _ in 0..50 {
                let kept = RINGS.lock().unwrap().len();
                drop(ring());
                let last = RINGS.lock().unwrap().split_off(kept);
                fs::remove_file(last[0].handle().path().unwrap()).unwrap();
            }
        }
        "after the ring" => {
            RINGS.lock().unwrap().clear();
            null();
        }
        _ => unreachable!("{what}"),
    }
}

/// Threads that crash at once, each at a place that has its number.
fn crowd() {
    let barrier = std::sync::Arc::new(std::sync::Barrier::new(8));
    for number in 0..8_usize {
        let barrier = std::sync::Arc::clone(&barrier);
        let builder = thread::Builder::new().name(format!("t{number}"));
        let crash = move || {
            barrier.wait();
            let place = black_box(16 * (number + 1)) as *mut u32;
            // SAFETY: it is not; that is what it is for.
            unsafe { ptr::write_volatile(place, 1) };
        };
        builder.spawn(crash).unwrap();
    }
    loop {
        thread::park();
    }
}

/// In other threads, of which `mend` sees to each.
fn fault_all_the_time() {
    let page = page(libc::PROT_READ, None) as usize;
    PAGE.store(page, SeqCst);
    for _ in 0..3 {
        thread::spawn(move || {
            for count in 0_u64.. {
                // SAFETY: the page is there, and can be written to when this comes to its end.
                unsafe { ptr::write_volatile(page as *mut u32, 1) };
                if count == 100 {
                    AT_WORK.fetch_add(1, SeqCst);
                }
                // SAFETY: a page of the test's own.
                unsafe { libc::mprotect(page as *mut _, 4096, libc::PROT_READ) };
            }
        });
    }
    // The first fault of all is seen to in another way.
    while AT_WORK.load(SeqCst) < 3 {
        thread::yield_now();
    }
}

static AT_WORK: AtomicUsize = AtomicUsize::new(0);

extern "C" fn nulls_in_main(_: i32) {
    null();
}

extern "C" fn overflows_in_main(_: i32) {
    over();
}

/// Tests have threads of their own. So it is done in a handler of the main thread, on its own stack.
fn in_main(handler: usize) {
    // SAFETY: a function that may be called like that.
    unsafe { libc::signal(libc::SIGUSR1, handler) };
    let process = std::process::id();
    // SAFETY: numbers only.
    unsafe { libc::syscall(libc::SYS_tgkill, process, process, libc::SIGUSR1) };
    loop {
        // SAFETY: it waits for a signal.
        unsafe { libc::pause() };
    }
}

fn in_thread(work: fn()) {
    let builder = thread::Builder::new().name(String::from("worker"));
    builder.spawn(work).unwrap().join().unwrap();
}

#[inline(never)]
fn null() {
    // SAFETY: it is not; that is what it is for. 16, so that the compiler does not see it.
    unsafe { ptr::write_volatile(black_box(16_usize) as *mut u32, 1) };
}

#[expect(unconditional_recursion, reason = "that is what it is for")]
fn overflow(depth: u64) -> [u64; 64] {
    let mut frame = [depth; 64];
    let below = overflow(black_box(depth + 1));
    frame[black_box(7)] += below[black_box(9)];
    frame
}

fn over() {
    black_box(overflow(1));
}

extern "C" fn overflows(_: *mut libc::c_void) -> *mut libc::c_void {
    over();
    ptr::null_mut()
}

extern "C" fn nulls(_: *mut libc::c_void) -> *mut libc::c_void {
    null();
    ptr::null_mut()
}

/// A thread without an alternate stack.
fn in_c_thread(work: extern "C" fn(*mut libc::c_void) -> *mut libc::c_void) {
    let mut thread: libc::pthread_t = 0;
    // SAFETY: a place for the thread's id, and a function that takes nothing.
    let made = unsafe { libc::pthread_create(&raw mut thread, ptr::null(), work, ptr::null_mut()) };
    assert_eq!(made, 0);
    // SAFETY: it was made just now, and is joined once.
    unsafe { libc::pthread_join(thread, ptr::null_mut()) };
}

extern "C" fn panics() {
    panic!("out of C");
}

fn illegal() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: it is not; that is what it is for.
    unsafe {
        std::arch::asm!("ud2")
    };
    #[cfg(target_arch = "aarch64")]
    // SAFETY: the same.
    unsafe {
        std::arch::asm!("udf #0")
    };
}

/// By the processor; where that does not mind, the signal is sent.
fn division() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: it is not; that is what it is for.
    unsafe {
        std::arch::asm!("xor ecx, ecx", "div ecx", out("eax") _, out("ecx") _, out("edx") _)
    };
    #[cfg(not(target_arch = "x86_64"))]
    send(libc::SIGFPE);
}

/// A page of its own.
fn page(access: libc::c_int, file: Option<i32>) -> *mut u32 {
    let (kind, fd) = match file {
        Some(fd) => (libc::MAP_SHARED, fd),
        None => (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1),
    };
    // SAFETY: a new mapping, anywhere.
    let page = unsafe { libc::mmap(ptr::null_mut(), 4096, access, kind, fd, 0) };
    assert_ne!(page, libc::MAP_FAILED);
    page.cast()
}

/// A file of somebody else's, which is shorter than it was.
fn cut_file() {
    use std::os::fd::AsRawFd;
    let path = Path::new(&env::var_os(DIR).unwrap()).join("other");
    let file = fs::File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .unwrap();
    file.set_len(4096).unwrap();
    let page = page(libc::PROT_READ | libc::PROT_WRITE, Some(file.as_raw_fd()));
    file.set_len(0).unwrap();
    // SAFETY: it is not; that is what it is for.
    unsafe { ptr::write_volatile(page, 1) };
}

/// To this thread, as if by somebody else.
fn send(signal: i32) {
    // SAFETY: zeroes are valid information.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    info.si_signo = signal;
    info.si_code = libc::SI_QUEUE;
    // SAFETY: it touches no memory.
    let thread = unsafe { libc::syscall(libc::SYS_gettid) };
    let (call, process) = (libc::SYS_rt_tgsigqueueinfo, std::process::id());
    // SAFETY: numbers, and information that lives during the call.
    let sent = unsafe { libc::syscall(call, process, thread, signal, &raw mut info) };
    assert_eq!(sent, 0);
}

static PAGE: AtomicUsize = AtomicUsize::new(0);

/// A store to a page that may only be read, which `mend` sees to. It leaves `errno`.
fn store_to_a_page() {
    let page = page(libc::PROT_READ, None);
    PAGE.store(page as usize, SeqCst);
    // SAFETY: it gives an address of this thread's own.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: this thread's own.
    unsafe { *errno = 4711 };
    // SAFETY: the page is there, and can be written to when this comes to its end.
    unsafe { ptr::write_volatile(page, 1) };
    // SAFETY: this thread's own.
    let errno = unsafe { *errno };
    assert_eq!(errno, 4711, "errno is kept");
    // SAFETY: the page can be read.
    assert_eq!(unsafe { ptr::read_volatile(page) }, 1);
}

extern "C" fn mend(signal: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: it was called with what it asked for.
    let info = unsafe { &*info };
    // SAFETY: of a fault.
    let address = unsafe { info.si_addr() } as usize;
    let page = PAGE.load(SeqCst);
    if page == 0 || address / 4096 != page / 4096 {
        set_handler(signal, libc::SIG_DFL);
        return;
    }
    // SAFETY: a page of the test's own.
    unsafe { libc::mprotect(page as *mut _, 4096, libc::PROT_READ | libc::PROT_WRITE) };
}

static IS_STUCK: AtomicBool = AtomicBool::new(false);

/// As one that is left by `siglongjmp`: nobody hears of it.
extern "C" fn never_returns(_: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    if IS_STUCK.swap(true, SeqCst) {
        return set_handler(libc::SIGSEGV, libc::SIG_DFL);
    }
    loop {
        // SAFETY: it waits for a signal.
        unsafe { libc::pause() };
    }
}

/// As `siglongjmp` would: the program goes on at another place, on a stack of its own.
#[cfg(target_env = "gnu")]
extern "C" fn leaves(_: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    extern "C" fn elsewhere() {
        drop(ring());
        std::process::abort();
    }
    const BYTES: usize = 1 << 20;
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, anywhere.
    let stack = unsafe { libc::mmap(ptr::null_mut(), BYTES, access, kind, -1, 0) };
    assert_ne!(stack, libc::MAP_FAILED);
    let context = stack.cast::<libc::ucontext_t>();
    // SAFETY: the beginning of the new mapping, for the call to fill in.
    unsafe { libc::getcontext(context) };
    // SAFETY: it was filled in, and nobody else has it.
    let new = unsafe { &mut *context };
    new.uc_stack.ss_sp = stack.wrapping_byte_add(1 << 16);
    new.uc_stack.ss_size = BYTES - (1 << 16);
    new.uc_link = ptr::null_mut();
    // SAFETY: a set of the context's.
    unsafe { libc::sigemptyset(&raw mut new.uc_sigmask) };
    // SAFETY: the rest of the mapping is its stack, and the function takes nothing, and does not return.
    unsafe { libc::makecontext(new, elsewhere, 0) };
    // SAFETY: it was made just now.
    unsafe { libc::setcontext(new) };
}

fn tell(what: &[u8]) {
    // SAFETY: a valid buffer of that length.
    unsafe { libc::write(libc::STDERR_FILENO, what.as_ptr().cast(), what.len()) };
}

extern "C" fn says(_: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    tell(b"a handler of the program's\n");
}

extern "C" fn takes(_: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    tell(b"taken\n");
}

/// As many do that write a report.
extern "C" fn resets(signal: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    tell(b"a report\n");
    set_handler(signal, libc::SIG_DFL);
    // SAFETY: numbers only.
    unsafe { libc::raise(signal) };
}

fn set_handler(signal: i32, handler: usize) {
    set_action(signal, handler, 0);
}

fn set_action(signal: i32, handler: usize, flags: i32) {
    // SAFETY: zeroes are a valid action.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | flags;
    // SAFETY: a valid action with a function that may be called like that.
    let set = unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) };
    assert_eq!(set, 0);
}

static BEFORE: AtomicUsize = AtomicUsize::new(0);

/// A handler that comes later, and passes on.
fn chain(signal: i32) {
    extern "C" fn passes(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        type Handler = extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);
        tell(b"another library's handler\n");
        // SAFETY: what was there takes these.
        let before: Handler = unsafe { std::mem::transmute(BEFORE.load(SeqCst)) };
        before(signal, info, context);
    }
    // SAFETY: zeroes are a valid action.
    let mut before: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: a place for an action.
    unsafe { libc::sigaction(signal, ptr::null(), &raw mut before) };
    // Without ours it is the standard library's.
    BEFORE.store(before.sa_sigaction, SeqCst);
    set_handler(signal, passes as *const () as usize);
}

/// Its ring is its parent's.
fn crash_in_a_child() {
    // SAFETY: the child crashes.
    let child = unsafe { libc::fork() };
    if child == 0 {
        null();
    }
    let mut status = 0;
    // SAFETY: a child of ours, and a place for its status.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(ExitStatus::from_raw(status).signal(), Some(libc::SIGSEGV));
    // And one that shares our memory.
    #[expect(deprecated, reason = "that is what it is for")]
    // SAFETY: the child does nothing but crash.
    let child = unsafe { libc::vfork() };
    if child == 0 {
        null();
    }
    // SAFETY: as above.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(ExitStatus::from_raw(status).signal(), Some(libc::SIGSEGV));
}

/// How a program has ended.
#[derive(Debug, PartialEq)]
struct End {
    status: ExitStatus,
    stderr: String,
    /// Of its ring, or the last one.
    state: String,
    survived: u64,
}

fn run(role: &str, notes: bool) -> End {
    let dir = Dir::new(&format!("crash-{}", role.replace(['/', ' '], "-")));
    run_in(role, notes, &dir.0)
}

fn run_in(role: &str, notes: bool, dir: &Path) -> End {
    let (status, stderr) = status_of(role, notes, dir);
    let path = ring_in(dir);
    let state = RingFile::open(&path).unwrap().state().unwrap();
    End {
        status,
        stderr: without_numbers(&stderr),
        state: without_numbers(&state.to_string()),
        survived: word(&path, 0x10b0),
    }
}

/// And what is on its stderr.
fn status_of(role: &str, notes: bool, dir: &Path) -> (ExitStatus, String) {
    let mut command = child::command(role);
    command
        .env(NOTES, notes.to_string())
        .env(DIR, dir)
        .current_dir(dir)
        .stdin(Stdio::null());
    // Where the system leaves cores as files, it leaves one.
    // SAFETY: it is called between fork and exec, and makes a system call.
    unsafe { command.pre_exec(allow_cores) };
    let mut child = command.spawn().unwrap();
    let mut stderr = String::new();
    let mut pipe = child.stderr.take().unwrap();
    pipe.read_to_string(&mut stderr).unwrap();
    (child.wait().unwrap(), stderr)
}

fn allow_cores() -> std::io::Result<()> {
    let all = libc::rlimit {
        rlim_cur: libc::RLIM_INFINITY,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: a valid limit.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const all) };
    Ok(())
}

/// Of several the newest.
fn ring_in(dir: &Path) -> PathBuf {
    let listed = RingFile::list(dir).unwrap();
    let newest = listed.into_iter().max_by_key(|listed| {
        let ring = listed.ring.as_ref().unwrap();
        ring.info().created
    });
    newest.unwrap().path
}

fn word(path: &Path, at: usize) -> u64 {
    let bytes = fs::read(path).unwrap();
    u64::from_le_bytes(bytes[at..][..8].try_into().unwrap())
}

/// Threads and places are called otherwise each time.
fn without_numbers(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_inclusive([' ', '\n']) {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let digits = bare.strip_prefix("0x").filter(|digits| digits.len() > 4);
        let is_digit = |c: char| c.is_digit(if digits.is_some() { 16 } else { 10 });
        let is_long = bare.len() > 1 && digits.unwrap_or(bare).chars().all(is_digit);
        words.push(if is_long {
            word.replace(bare, "N")
        } else {
            String::from(word)
        });
    }
    words.concat()
}

/// Runs it with and without notes: all but the state must be the same.
#[track_caller]
fn both(role: &str) -> End {
    let (without, with) = (run(role, false), run(role, true));
    assert_eq!(with.status, without.status, "{role}");
    assert_eq!(with.stderr, without.stderr, "{role}");
    assert_eq!(with.status.core_dumped(), without.status.core_dumped());
    assert!(!without.state.starts_with("died of"), "{}", without.state);
    with
}

#[track_caller]
fn assert_dies(role: &str, signal: i32, state: &str) -> End {
    let _watchdog = watchdog::minutes(3);
    let end = both(role);
    assert_eq!(end.status.signal(), Some(signal), "{role}: {end:?}");
    assert_eq!(end.state, state, "{role}: {end:?}");
    end
}

const UNNOTED: &str = "died without a note (killed, or out of memory)";
const SEGV: &str = "died of SIGSEGV at 0x10 in thread N (as_child)";

#[test]
fn null_in_main_and_in_a_thread() {
    assert_dies("null", libc::SIGSEGV, SEGV);
    // The main thread is called as the program.
    let state = "died of SIGSEGV at 0x10 in thread N (crash_note-";
    let end = both("null in main");
    assert_eq!(end.status.signal(), Some(libc::SIGSEGV));
    assert!(end.state.starts_with(state), "{end:?}");
    let state = "died of SIGSEGV at 0x10 in thread N (worker)";
    assert_dies("null in a thread", libc::SIGSEGV, state);
}

/// The standard library tells of it, and aborts: the fault is the cause.
#[test]
fn overflow_of_a_stack_of_rust() {
    let _watchdog = watchdog::minutes(3);
    for role in ["overflow", "overflow in main", "overflow in a thread"] {
        let end = both(role);
        assert_eq!(end.status.signal(), Some(libc::SIGABRT), "{role}");
        assert!(end.stderr.contains("has overflowed its stack"), "{end:?}");
        assert!(
            end.state.starts_with("died of SIGSEGV at N in thread N ("),
            "{end:?}"
        );
    }
}

/// There is no stack for a handler.
#[test]
fn overflow_of_a_stack_of_c_leaves_no_note() {
    assert_dies("overflow in a C thread", libc::SIGSEGV, UNNOTED);
    assert_dies("null in a C thread", libc::SIGSEGV, SEGV);
}

#[test]
fn abort_and_a_panic_that_cannot_unwind() {
    let state = "died of SIGABRT in thread N (as_child)";
    assert_dies("abort", libc::SIGABRT, state);
    // Where the system takes one that is too small for the processor.
    assert_dies("abort with a small stack", libc::SIGABRT, state);
    let end = assert_dies("panic in C", libc::SIGABRT, state);
    assert!(end.stderr.contains("out of C"), "{end:?}");
}

#[test]
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn an_illegal_instruction() {
    let end = both("illegal");
    assert_eq!(end.status.signal(), Some(libc::SIGILL));
    assert!(
        end.state.starts_with("died of SIGILL at N in thread N ("),
        "{end:?}"
    );
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_division_by_zero() {
    let end = both("division");
    assert_eq!(end.status.signal(), Some(libc::SIGFPE));
    assert!(
        end.state.starts_with("died of SIGFPE at N in thread N ("),
        "{end:?}"
    );
}

#[test]
fn a_file_of_others_that_was_cut() {
    let end = both("cut file");
    assert_eq!(end.status.signal(), Some(libc::SIGBUS));
    assert!(
        end.state.starts_with("died of SIGBUS at N in thread N ("),
        "{end:?}"
    );
}

/// The standard library survives the first, as it takes it for a fault that it will meet again.
#[test]
fn a_signal_that_was_sent() {
    let _watchdog = watchdog::minutes(3);
    let end = both("sent");
    assert!(end.status.success(), "{end:?}");
    assert_eq!((end.survived, &*end.state), (1, EXITED));
    let state = "died of SIGSEGV in thread N (as_child)";
    let end = assert_dies("sent twice", libc::SIGSEGV, state);
    assert_eq!(end.survived, 1);
    assert_dies("default/sent", libc::SIGSEGV, state);
    let state = "died of SIGABRT in thread N (as_child)";
    assert_dies("abort sent", libc::SIGABRT, state);
}

const EXITED: &str = "exited without closing the ring";

#[test]
fn what_nobody_can_handle_leaves_no_note() {
    assert_dies("killed", libc::SIGKILL, UNNOTED);
    assert_dies("terminated", libc::SIGTERM, UNNOTED);
}

#[test]
fn a_program_that_mends_its_own_faults_goes_on() {
    let _watchdog = watchdog::minutes(3);
    for (role, survived) in [
        ("mends/read-only page", 1),
        ("mends later/read-only page", 0),
    ] {
        let end = both(role);
        assert!(end.status.success(), "{role}: {end:?}");
        assert_eq!((&*end.state, end.survived), (EXITED, survived), "{role}");
    }
    let role = "mends/read-only page, and then null";
    assert_eq!(assert_dies(role, libc::SIGSEGV, SEGV).survived, 1);
}

/// A note cannot be written then, and nothing else is different.
#[test]
fn a_ring_that_was_cut_is_in_nobody_s_way() {
    let _watchdog = watchdog::minutes(3);
    let dir = Dir::new("crash-cut-mends");
    let status = status_of("mends/read-only page, when the ring is cut", true, &dir.0);
    assert!(status.0.success(), "errno is kept: {status:?}");
    let dir = Dir::new("crash-cut-null");
    let status = status_of("null, when the ring is cut", true, &dir.0);
    assert_eq!(status.0.signal(), Some(libc::SIGSEGV), "{status:?}");
}

#[test]
fn handlers_of_the_program_s_before_ours() {
    let _watchdog = watchdog::minutes(3);
    let end = assert_dies("one that resets/null", libc::SIGSEGV, SEGV);
    assert_eq!(end.stderr, "a report\n");
    let end = assert_dies("one that is called once/null", libc::SIGSEGV, SEGV);
    assert_eq!(end.stderr, "a handler of the program's\n");
    assert_dies("default/null", libc::SIGSEGV, SEGV);
    // One that is ignored is left so.
    assert_dies("ignored/null", libc::SIGSEGV, UNNOTED);
    for role in ["ignored/sent", "ignored/started"] {
        let end = both(role);
        assert!(end.status.success(), "{role}: {end:?}");
        assert_eq!((&*end.state, end.survived), (EXITED, 0));
    }
    // `abort` does not return, whatever its handler does.
    let state = "died of SIGABRT in thread N (as_child)";
    let end = assert_dies("one that returns/abort", libc::SIGABRT, state);
    assert_eq!(end.stderr, "a handler of the program's\n");
    // But `raise` does.
    let end = assert_dies(
        "one that returns/raised, and then null",
        libc::SIGSEGV,
        SEGV,
    );
    assert_eq!(end.stderr, "a handler of the program's\n");
    let end = both("mends what is sent/abort sent");
    assert!(end.status.success(), "{end:?}");
}

/// A child of `vfork` has our memory, and a handler that is called once in each.
#[test]
fn what_a_child_s_handlers_do_is_the_child_s() {
    let role = "one that is called once/null in a child, and then here";
    let end = assert_dies(role, libc::SIGSEGV, SEGV);
    assert_eq!(end.stderr, "a handler of the program's\n".repeat(2));
}

/// SIGABRT is left to the system while a handler is on a short stack, which nobody comes back from here.
#[test]
#[cfg(target_env = "gnu")]
fn a_handler_that_is_left_takes_no_later_note_along() {
    let role = "left/null, and elsewhere another ring and abort";
    assert_dies(
        role,
        libc::SIGABRT,
        "died of SIGABRT in thread N (as_child)",
    );
}

#[test]
fn handlers_that_pass_on() {
    let end = assert_dies("chained later/null", libc::SIGSEGV, SEGV);
    assert!(end.stderr.contains("another library's handler"), "{end:?}");
    // The same before ours, which has the standard library's behind it.
    let end = assert_dies("two libraries/null", libc::SIGSEGV, SEGV);
    assert!(end.stderr.contains("another library's handler"), "{end:?}");
    let end = both("two libraries/overflow");
    assert_eq!(end.status.signal(), Some(libc::SIGABRT));
    assert!(end.stderr.contains("has overflowed its stack"), "{end:?}");
    assert!(end.state.starts_with("died of SIGSEGV at N"), "{end:?}");
}

/// What came of the first one is not known; the second ended the program.
#[test]
fn a_later_crash_takes_the_place_of_one_that_was_survived() {
    let role = "stuck/null in a thread, and then in main";
    assert_eq!(assert_dies(role, libc::SIGSEGV, SEGV).survived, 1);
}

/// Each might take another's note for its own.
#[test]
fn of_many_that_crash_at_once_one_is_told_as_a_whole() {
    let _watchdog = watchdog::minutes(5);
    for round in 0..30 {
        let dir = Dir::new(&format!("crash-crowd-{round}"));
        let (status, _) = status_of("default/null in many threads", true, &dir.0);
        assert_eq!(status.signal(), Some(libc::SIGSEGV));
        let state = RingFile::open(ring_in(&dir.0)).unwrap().state().unwrap();
        let told = state.to_string();
        let RingState::Died {
            address: Some(address),
            thread_name: Some(name),
            ..
        } = state
        else {
            panic!("{told}");
        };
        assert_eq!(format!("t{}", address / 16 - 1), name);
    }
}

/// What they note, and take back, is not the program's end.
#[test]
fn a_crash_is_told_though_others_mend_faults_all_the_time() {
    let _watchdog = watchdog::minutes(5);
    for round in 0..10 {
        let dir = Dir::new(&format!("crash-among-{round}"));
        let end = run_in("mends/abort among faults", true, &dir.0);
        assert_eq!(end.status.signal(), Some(libc::SIGABRT));
        assert_eq!(end.state, "died of SIGABRT in thread N (as_child)");
    }
}

#[test]
fn a_ring_can_be_dropped_while_others_mend_faults_all_the_time() {
    let _watchdog = watchdog::minutes(2);
    let dir = Dir::new("crash-drop");
    let end = run_in("mends/rings among faults", true, &dir.0);
    assert!(end.status.success(), "{end:?}");
}

#[test]
fn of_two_rings_both_are_told() {
    let _watchdog = watchdog::minutes(3);
    let dir = Dir::new("crash-two");
    let end = run_in("two rings/null", true, &dir.0);
    assert_eq!(end.status.signal(), Some(libc::SIGSEGV));
    let listed = RingFile::list(&dir.0).unwrap();
    assert_eq!(listed.len(), 2);
    for listed in listed {
        let state = listed.ring.unwrap().state().unwrap();
        assert_eq!(without_numbers(&state.to_string()), SEGV);
    }
}

#[test]
fn a_forked_child_s_crash_is_not_its_parent_s() {
    let end = both("child");
    assert!(end.status.success(), "{end:?}");
    assert_eq!((&*end.state, end.survived), (EXITED, 0));
}

#[test]
fn a_ring_that_is_gone_is_left_alone() {
    let end = both("after the ring");
    assert_eq!(end.status.signal(), Some(libc::SIGSEGV));
    assert_eq!(end.state, "closed");
}

#[test]
fn a_note_says_when() {
    let dir = Dir::new("crash-when");
    let before = SystemTime::now();
    let end = run_in("null in a thread", true, &dir.0);
    assert_eq!(end.status.signal(), Some(libc::SIGSEGV));
    let path = ring_in(&dir.0);
    assert!(word(&path, 0x1000) > 0);
    assert_eq!(word(&path, 0x10b8), word(&path, 0x1000));
    let file = RingFile::open(path).unwrap();
    let RingState::Died {
        signal,
        thread_name,
        address,
        at,
        ..
    } = file.state().unwrap()
    else {
        panic!("it died");
    };
    assert_eq!((signal, address), (Some(libc::SIGSEGV), Some(16)));
    assert_eq!(thread_name.as_deref(), Some("worker"));
    let at = at.unwrap();
    assert!(at >= before && at <= SystemTime::now() + Duration::from_secs(1));
    assert_eq!(file.snapshot().unwrap().bytes(), b"the last line\n");
}

/// A core is made with the fault's own registers; here it is looked at whether there is one at all.
#[test]
fn a_core_is_still_made() {
    let _watchdog = watchdog::minutes(3);
    let without = run("null", false);
    if !without.status.core_dumped() {
        tell(b"NOT TESTED: this system makes no core dumps: see /proc/sys/kernel/core_pattern\n");
        return;
    }
    for role in ["null", "overflow", "abort", "default/sent"] {
        let end = run(role, true);
        assert!(end.status.core_dumped(), "{role}: {end:?}");
    }
}
