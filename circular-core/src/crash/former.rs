//! What was done on a signal before us, and is done after us.
//!
//! Invariant: what is remembered is what the system would do without us.
//!
//! | before us | a fault | one that was sent |
//! |---|---|---|
//! | nothing (`SIG_DFL`) | that is set again, and the instruction is met again: status, registers and core are the fault's | that is set again, and the signal is sent again as it was |
//! | a function | it is called, with what it has asked to be blocked | the same |
//!
//! A signal that is ignored (`SIG_IGN`) is left alone: it would be no more in programs that this one starts, and would interrupt
//! waits.
//!
//! A function that comes back has mended what was wrong, and the program goes on; unless it has set `SIG_DFL`, or another
//! function in our place, and the fault is met again. The standard library's handler does that for all that is no stack overflow; so it survives the first
//! SIGSEGV that is sent to it, and so it must with us. And `abort` ends the program whatever a handler of SIGABRT has done.

use crate::crash::system::{self, Action, DEFAULT, Handler, IGNORE, Signal};
use crate::sys::fork::Generation;
use libc::c_int;
use std::io;
use std::ptr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, AtomicUsize};

/// What programs die of by a fault of their own, or by `abort`.
pub(super) const SIGNALS: [c_int; 5] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGABRT,
];

/// An [`Action`] that is read without a lock. It is written before our handler is there, and later one word at a time.
struct Former {
    handler: AtomicUsize,
    flags: AtomicI32,
    mask: AtomicU64,
    /// A function has come back, and the program gone on.
    has_mended: AtomicBool,
}

static FORMER: [Former; SIGNALS.len()] = [const {
    Former {
        handler: AtomicUsize::new(DEFAULT),
        flags: AtomicI32::new(0),
        mask: AtomicU64::new(0),
        has_mended: AtomicBool::new(false),
    }
}; SIGNALS.len()];

/// The process whose memory this is, with its generation in the upper half.
static HOME: AtomicU64 = AtomicU64::new(0);

/// Whether this process has its memory for itself. A child of `vfork` has its parent's, and actions of its own: what it would do to
/// them without us, it does to these alone.
fn is_at_home() -> bool {
    let generation = u64::from(Generation::current().number()) << 32;
    let here = generation | u64::from(system::own_pid());
    let home = HOME.load(Relaxed);
    // After a fork all is copied.
    let is_new = home >> 32 != here >> 32;
    if is_new {
        HOME.store(here, Relaxed);
    }
    is_new || home == here
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The program is about to die.
    Dies,
    /// It is, if it was `abort` that has sent the signal, which cannot be told from `raise`; or if the function has left the
    /// fault to another one, and that does not mend it.
    MayDie,
    /// It goes on.
    GoesOn,
}

fn former(signal: c_int) -> Option<&'static Former> {
    let number = SIGNALS.iter().position(|known| *known == signal)?;
    FORMER.get(number)
}

/// Remembers what is done on a signal, and has `handler` called instead, unless it is ignored.
pub(super) fn replace(signal: c_int, handler: Handler) -> io::Result<()> {
    let Some(former) = former(signal) else {
        return Ok(());
    };
    // Remembers that this is the one.
    let _ = is_at_home();
    let action = system::action(signal).unwrap_or_default();
    if action.handler == IGNORE {
        return Ok(());
    }
    former.handler.store(action.handler, Relaxed);
    former.flags.store(action.flags, Relaxed);
    former.mask.store(action.mask, Relaxed);
    system::set_handler(signal, handler, flags(signal, &action))
}

/// How ours is to be called. What was there has its stack, and waits of the program go on, or not, as they did.
fn flags(signal: c_int, former: &Action) -> c_int {
    // Who calls `abort` has a stack. The alternate one may be too small for any handler but one that is not called.
    let stack = if signal == libc::SIGABRT {
        0
    } else {
        libc::SA_ONSTACK
    };
    let like = if former.is_function() {
        former.flags & (libc::SA_ONSTACK | libc::SA_RESTART)
    } else {
        stack | libc::SA_RESTART
    };
    libc::SA_SIGINFO | like
}

/// Whether a function has the signal after us. Else the program dies of it.
pub(super) fn is_function(signal: &Signal) -> bool {
    let handler = former(signal.number).map(|former| former.handler.load(Relaxed));
    handler.is_some_and(|handler| ![DEFAULT, IGNORE].contains(&handler))
}

/// Has done what would be done without us. `mask` is what was blocked when our handler, `ours`, was called, and `errno` what it
/// was.
pub(super) fn chain(
    signal: &Signal,
    is_fault: bool,
    ours: Handler,
    mask: u64,
    errno: &mut c_int,
) -> Outcome {
    let Some(former) = former(signal.number) else {
        return Outcome::GoesOn;
    };
    let action = Action {
        handler: former.handler.load(Relaxed),
        flags: former.flags.load(Relaxed),
        mask: former.mask.load(Relaxed),
    };
    if !action.is_function() {
        system::set_default(signal.number);
        if !is_fault {
            signal.send_again();
        }
        return Outcome::Dies;
    }
    let is_at_home = is_at_home();
    if action.has(libc::SA_RESETHAND) {
        if is_at_home {
            former.handler.store(DEFAULT, Relaxed);
        } else {
            system::set_default(signal.number);
        }
    }
    let own = system::bit(signal.number);
    let own_too = if action.has(libc::SA_NODEFER) { 0 } else { own };
    let may_abort = !former.has_mended.load(Relaxed) || signal.is_at_stack_pointer();
    let has_stepped_aside = is_at_home && may_abort && step_aside(signal, ours);
    let before = system::function(signal.number);
    system::set_errno(*errno);
    system::set_mask(mask & !own | action.mask | own_too);
    signal.pass_to(&action);
    system::block_all();
    // The function may have changed it, as it may without us.
    *errno = system::errno();
    if has_stepped_aside {
        aside().thread.store(0, Relaxed);
        come_back(ours);
    }
    let now = system::function(signal.number);
    if now != DEFAULT {
        // Who puts back what was there before it has mended nothing: that one has the fault next, and nobody of ours. Who sets
        // itself again, as those must that are called once, would meet what it has not mended for ever.
        let is_left = now != before && now != action.handler;
        return if is_of_abort(signal) || is_left {
            Outcome::MayDie
        } else {
            former.has_mended.store(true, Relaxed);
            Outcome::GoesOn
        };
    }
    if is_fault {
        return Outcome::Dies;
    }
    if !is_at_home {
        return Outcome::GoesOn;
    }
    // The next one would end the program, and is to be noted.
    former.handler.store(DEFAULT, Relaxed);
    // It was set before, so it can be set now.
    let flags = flags(signal.number, &Action::default());
    let _ = system::set_handler(signal.number, ours, flags);
    // `abort` sets SIG_DFL itself when a handler has come back, and sends the signal again.
    if is_of_abort(signal) {
        Outcome::MayDie
    } else {
        Outcome::GoesOn
    }
}

/// Leaves SIGABRT to the system while a function has another signal, if nobody else wants it and the stack is short: what is
/// noted is the cause, and the standard library's handler aborts where there may be no room for a second handler. Tells
/// whether it has. Until it comes back, another thread's `abort` leaves no note; so it is not for functions that mend faults,
/// but where a stack has overflowed.
fn step_aside(signal: &Signal, ours: Handler) -> bool {
    let abort = libc::SIGABRT;
    let is_free = former(abort).is_some_and(|former| former.handler.load(Relaxed) == DEFAULT);
    let steps_aside = signal.number != abort
        && is_free
        && system::is_stack_short()
        && system::function(abort) == ours as *const () as usize;
    if steps_aside {
        let local = 0_u8;
        aside().frame.store(ptr::from_ref(&local).addr(), Relaxed);
        aside().thread.store(system::thread_id(), Relaxed);
        system::set_default(abort);
    }
    steps_aside
}

/// The handler that has SIGABRT left to the system: its thread, if there is one, and where it is on that thread's stack.
struct Aside {
    thread: AtomicU32,
    frame: AtomicUsize,
}

fn aside() -> &'static Aside {
    static ASIDE: Aside = Aside {
        thread: AtomicU32::new(0),
        frame: AtomicUsize::new(0),
    };
    &ASIDE
}

/// Comes back after a handler that was left in a way that nobody saw, `siglongjmp` say: then its thread is elsewhere.
pub(super) fn come_back_if_left(ours: Handler) {
    let thread = aside().thread.load(Relaxed);
    if thread == 0 || thread != system::thread_id() {
        return;
    }
    let local = 0_u8;
    let is_within = ptr::from_ref(&local).addr() < aside().frame.load(Relaxed);
    if !(is_within && system::is_on_alternate_stack()) {
        aside().thread.store(0, Relaxed);
        come_back(ours);
    }
}

fn come_back(ours: Handler) {
    if system::function(libc::SIGABRT) == DEFAULT {
        // It was set before, so it can be set now.
        let _ = system::set_handler(
            libc::SIGABRT,
            ours,
            flags(libc::SIGABRT, &Action::default()),
        );
    }
}

/// Whether it looks as if the program has called `abort`, which does not return.
fn is_of_abort(signal: &Signal) -> bool {
    signal.number == libc::SIGABRT
        && signal.code() == libc::SI_TKILL
        && signal.sender() == system::own_pid()
}
