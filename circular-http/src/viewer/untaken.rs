//! How much of what a socket was given its peer's system has not taken yet.
//!
//! Invariant: what is said is never less than that. So when it shrinks, the peer has taken something.

use tokio::net::TcpStream;

/// Returns the number of bytes; `None` where the system does not say.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[expect(
    unsafe_code,
    reason = "no crate that is here anyway asks a socket for that"
)]
pub(crate) fn bytes(stream: &TcpStream) -> Option<usize> {
    use std::os::fd::AsRawFd;

    let mut bytes: libc::c_int = 0;
    // SAFETY: the descriptor is open as long as `stream` is, and the request (SIOCOUTQ in tcp(7), the same
    // number) writes one `int` where it is told to.
    let result = unsafe { libc::ioctl(stream.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    (result == 0).then(|| usize::try_from(bytes).unwrap_or(0))
}

/// Returns the number of bytes; `None` where the system does not say.
#[cfg(target_vendor = "apple")]
#[expect(
    unsafe_code,
    reason = "no crate that is here anyway asks a socket for that"
)]
pub(crate) fn bytes(stream: &TcpStream) -> Option<usize> {
    use std::os::fd::AsRawFd;

    let mut bytes: libc::c_int = 0;
    let mut size = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the descriptor is open as long as `stream` is, and the option writes one `int`, whose size it
    // is told.
    let result = unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_NWRITE,
            (&raw mut bytes).cast(),
            &raw mut size,
        )
    };
    (result == 0).then(|| usize::try_from(bytes).unwrap_or(0))
}

/// Returns `None`: the system does not say.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(crate) fn bytes(_stream: &TcpStream) -> Option<usize> {
    None
}
