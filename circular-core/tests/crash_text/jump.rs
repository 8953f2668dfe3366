//! A handler that is left by a jump, as runtimes for wasm do it.

use crate::fatal::{null, over};
use circular_core::Ring;
use std::io::Write;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

/// What the program goes on with after a jump.
static ELSEWHERE: Mutex<Option<(Ring, String)>> = Mutex::new(None);

static BEFORE: AtomicUsize = AtomicUsize::new(0);

const TRAP: usize = 0x44;

/// Has a ring, and a handler from before it.
pub(crate) fn run(role: &str) {
    let before = crate::replace_handler(jump as *const () as usize);
    BEFORE.store(before, SeqCst);
    let ring = Ring::builder().crash_note(true).build().unwrap();
    writeln!(&ring, "the first line").unwrap();
    *ELSEWHERE.lock().unwrap() = Some((ring, String::from(role)));
    trap();
}

fn trap() {
    // SAFETY: it is not; a handler goes on elsewhere.
    unsafe { ptr::write_volatile(TRAP as *mut u32, 1) };
}

/// As one that is left by `siglongjmp`: the program goes on at another place, on a stack of its own.
extern "C" fn jump(signal: i32, info: &libc::siginfo_t, context: *mut libc::c_void) {
    const BYTES: usize = 1 << 20;
    type Handler = extern "C" fn(i32, &libc::siginfo_t, *mut libc::c_void);
    // SAFETY: it is a fault's.
    let address = unsafe { info.si_addr() };
    if address.addr() != TRAP {
        // SAFETY: what was there takes these.
        let before: Handler = unsafe { std::mem::transmute(BEFORE.load(SeqCst)) };
        return before(signal, info, context);
    }
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, anywhere.
    let stack = unsafe { libc::mmap(ptr::null_mut(), BYTES, access, kind, -1, 0) };
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

extern "C" fn elsewhere() {
    let (ring, role) = ELSEWHERE.lock().unwrap().take().unwrap();
    writeln!(&ring, "the last line").unwrap();
    match role.as_str() {
        "jumps, and dies" => null(),
        "jumps, and dies in a thread" => thread::spawn(null).join().unwrap(),
        "jumps, with an overflow in a thread" => thread::spawn(over).join().unwrap(),
        "jumps again, and ends" => {
            *ELSEWHERE.lock().unwrap() = Some((ring, String::from("jumps, and ends")));
            trap();
        }
        "jumps, and ends" => {
            drop(ring);
            // The test's own stack was left for good.
            std::process::exit(0);
        }
        _ => {}
    }
    unreachable!("{role}");
}
