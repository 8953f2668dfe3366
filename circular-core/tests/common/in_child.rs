//! Running a part of a test in a forked child, which ends when that is done.

use std::io;
use std::panic::{self, catch_unwind};

/// A child that hangs is ended after this many seconds.
pub(crate) const ALARM: u32 = 20;

/// Ends a forked child without the parent's exit handlers, and tells where it was if it fails.
#[allow(dead_code, reason = "not every test forks in the usual way")]
pub(crate) fn in_child(work: impl Fn() -> Result<(), &'static str>) {
    // SAFETY: no memory is involved.
    in_child_of(|| unsafe { libc::fork() }, work);
}

/// The same for another way to fork.
pub(crate) fn in_child_of(
    fork: impl FnOnce() -> libc::pid_t,
    work: impl Fn() -> Result<(), &'static str>,
) {
    let pid = fork();
    assert!(pid >= 0, "{}", io::Error::last_os_error());
    if pid == 0 {
        // SAFETY: no memory is involved.
        unsafe { libc::alarm(ALARM) };
        let failed = match catch_unwind(panic::AssertUnwindSafe(work)) {
            Ok(Ok(())) => None,
            Ok(Err(what)) => Some(what),
            Err(_) => Some("panicked"),
        };
        if let Some(what) = failed {
            // Past the lock of `io::stderr`, which a thread that is not here may hold.
            // SAFETY: a valid buffer of that length.
            unsafe { libc::write(libc::STDERR_FILENO, what.as_ptr().cast(), what.len()) };
        }
        // SAFETY: it does not return, and no memory is involved.
        unsafe { libc::_exit(i32::from(failed.is_some())) };
    }
    let mut status = 0;
    // SAFETY: `status` is a valid place for the status of a child that is ours.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(status, 0, "the child's status; 14 is a child that hung");
}

pub(crate) fn check(holds: bool, what: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(what) }
}
