//! A forked process that is run one instruction at a time.
//!
//! Invariant: it does not outlive its [`Tracee`], nor this process.

use std::ffi::c_int;
use std::io;
use std::ptr;

pub(crate) struct Tracee {
    pid: libc::pid_t,
    is_over: bool,
}

/// Why it stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It has made its step.
    Stepped,
    /// It is to be given this signal.
    Signal(c_int),
    /// It has ended with this status.
    Exited(c_int),
    /// This signal has ended it.
    Killed(c_int),
}

impl Tracee {
    /// Forks, and lets the child run up to its [`stop`]. What `run` returns is its exit status.
    ///
    /// There must be no other thread.
    #[expect(unsafe_code, reason = "the standard library does not fork")]
    pub(crate) fn start(run: impl FnOnce() -> c_int) -> io::Result<Self> {
        // SAFETY: this process has one thread, so the child may do what any process may.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            let status = match request(libc::PTRACE_TRACEME, 0, 0) {
                Ok(()) => run(),
                Err(_) => NOT_TRACED,
            };
            // SAFETY: it ends the process, without what was to be done at its parent's exit.
            unsafe { libc::_exit(status) };
        }
        let pid = is_done(pid)?;
        let mut tracee = Self {
            pid,
            is_over: false,
        };
        match tracee.wait()? {
            Stop::Signal(libc::SIGSTOP) => {}
            Stop::Exited(NOT_TRACED) => return Err(io::Error::other("ptrace is not allowed here")),
            stop => return Err(io::Error::other(format!("it did not begin: {stop:?}"))),
        }
        request(libc::PTRACE_SETOPTIONS, pid, libc::PTRACE_O_EXITKILL)?;
        Ok(tracee)
    }

    /// One instruction, or one turn of a `rep`.
    pub(crate) fn step(&mut self) -> io::Result<Stop> {
        request(libc::PTRACE_SINGLESTEP, self.pid, 0)?;
        self.wait()
    }

    #[expect(unsafe_code, reason = "waiting for a process that is traced")]
    fn wait(&mut self) -> io::Result<Stop> {
        let mut status = 0;
        // SAFETY: the status is where it may be written to.
        is_done(unsafe { libc::waitpid(self.pid, &raw mut status, 0) })?;
        if libc::WIFSTOPPED(status) {
            return Ok(match libc::WSTOPSIG(status) {
                libc::SIGTRAP => Stop::Stepped,
                signal => Stop::Signal(signal),
            });
        }
        self.is_over = true;
        Ok(if libc::WIFEXITED(status) {
            Stop::Exited(libc::WEXITSTATUS(status))
        } else {
            Stop::Killed(libc::WTERMSIG(status))
        })
    }
}

impl Drop for Tracee {
    #[expect(unsafe_code, reason = "ending a process that was forked")]
    fn drop(&mut self) {
        if !self.is_over {
            // SAFETY: the process is this one's child, which has not been waited for.
            unsafe { libc::kill(self.pid, libc::SIGKILL) };
            // What it is told is that it is dead.
            while !self.is_over && self.wait().is_ok() {}
        }
    }
}

/// Of a child that may not be traced.
const NOT_TRACED: c_int = 77;

/// Stands still, for the parent to go on with.
#[expect(unsafe_code, reason = "the standard library sends no signals")]
pub(crate) fn stop() -> io::Result<()> {
    // SAFETY: it has no conditions.
    is_done(unsafe { libc::raise(libc::SIGSTOP) }).map(|_| ())
}

#[expect(unsafe_code, reason = "the standard library does not trace")]
fn request(request: libc::c_uint, pid: libc::pid_t, data: c_int) -> io::Result<()> {
    let data = ptr::without_provenance_mut::<libc::c_void>(usize::try_from(data).unwrap_or(0));
    let address = ptr::null_mut::<libc::c_void>();
    // SAFETY: none of the requests that are made here accesses memory of this process.
    let result = unsafe { libc::ptrace(request, pid, address, data) };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

fn is_done(result: c_int) -> io::Result<c_int> {
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}
