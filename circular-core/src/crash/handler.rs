//! What a signal does that comes to us.
//!
//! Invariant: whoever is interrupted finds `errno`, and what is blocked, as they were, unless what was there before us has
//! changed them.

use crate::crash::author::Author;
use crate::crash::cut;
use crate::crash::former::{self, Outcome, SIGNALS};
use crate::crash::note;
use crate::crash::system::file;
use crate::crash::system::{self, Signal};
use crate::sys::fork::Generation;
use libc::{c_int, c_void, siginfo_t};
use std::io;
use std::sync::OnceLock;

/// Of SIGBUS: the system says in advance that memory has failed.
const MEMORY_FAILED_ELSEWHERE: c_int = 5;
/// Of SIGSEGV: an access some while ago had a wrong tag.
const WRONG_TAG_BEFORE: c_int = 8;

/// Has all of them come to us, once.
pub(super) fn install() -> io::Result<()> {
    static INSTALLED: OnceLock<Result<(), i32>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| {
        // A handler asks for it.
        let _ = (Generation::current(), file::page_size());
        for signal in SIGNALS {
            let replaced = former::replace(signal, on_signal);
            replaced.map_err(|error| error.raw_os_error().unwrap_or(libc::EINVAL))?;
        }
        Ok(())
    });
    former::come_back_if_left(on_signal);
    installed.map_err(io::Error::from_raw_os_error)
}

extern "C" fn on_signal(number: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let mut errno = system::errno();
    let mask = system::block_all();
    former::come_back_if_left(on_signal);
    if let Some(signal) = Signal::new(number, info, context) {
        if !cut::mend(&signal) {
            on_crash(&signal, mask, &mut errno);
        }
    } else {
        // Somebody has called us without saying why, and would do so again.
        system::set_default(number);
    }
    system::set_mask(mask);
    system::set_errno(errno);
}

fn on_crash(signal: &Signal, mask: u64, errno: &mut c_int) {
    let is_fault = is_fault(signal);
    let local = 0;
    let author = Author::with(&local, signal);
    let dies = !former::is_function(signal);
    note::write(author, signal, is_fault, dies);
    match former::chain(signal, is_fault, on_signal, mask, errno) {
        Outcome::GoesOn => note::withdraw(author),
        Outcome::Dies => note::settle(author, signal, is_fault, true),
        Outcome::MayDie => note::settle(author, signal, is_fault, false),
    }
}

/// Whether the instruction that was interrupted will be met again.
fn is_fault(signal: &Signal) -> bool {
    let code = signal.code();
    let is_late = match signal.number {
        libc::SIGBUS => code == MEMORY_FAILED_ELSEWHERE,
        libc::SIGSEGV => code == WRONG_TAG_BEFORE,
        // `abort` of some systems may say what it likes.
        libc::SIGABRT => true,
        _ => false,
    };
    code > 0 && !is_late
}
