//! Writing to stderr in a panic hook: past the standard library's lock, which a thread that is stuck
//! in a write to stderr may hold.

use std::io;

/// The most that goes into a pipe at once or not at all, by POSIX; longer lines are cut.
#[cfg(unix)]
const LINE: usize = 4096;

/// Milliseconds, as `poll` takes them.
#[cfg(unix)]
const AT_ONCE: libc::c_int = 0;
#[cfg(unix)]
const FOR_EVER: libc::c_int = -1;

/// Writes one line, unless stderr would make us wait for it and that may not be.
#[cfg(unix)]
pub(crate) fn write_line(line: &str, may_wait: bool) {
    if !may_wait && !is_ready(AT_ONCE) {
        return;
    }
    let mut bytes = Vec::with_capacity(line.len() + 1);
    // One line, whatever a path has in it.
    bytes.extend(
        line.bytes()
            .map(|byte| if byte == b'\n' { b' ' } else { byte })
            .take(LINE - 1),
    );
    bytes.push(b'\n');
    // Where stderr takes nothing, there is nowhere to say so.
    let _ = write_all(&bytes);
}

/// Writes everything, and waits for it.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library's stderr takes a lock")]
pub(crate) fn write_all(bytes: &[u8]) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        // SAFETY: the pointer and the length are those of a slice that lives during the call.
        let count = unsafe { libc::write(libc::STDERR_FILENO, rest.as_ptr().cast(), rest.len()) };
        match usize::try_from(count) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(_) => {
                let error = io::Error::last_os_error();
                match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    // Somebody else who has it open has made it non-blocking.
                    io::ErrorKind::WouldBlock => {
                        is_ready(FOR_EVER);
                    }
                    _ => return Err(error),
                }
            }
        }
    }
    Ok(())
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
    ready > 0 && stderr.revents & libc::POLLOUT != 0
}

#[cfg(not(unix))]
pub(crate) fn write_line(line: &str, _may_wait: bool) {
    // Where stderr takes nothing, there is nowhere to say so.
    let _ = write_all(line.as_bytes()).and_then(|()| write_all(b"\n"));
}

#[cfg(not(unix))]
pub(crate) fn write_all(bytes: &[u8]) -> io::Result<()> {
    use io::Write as _;
    io::stderr().write_all(bytes)
}
