//! What this process was started with and cannot work with, or has lost by the time that `main` begins. The command is given it.
//!
//! Invariant: a command is started with the signals ignored and blocked that it would have had without `circular run`. Three of these are
//! not simply left alone:
//!
//! - SIGPIPE: the standard library has it ignored before `main`, whatever it was, and the default in what it starts. systemd starts
//!   its services with it ignored. What was inherited is read before that, by a function that the C library calls first. No
//!   crate does it: `ctor` is for any function at that time, at the price of a macro and more crates, and those about SIGPIPE set it,
//!   and tell nobody what it was.
//! - SIGCHLD: ignored, the system keeps no status of a child for who waits.
//! - What is blocked: a signal that is to be passed on must come to this process first. And what the standard library starts has
//!   nothing blocked.
//!
//! Only Linux has `circular run`, so the section is that of ELF.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::{io, mem, ptr};

use crate::run::blocked;

/// Whether SIGPIPE was ignored.
static IGNORES_PIPE: AtomicBool = AtomicBool::new(false);

/// The C library calls it before `main`, and so before the standard library does anything.
#[used]
#[expect(unsafe_code, reason = "the section has a meaning")]
// SAFETY: what is in that section is addresses of such functions, and this one needs nothing of the standard library's runtime.
#[unsafe(link_section = ".init_array")]
static FIRST: extern "C" fn() = first;

extern "C" fn first() {
    if let Ok(is_ignored) = is_ignored(libc::SIGPIPE) {
        IGNORES_PIPE.store(is_ignored, Relaxed);
    }
}

/// The rest of it, once it was set aside.
static SET_ASIDE: OnceLock<Inherited> = OnceLock::new();

#[derive(Clone, Copy)]
struct Inherited {
    ignores_child: bool,
    blocked: libc::sigset_t,
}

/// Has this process work without it. To be called before there are threads: each has its own signals blocked.
///
/// # Errors
///
/// The system refuses.
pub(crate) fn set_aside() -> io::Result<()> {
    let ignores_child = is_ignored(libc::SIGCHLD)?;
    if ignores_child {
        set(libc::SIGCHLD, libc::SIG_DFL)?;
    }
    let blocked = blocked::set(&blocked::nothing())?;
    let _ = SET_ASIDE.set(Inherited {
        ignores_child,
        blocked,
    });
    Ok(())
}

/// Whether SIGPIPE was ignored when this process began.
pub(crate) fn ignores_pipe() -> bool {
    IGNORES_PIPE.load(Relaxed)
}

/// Has a command start with it.
#[expect(unsafe_code, reason = "what is done between fork and exec")]
pub(crate) fn give(command: &mut Command) {
    let (ignores_pipe, inherited) = (ignores_pipe(), SET_ASIDE.get().copied());
    let give = move || {
        if ignores_pipe {
            set(libc::SIGPIPE, libc::SIG_IGN)?;
        }
        if let Some(inherited) = inherited {
            if inherited.ignores_child {
                set(libc::SIGCHLD, libc::SIG_IGN)?;
            }
            blocked::set(&inherited.blocked)?;
        }
        Ok(())
    };
    // SAFETY: these are system calls, which allocate and lock nothing.
    unsafe { command.pre_exec(give) };
}

#[expect(unsafe_code, reason = "nobody else tells what is done on a signal")]
fn is_ignored(signal: i32) -> io::Result<bool> {
    // SAFETY: numbers, and addresses that may be none.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    // SAFETY: nothing is set, and what is told goes to an action.
    let done = unsafe { libc::sigaction(signal, ptr::null(), &raw mut action) };
    if done != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(action.sa_sigaction == libc::SIG_IGN)
}

/// Has a signal ignored, or the default done.
#[expect(unsafe_code, reason = "nobody else sets what is done on a signal")]
fn set(signal: i32, what: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: it is no function, but one of the two that stand for what the system does.
    let before = unsafe { libc::signal(signal, what) };
    if before == libc::SIG_ERR {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
