//! Writing to stderr in a panic hook: past the standard library's lock, which a thread that is stuck
//! in a write to stderr may hold.

use crate::sys::underway;
use std::io::{self, Write};

/// The most that goes into a pipe at once or not at all, by POSIX; longer lines are cut.
pub(crate) const LINE: usize = 4096;

/// Milliseconds, as `poll` takes them.
#[cfg(unix)]
const AT_ONCE: libc::c_int = 0;
#[cfg(unix)]
const FOR_EVER: libc::c_int = -1;

/// Writes one line, of [`LINE`] bytes at most, unless stderr would make us wait for it and that may not
/// be.
#[cfg(unix)]
pub(crate) fn write_line(line: &[u8], may_wait: bool) {
    if may_wait || is_ready(AT_ONCE) {
        // Where stderr takes nothing, there is nowhere to say so.
        let _ = Stderr.write_all(line);
    }
}

/// Stderr, without the standard library's lock. What it is given it writes, and waits for that.
pub(crate) struct Stderr;

#[cfg(unix)]
impl Write for Stderr {
    #[expect(unsafe_code, reason = "the standard library's stderr takes a lock")]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // In pieces, so that a pipe whose reader is slow gives a sign of life.
        let bytes = bytes.get(..LINE).unwrap_or(bytes);
        loop {
            // SAFETY: the pointer and the length are those of a slice that lives during the call.
            let count =
                unsafe { libc::write(libc::STDERR_FILENO, bytes.as_ptr().cast(), bytes.len()) };
            let Ok(count) = usize::try_from(count) else {
                let error = io::Error::last_os_error();
                if error.kind() == io::ErrorKind::WouldBlock {
                    // Somebody else who has it open has made it non-blocking.
                    is_ready(FOR_EVER);
                    continue;
                }
                return Err(error);
            };
            underway::got_on();
            return Ok(count);
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether stderr takes a line within `patience`.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library has no poll")]
fn is_ready(patience: libc::c_int) -> bool {
    let mut stderr = libc::pollfd {
        fd: libc::STDERR_FILENO,
        events: libc::POLLOUT,
        revents: 0,
    };
    // SAFETY: one pollfd, which is valid and lives during the call.
    let ready = unsafe { libc::poll(&raw mut stderr, 1, patience) };
    // A process that may have no descriptors any more may not ask either, but still write.
    let cannot_ask = ready < 0 && io::Error::last_os_error().kind() == io::ErrorKind::InvalidInput;
    cannot_ask || ready > 0 && stderr.revents & libc::POLLOUT != 0
}

#[cfg(not(unix))]
pub(crate) fn write_line(line: &[u8], _may_wait: bool) {
    // Where stderr takes nothing, there is nowhere to say so.
    let _ = Stderr.write_all(line);
}

#[cfg(not(unix))]
impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = io::stderr().write(bytes);
        underway::got_on();
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
