//! Where the command's standard output and error go, and what it is given for them.
//!
//! Invariant: where both go to one place, such as a terminal or a file with `2>&1`, they are one stream, `stdout`: else what comes in
//! what order there would depend on who reads two of them. What goes to two places is told apart.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{FileType, Stat, fstat};

use crate::run::groups::is_of_session;
use crate::run::relay::Stream;
use crate::run::terminal::Pair;

/// A stream of the command before it is started: its side, and ours.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) commands: OwnedFd,
    pub(crate) stream: Stream,
    pub(crate) is_terminal: bool,
}

/// Returns a pipe for a stream, or where it is a terminal, a terminal that leaves all processing to that.
///
/// # Errors
///
/// There is no pipe to be had.
pub(crate) fn make(target: &'static str, real: impl AsFd) -> io::Result<Made> {
    let to = real.as_fd().try_clone_to_owned()?;
    // Where no terminal can be had, the command runs all the same.
    let pair = || Pair::like(&to).and_then(Pair::without_processing).ok();
    let pair = to.is_terminal().then(pair).flatten();
    let is_terminal = pair.is_some();
    let (from, commands) = match pair {
        Some(pair) => (pair.ours, pair.commands),
        None => rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?,
    };
    Ok(Made {
        commands,
        stream: Stream {
            target,
            from: Arc::new(from),
            to,
            has_returns: false,
        },
        is_terminal,
    })
}

/// Returns what standard error has for its own; `None` if it goes where standard output does.
///
/// # Errors
///
/// As [`make`].
pub(crate) fn make_stderr() -> io::Result<Option<Made>> {
    let is_one = are_one_place(io::stdout(), io::stderr());
    (!is_one).then(|| make("stderr", io::stderr())).transpose()
}

/// Whether two descriptors are of one terminal, file, pipe or socket. What is written to a device that is no terminal, `/dev/null` say, has no
/// order there.
pub(crate) fn are_one_place(one: impl AsFd, other: impl AsFd) -> bool {
    let data = |fd: &dyn AsFd| fstat(fd.as_fd()).ok();
    let (Some(of_one), Some(of_other)) = (data(&one), data(&other)) else {
        return false;
    };
    if is_device(&of_one) || is_device(&of_other) {
        return is_one_terminal(one, other);
    }
    (of_one.st_dev, of_one.st_ino) == (of_other.st_dev, of_other.st_ino)
}

fn is_device(data: &Stat) -> bool {
    FileType::from_raw_mode(data.st_mode) == FileType::CharacterDevice
}

/// Whether two descriptors are of one terminal. Each has several names, and `/dev/tty` is that of the session.
pub(crate) fn is_one_terminal(one: impl AsFd, other: impl AsFd) -> bool {
    if !one.as_fd().is_terminal() || !other.as_fd().is_terminal() {
        return false;
    }
    let device = |fd: &dyn AsFd| fstat(fd.as_fd()).ok().map(|data| data.st_rdev);
    device(&one) == device(&other) || is_of_session(one) && is_of_session(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::os::unix::net::UnixStream;

    #[test]
    fn what_is_one_place_and_what_is_not() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let (_, other) = rustix::pipe::pipe().unwrap();
        let copy = writer.try_clone().unwrap();
        assert!(are_one_place(&writer, &copy));
        assert!(are_one_place(&writer, &reader), "it is one pipe");
        assert!(!are_one_place(&writer, &other));
        let (socket, peer) = UnixStream::pair().unwrap();
        assert!(are_one_place(&socket, socket.try_clone().unwrap()));
        assert!(!are_one_place(&socket, &peer));
        let file = || File::open("/proc/self/exe").unwrap();
        assert!(are_one_place(file(), file()));
        assert!(!are_one_place(file(), &socket));
        let null = || File::open("/dev/null").unwrap();
        assert!(!are_one_place(null(), null()));
    }

    #[test]
    fn a_terminal_is_one_whoever_has_opened_it() {
        let settings = Pair::new().unwrap();
        let other = Pair::new().unwrap();
        let again = File::open(format!(
            "/proc/self/fd/{}",
            std::os::fd::AsRawFd::as_raw_fd(&settings.commands)
        ));
        assert!(are_one_place(&settings.commands, again.unwrap()));
        assert!(!are_one_place(&settings.commands, &other.commands));
        assert!(!are_one_place(
            &settings.commands,
            File::open("/dev/null").unwrap()
        ));
    }
}
