//! What the system is asked for in a handler, and to have one.
//!
//! Invariant: all that is here is on the list of signal-safety(7), or a system call that the C library adds nothing to.
//! Each function is safe to call with any arguments, but for [`shared`]; this file and `file.rs` have all `unsafe` of the
//! room, but for what entries of the list of rings point to.
#![expect(
    unsafe_code,
    reason = "the standard library has no signals, and a handler is given addresses"
)]

pub(super) mod file;

use crate::format::live;
use crate::format::word::WORD;
use libc::{c_int, c_void, siginfo_t};
use std::cell::UnsafeCell;
use std::ffi::c_long;
use std::io;
use std::mem::{MaybeUninit, transmute};
use std::ptr::{self, NonNull};
use std::sync::atomic::Ordering::{AcqRel, Release};
use std::sync::atomic::{AtomicBool, AtomicU64};

/// One bit for each signal.
pub(super) type Mask = u64;
const MASK_BYTES: usize = size_of::<Mask>();

/// What the kernel calls.
pub(super) type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

/// What is done on a signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Action {
    /// A function's address, or [`DEFAULT`], or [`IGNORE`].
    pub(super) handler: usize,
    pub(super) flags: c_int,
    /// What is blocked meanwhile, besides the signal itself.
    pub(super) mask: Mask,
}

pub(super) const DEFAULT: usize = libc::SIG_DFL;
pub(super) const IGNORE: usize = libc::SIG_IGN;

impl Action {
    pub(super) fn is_function(&self) -> bool {
        ![DEFAULT, IGNORE].contains(&self.handler)
    }

    pub(super) fn has(&self, flag: c_int) -> bool {
        self.flags & flag != 0
    }
}

/// The bit of a signal.
pub(super) fn bit(signal: c_int) -> Mask {
    let shift = u32::try_from(signal - 1).unwrap_or(0);
    1_u64.checked_shl(shift).unwrap_or(0)
}

/// A signal that has come: only a handler has one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signal {
    pub(super) number: c_int,
    info: NonNull<siginfo_t>,
    context: *mut c_void,
}

impl Signal {
    /// What a handler was called with, as long as it runs.
    ///
    /// `None` if somebody has called it with less: a handler that came after ours, say, without `SA_SIGINFO`.
    pub(super) fn new(number: c_int, info: *mut siginfo_t, context: *mut c_void) -> Option<Self> {
        let info = NonNull::new(info)?;
        Some(Self {
            number,
            info,
            context,
        })
    }

    fn info(&self) -> &siginfo_t {
        // SAFETY: the kernel has put it on the stack of the handler, which still runs.
        unsafe { self.info.as_ref() }
    }

    pub(super) fn code(&self) -> c_int {
        self.info().si_code
    }

    /// What the fault is about.
    pub(super) fn address(&self) -> usize {
        // SAFETY: each signal has so many bytes of information, and any are an address.
        unsafe { self.info().si_addr() }.addr()
    }

    /// Who has sent it.
    pub(super) fn sender(&self) -> u32 {
        // SAFETY: as above, and any are a number.
        let pid = unsafe { self.info().si_pid() };
        u32::try_from(pid).unwrap_or(0)
    }

    /// Does what that action would. It may not come back.
    pub(super) fn pass_to(&self, action: &Action) {
        // SAFETY: somebody has told the system that there is such a function for this signal, and it gets what the system
        // gives it: all three, whether it has asked for them by `SA_SIGINFO` or not. There are programs that leave it out.
        let function = unsafe { transmute::<usize, Handler>(action.handler) };
        function(self.number, self.info.as_ptr(), self.context);
    }

    /// Whether the fault is where the stack of who was interrupted ends, as of one that has overflowed.
    pub(super) fn is_at_stack_pointer(&self) -> bool {
        /// Functions with large frames touch each page of them.
        const FRAME: usize = 1 << 20;
        /// Those without may begin further up.
        const SMALL_FRAME: usize = 4096;
        let Some(context) = self.context() else {
            return false;
        };
        stack_pointer(context).is_none_or(|pointer| {
            let address = self.address();
            address >= pointer.saturating_sub(FRAME)
                && address < pointer.saturating_add(SMALL_FRAME)
        })
    }

    /// How far the stack went of who was interrupted, if that is known.
    pub(super) fn stack_pointer(&self) -> Option<usize> {
        self.context().and_then(stack_pointer)
    }

    fn context(&self) -> Option<&libc::ucontext_t> {
        let context = NonNull::new(self.context.cast::<libc::ucontext_t>())?;
        // SAFETY: the kernel has put it on the stack of the handler, which still runs.
        Some(unsafe { context.as_ref() })
    }

    /// Sends it to this thread once more, as it was.
    pub(super) fn send_again(&self) {
        let (process, thread) = (own_pid(), thread_id());
        // SAFETY: numbers, and what the handler was given, which still runs.
        let sent = unsafe {
            libc::syscall(
                libc::SYS_rt_tgsigqueueinfo,
                process,
                thread,
                self.number,
                self.info.as_ptr(),
            )
        };
        if sent != 0 {
            // SAFETY: numbers only.
            unsafe { libc::syscall(libc::SYS_tgkill, process, thread, self.number) };
        }
    }
}

#[cfg(all(target_arch = "x86_64", target_pointer_width = "64"))]
fn stack_pointer(context: &libc::ucontext_t) -> Option<usize> {
    let register = usize::try_from(libc::REG_RSP).ok()?;
    let pointer = context.uc_mcontext.gregs.get(register)?;
    usize::try_from(*pointer).ok()
}

#[cfg(target_arch = "aarch64")]
fn stack_pointer(context: &libc::ucontext_t) -> Option<usize> {
    usize::try_from(context.uc_mcontext.sp).ok()
}

/// Not known here.
#[cfg(not(any(
    all(target_arch = "x86_64", target_pointer_width = "64"),
    target_arch = "aarch64"
)))]
fn stack_pointer(_: &libc::ucontext_t) -> Option<usize> {
    None
}

/// What is done on a signal now; `None` if there is no such signal.
#[inline(never)]
pub(super) fn action(signal: c_int) -> Option<Action> {
    let mut now = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: it fills in a place of that type, which lives during the call, and changes nothing.
    let result = unsafe { libc::sigaction(signal, ptr::null(), now.as_mut_ptr()) };
    // SAFETY: the system has filled it in, and zeroes are valid.
    let now = unsafe { now.assume_init() };
    (result == 0).then(|| Action {
        handler: now.sa_sigaction,
        flags: now.sa_flags,
        mask: bits(&now.sa_mask),
    })
}

/// The address of what is called on a signal now.
#[inline(never)]
pub(super) fn function(signal: c_int) -> usize {
    let mut now = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: as in `action`.
    unsafe { libc::sigaction(signal, ptr::null(), now.as_mut_ptr()) };
    // SAFETY: the same.
    unsafe { now.assume_init() }.sa_sigaction
}

fn bits(mask: &libc::sigset_t) -> Mask {
    let is_in = |signal: &c_int| {
        // SAFETY: a set that the system has filled in, or zeroes, which are an empty one.
        unsafe { libc::sigismember(mask, *signal) == 1 }
    };
    (1..=64).filter(is_in).map(bit).sum()
}

/// Has `handler` called on a signal.
#[inline(never)]
pub(super) fn set_handler(signal: c_int, handler: Handler, flags: c_int) -> io::Result<()> {
    set(signal, handler as *const () as usize, flags)
}

/// Has the system do what it does by itself.
#[inline(never)]
pub(super) fn set_default(signal: c_int) {
    // It fails only for signals that there are none of.
    let _ = set(signal, DEFAULT, 0);
}

fn set(signal: c_int, handler: usize, flags: c_int) -> io::Result<()> {
    let new = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: zeroes are valid: nothing is blocked.
    let mut new = unsafe { new.assume_init() };
    new.sa_sigaction = handler;
    new.sa_flags = flags;
    // SAFETY: an action that lives during the call, with a function that is there as long as the program, is a handler,
    // and does in it what a handler may.
    if unsafe { libc::sigaction(signal, &raw const new, ptr::null_mut()) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Less than this may be too little for a second handler: what the system stores for one takes up to four KiB.
const SHORT: usize = 16 << 10;

/// Whether this runs on an alternate stack of which little is left.
pub(super) fn is_stack_short() -> bool {
    left_of_alternate_stack().is_some_and(|left| left < SHORT)
}

pub(super) fn is_on_alternate_stack() -> bool {
    left_of_alternate_stack().is_some()
}

/// Whether two addresses on stacks of this thread's are both on its alternate one, or both on none.
pub(super) fn are_on_one_stack(one: u64, other: u64) -> bool {
    let stack = alternate_stack();
    let is_on_it = |place: u64| {
        let offset = place.wrapping_sub(stack.ss_sp.addr() as u64);
        offset < stack.ss_size as u64
    };
    is_on_it(one) == is_on_it(other)
}

#[inline(never)]
fn alternate_stack() -> libc::stack_t {
    let mut now = MaybeUninit::<libc::stack_t>::zeroed();
    // SAFETY: it fills in a place of that type, which lives during the call, and changes nothing.
    unsafe { libc::sigaltstack(ptr::null(), now.as_mut_ptr()) };
    // SAFETY: the system has filled it in, and zeroes are valid.
    unsafe { now.assume_init() }
}

#[inline(never)]
fn left_of_alternate_stack() -> Option<usize> {
    let now = alternate_stack();
    let here = ptr::from_ref(&now).addr();
    (now.ss_flags & libc::SS_ONSTACK != 0).then(|| here.saturating_sub(now.ss_sp.addr()))
}

/// Blocks all signals of this thread, and tells which were.
pub(super) fn block_all() -> Mask {
    swap_mask(Mask::MAX)
}

pub(super) fn set_mask(mask: Mask) {
    swap_mask(mask);
}

/// By number: the C library's set takes 128 bytes on the stack.
fn swap_mask(mut new: Mask) -> Mask {
    let mut old: Mask = 0;
    // SAFETY: two sets of that size, which live during the call.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            &raw mut new,
            &raw mut old,
            MASK_BYTES,
        )
    };
    old
}

pub(super) fn errno() -> c_int {
    // SAFETY: it gives an address of this thread's own.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: it is there as long as the thread, and nobody else's.
    unsafe { *place }
}

pub(super) fn set_errno(number: c_int) {
    // SAFETY: as above.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: the same.
    unsafe { *place = number };
}

pub(super) fn own_pid() -> u32 {
    std::process::id()
}

/// The system's number of this thread.
pub(super) fn thread_id() -> u32 {
    // SAFETY: it touches no memory. By number, as not every C library has a function for it.
    let id: c_long = unsafe { libc::syscall(libc::SYS_gettid) };
    u32::try_from(id).unwrap_or(0)
}

/// Whether there is no thread of this process that has that number.
pub(super) fn is_thread_gone(thread: u32) -> bool {
    // SAFETY: numbers only, and no signal.
    let sent = unsafe { libc::syscall(libc::SYS_tgkill, own_pid(), thread, 0) };
    sent != 0 && errno() == libc::ESRCH
}

/// The words of LIVE.
pub(super) type Live = [AtomicU64; live::BYTES / WORD];

/// What is at an address.
///
/// # Safety
///
/// There is such a thing, it is only shared, and it is there as long as what comes back is.
pub(super) unsafe fn shared<'a, T>(place: *const T) -> Option<&'a T> {
    // SAFETY: the caller promises it, unless it is null.
    unsafe { place.as_ref() }
}

/// Whether a word can be stored to: where the file was cut, or its disk is full, a store of ours would end the program. The
/// system is asked to add nothing to it, for which no call is simpler than one that wakes nobody.
pub(super) fn is_writable(word: &AtomicU64) -> bool {
    const ADD_NOTHING: u32 = (libc::FUTEX_OP_ADD as u32) << 28;
    let call = libc::FUTEX_WAKE_OP | libc::FUTEX_PRIVATE_FLAG;
    let place = word.as_ptr();
    // SAFETY: the system adds to half a word, which is there, as an atomic, or says that it cannot.
    unsafe { libc::syscall(libc::SYS_futex, place, call, 0, 0_usize, place, ADD_NOTHING) == 0 }
}

/// Writes this thread's name to where a note has it.
pub(super) fn write_thread_name(live: &Live) {
    let name = live[live::NOTE_NAME / WORD].as_ptr();
    // SAFETY: the system writes 16 bytes, which are there. That nobody else stores there, the caller sees to; who reads it
    // meanwhile is another process.
    unsafe { libc::prctl(libc::PR_GET_NAME, name) };
}

/// This thread's name, with zeroes behind it.
pub(super) fn thread_name(name: &mut [u8; 16]) {
    // SAFETY: the system writes so many bytes.
    unsafe { libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr()) };
}

/// Memory for one handler at a time: the stack is short.
pub(super) struct Scratch(());

const SCRATCH_BYTES: usize = 4096;

struct ScratchPlace(UnsafeCell<[u8; SCRATCH_BYTES]>);

// SAFETY: only who has the one `Scratch` that there is uses it.
unsafe impl Sync for ScratchPlace {}

static SCRATCH: ScratchPlace = ScratchPlace(UnsafeCell::new([0; SCRATCH_BYTES]));
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

impl Scratch {
    /// `None` if another handler has it.
    pub(super) fn take() -> Option<Self> {
        (!IS_TAKEN.swap(true, AcqRel)).then_some(Self(()))
    }

    pub(super) fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: there is one of this type at a time, and it is borrowed.
        unsafe { &mut *SCRATCH.0.get() }
    }
}

/// A stack for [`on_own_stack`]: builds without optimization need a dozen KiB for what is to be done there.
#[repr(align(16))]
struct StackPlace(UnsafeCell<[u8; STACK_BYTES]>);

const STACK_BYTES: usize = 128 << 10;

// SAFETY: only who has the one `Scratch` that there is uses it.
unsafe impl Sync for StackPlace {}

static STACK: StackPlace = StackPlace(UnsafeCell::new([0; STACK_BYTES]));

impl Scratch {
    /// Does what needs more of a stack than there is, on another one: in a process that shares all memory and descriptors
    /// with this one, which waits until it has ended, as `posix_spawn` does it. Where there is enough, or no such process
    /// can be had, it is done here.
    pub(super) fn on_own_stack<F: FnMut(&mut [u8])>(&mut self, mut work: F) {
        struct Task<'a, F> {
            work: F,
            bytes: &'a mut [u8],
        }

        extern "C" fn run<F: FnMut(&mut [u8])>(task: *mut c_void) -> c_int {
            // SAFETY: the caller waits meanwhile, and uses it no more before this has ended.
            let task = unsafe { &mut *task.cast::<Task<'_, F>>() };
            (task.work)(task.bytes);
            0
        }

        if !is_stack_short() {
            return work(self.bytes());
        }
        let mut task = Task {
            work,
            bytes: self.bytes(),
        };
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_FILES | libc::CLONE_FS;
        // SAFETY: the end of the stack, which nobody else has, as there is one `Scratch`; stacks grow down.
        let top = unsafe { STACK.0.get().cast::<u8>().add(STACK_BYTES) };
        // SAFETY: a function, its stack, and what it is given, which are there until it has ended; all signals are blocked in
        // it, and it touches nothing that belongs to this thread.
        let child = unsafe {
            libc::clone(
                run::<F>,
                top.cast(),
                flags,
                (&raw mut task).cast::<c_void>(),
            )
        };
        if child == -1 {
            run::<F>((&raw mut task).cast());
            return;
        }
        // SAFETY: numbers only.
        unsafe { libc::waitpid(child, ptr::null_mut(), libc::__WALL) };
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        IS_TAKEN.store(false, Release);
    }
}
