//! Ways to crash, and handlers that make something of it. All of it is done in children.

use crate::fatal::{null, over};
use circular_core::Ring;
use std::env;
use std::fs;
use std::hint::black_box;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

pub(crate) const NOTES: &str = "CIRCULAR_TEST_NOTES";
pub(crate) const DIR: &str = "CIRCULAR_TEST_DIR";

pub(crate) static RINGS: Mutex<Vec<Ring>> = Mutex::new(Vec::new());

/// A ring of this program, which notes crashes if it is to.
pub(crate) fn ring() -> Ring {
    let dir = env::var_os(DIR).unwrap();
    let builder = Ring::builder().capacity(64 << 10);
    let builder = builder.crash_note(env::var(NOTES).unwrap() == "true");
    let ring = builder.mapped_in(dir, "shop").build().unwrap();
    writeln!(&ring, "the last line").unwrap();
    RINGS.lock().unwrap().push(ring.clone());
    ring
}

/// Threads that crash at once, each at a place that has its number.
pub(crate) fn crowd() {
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
pub(crate) fn fault_all_the_time() {
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

pub(crate) static AT_WORK: AtomicUsize = AtomicUsize::new(0);

pub(crate) extern "C" fn nulls_in_main(_: i32) {
    null();
}

pub(crate) extern "C" fn overflows_in_main(_: i32) {
    over();
}

/// Tests have threads of their own. So it is done in a handler of the main thread, on its own stack.
pub(crate) fn in_main(handler: usize) {
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

pub(crate) fn in_thread(work: fn()) {
    let builder = thread::Builder::new().name(String::from("worker"));
    builder.spawn(work).unwrap().join().unwrap();
}

pub(crate) extern "C" fn overflows(_: *mut libc::c_void) -> *mut libc::c_void {
    over();
    ptr::null_mut()
}

pub(crate) extern "C" fn nulls(_: *mut libc::c_void) -> *mut libc::c_void {
    null();
    ptr::null_mut()
}

/// A thread without an alternate stack.
pub(crate) fn in_c_thread(work: extern "C" fn(*mut libc::c_void) -> *mut libc::c_void) {
    // SAFETY: a number or a pointer, for the call to fill in.
    let mut thread: libc::pthread_t = unsafe { std::mem::zeroed() };
    // SAFETY: a place for the thread's id, and a function that takes nothing.
    let made = unsafe { libc::pthread_create(&raw mut thread, ptr::null(), work, ptr::null_mut()) };
    assert_eq!(made, 0);
    // SAFETY: it was made just now, and is joined once.
    unsafe { libc::pthread_join(thread, ptr::null_mut()) };
}

pub(crate) extern "C" fn panics() {
    panic!("out of C");
}

pub(crate) fn illegal() {
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
pub(crate) fn division() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: it is not; that is what it is for.
    unsafe {
        std::arch::asm!("xor ecx, ecx", "div ecx", out("eax") _, out("ecx") _, out("edx") _)
    };
    #[cfg(not(target_arch = "x86_64"))]
    send(libc::SIGFPE);
}

/// A page of its own.
pub(crate) fn page(access: libc::c_int, file: Option<i32>) -> *mut u32 {
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
pub(crate) fn cut_file() {
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
pub(crate) fn send(signal: i32) {
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

pub(crate) static PAGE: AtomicUsize = AtomicUsize::new(0);

/// A store to a page that may only be read, which `mend` sees to. It leaves `errno`.
pub(crate) fn store_to_a_page() {
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

pub(crate) extern "C" fn mend(signal: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
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

pub(crate) static IS_STUCK: AtomicBool = AtomicBool::new(false);

/// As one that is left by `siglongjmp`: nobody hears of it.
pub(crate) extern "C" fn never_returns(_: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
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
pub(crate) extern "C" fn leaves(_: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
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

/// As `siglongjmp` would: the program goes on where that stack was when it was interrupted.
#[cfg(all(target_env = "gnu", target_arch = "x86_64"))]
pub(crate) extern "C" fn leaves_up(_: i32, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    extern "C" fn elsewhere() {
        illegal();
    }
    const BYTES: usize = 4096;
    // SAFETY: it was called with what it asked for.
    let interrupted = unsafe { &*context.cast::<libc::ucontext_t>() };
    let pointer = interrupted.uc_mcontext.gregs[usize::try_from(libc::REG_RSP).unwrap()];
    let top = usize::try_from(pointer).unwrap();
    let place = page(libc::PROT_READ | libc::PROT_WRITE, None).cast::<libc::ucontext_t>();
    // SAFETY: a page of its own, for the call to fill in.
    unsafe { libc::getcontext(place) };
    // SAFETY: it was filled in, and nobody else has it.
    let new = unsafe { &mut *place };
    new.uc_stack.ss_sp = ptr::without_provenance_mut(top - BYTES);
    new.uc_stack.ss_size = BYTES;
    new.uc_link = ptr::null_mut();
    // SAFETY: a set of the context's.
    unsafe { libc::sigemptyset(&raw mut new.uc_sigmask) };
    // SAFETY: of what is there nobody comes back, and the function takes nothing, and does not return.
    unsafe { libc::makecontext(new, elsewhere, 0) };
    // SAFETY: it was made just now.
    unsafe { libc::setcontext(new) };
}

pub(crate) fn tell(what: &[u8]) {
    // SAFETY: a valid buffer of that length.
    unsafe { libc::write(libc::STDERR_FILENO, what.as_ptr().cast(), what.len()) };
}

pub(crate) extern "C" fn says(_: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    tell(b"a handler of the program's\n");
}

pub(crate) extern "C" fn takes(_: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    tell(b"taken\n");
}

/// As many do that write a report.
pub(crate) extern "C" fn resets(signal: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    tell(b"a report\n");
    set_handler(signal, libc::SIG_DFL);
    // SAFETY: numbers only.
    unsafe { libc::raise(signal) };
}

/// As many do that are called before `abort` ends the program.
pub(crate) extern "C" fn leaves_it_to_the_system(
    signal: i32,
    _: *mut libc::siginfo_t,
    _: *mut libc::c_void,
) {
    tell(b"a report\n");
    set_handler(signal, libc::SIG_DFL);
}

/// As crash reporters do: what they have found has the fault once they are done.
pub(crate) extern "C" fn restores(signal: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    tell(b"a report\n");
    set_handler(signal, BEFORE.load(SeqCst));
}

/// As many do that are written in C.
pub(crate) extern "C" fn exits(_: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    std::process::exit(3);
}

pub(crate) extern "C" fn nulls_at_exit() {
    null();
}

pub(crate) extern "C" fn overflows_at_exit() {
    over();
}

pub(crate) fn at_exit(work: extern "C" fn()) {
    // SAFETY: a function that takes nothing.
    assert_eq!(unsafe { libc::atexit(work) }, 0);
}

/// What other threads write while a handler makes its report: more than the ring has room for.
pub(crate) fn writes_a_lap_meanwhile() {
    let ring = RINGS.lock().unwrap()[0].clone();
    thread::spawn(move || {
        while !IS_STUCK.load(SeqCst) {
            thread::yield_now();
        }
        for _ in 0..100 {
            writeln!(&ring, "{:1000}", "meanwhile").unwrap();
        }
        AT_WORK.store(1, SeqCst);
    });
}

/// As many do that make a report, which takes its time.
pub(crate) extern "C" fn waits_for_a_lap(
    signal: i32,
    _: *mut libc::siginfo_t,
    _: *mut libc::c_void,
) {
    IS_STUCK.store(true, SeqCst);
    while AT_WORK.load(SeqCst) == 0 {
        thread::yield_now();
    }
    set_handler(signal, libc::SIG_DFL);
}

/// As the standard library's does, when a stack has overflowed.
pub(crate) extern "C" fn aborts_after_a_lap(
    signal: i32,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    waits_for_a_lap(signal, info, context);
    std::process::abort();
}

pub(crate) fn set_one_that_restores(signal: i32) {
    // SAFETY: zeroes are a valid action.
    let mut before: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: a place for an action.
    unsafe { libc::sigaction(signal, ptr::null(), &raw mut before) };
    BEFORE.store(before.sa_sigaction, SeqCst);
    set_handler(signal, restores as *const () as usize);
}

pub(crate) fn set_handler(signal: i32, handler: usize) {
    set_action(signal, handler, libc::SA_ONSTACK);
}

pub(crate) fn set_action(signal: i32, handler: usize, flags: i32) {
    // SAFETY: zeroes are a valid action.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = libc::SA_SIGINFO | flags;
    // SAFETY: a valid action with a function that may be called like that.
    let set = unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) };
    assert_eq!(set, 0);
}

pub(crate) static BEFORE: AtomicUsize = AtomicUsize::new(0);

/// A handler that comes later, and passes on.
pub(crate) fn chain(signal: i32) {
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
pub(crate) fn crash_in_a_child() {
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
