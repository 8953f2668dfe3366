//! One stream of a command: on to where it would have gone, and into the ring.
//!
//! Invariant: bytes go on unchanged, and wait for no recording, but those of a second stream for a moment, so that they are
//! recorded behind what was printed before; what becomes of them there never stops the
//! recording, but that nobody reads them any more is passed back: then the command's next write fails as it would have.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::output::stderr::say;
use crate::run::recording::{Feed, Heard};

/// As much as a pipe holds.
const PIECE: usize = 64 << 10;

/// A pipe holds no more, unless root has allowed it: so what comes behind that was not there when the command ended.
const LARGEST_PIPE: usize = 1 << 20;

/// Where a stream comes from, and where it goes.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) target: &'static str,
    pub(crate) from: Arc<OwnedFd>,
    pub(crate) to: OwnedFd,
    /// The command writes to a terminal, which puts a carriage return before each line's end: that is not recorded.
    pub(crate) has_returns: bool,
}

/// What has come of a stream when it has ended, or the command has.
#[derive(Debug, Default)]
pub(crate) struct Relayed {
    /// Others hold it open. Else all who could write have closed it.
    pub(crate) left: Option<Stream>,
    /// Why it could not be read to its end.
    pub(crate) unread: Option<io::Error>,
    /// Some of it could not be written, which was told.
    pub(crate) is_incomplete: bool,
}

impl Stream {
    /// How it is recorded.
    pub(crate) fn heard(&self) -> Heard {
        Heard {
            target: self.target,
            has_returns: self.has_returns,
        }
    }
}

/// Passes a stream on until its end; or, once `ended` hangs up, until there is nothing in it at the moment. When it returns, `feed` has had
/// all of it. `on_read` is called for each piece, before it goes on.
pub(crate) fn relay(stream: Stream, feed: &Feed, ended: impl AsFd, on_read: impl Fn()) -> Relayed {
    let Stream {
        target,
        from,
        to,
        has_returns,
    } = stream;
    let mut to = File::from(to);
    let mut piece = vec![0; PIECE];
    let (mut relayed, mut since_end) = (Relayed::default(), 0);
    let mut is_closed = false;
    loop {
        let (has_come, has_ended) = wait(&from, &ended);
        if !has_come && !has_ended {
            continue;
        }
        // It may have come, or have been closed, between the looks at the two.
        if !has_come && is_readable(&from) {
            continue;
        }
        // Others may go on to write for ever.
        if !has_come || since_end > LARGEST_PIPE {
            relayed.left = Some(Stream {
                target,
                from,
                to: to.into(),
                has_returns,
            });
            return relayed;
        }
        // It is recorded before it goes on: that may take as long as a reader likes, and what comes meanwhile in another
        // stream is later.
        let count = match feed.read(&from, &mut piece) {
            Ok(count) => count,
            Err(error)
                if [ErrorKind::Interrupted, ErrorKind::WouldBlock].contains(&error.kind()) =>
            {
                continue;
            }
            // Of a terminal whose other side was closed; as good as an end. It may be said of what was written, and closed, in
            // just that moment: so it is asked once more.
            Err(error) if error.raw_os_error() == Some(libc::EIO) && !is_closed => {
                is_closed = true;
                continue;
            }
            Err(error) if error.raw_os_error() == Some(libc::EIO) => 0,
            Err(error) => {
                relayed.unread = Some(error);
                0
            }
        };
        if count == 0 {
            return relayed;
        }
        on_read();
        if has_ended {
            since_end += count;
        }
        let piece = &piece[..count];
        match write_all(&mut to, piece) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return relayed,
            // A disk may have room again, so the next piece is tried again.
            Err(error) => {
                if !relayed.is_incomplete {
                    say(format_args!(
                        "circular: {target} cannot be written, and is recorded: {error}"
                    ));
                }
                relayed.is_incomplete = true;
            }
        }
    }
}

/// Waits until something has come, or the end has; returns which.
fn wait(from: &OwnedFd, ended: &impl AsFd) -> (bool, bool) {
    let mut fds = [
        PollFd::new(from, PollFlags::IN),
        PollFd::new(ended, PollFlags::IN),
    ];
    // One that is interrupted is asked again.
    if poll(&mut fds, None).is_err() {
        return (false, false);
    }
    let is_there = |fd: &PollFd<'_>| !fd.revents().is_empty();
    (is_there(&fds[0]), is_there(&fds[1]))
}

fn is_readable(from: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(from, PollFlags::IN)];
    let asked = poll(&mut fds, Some(&Timespec::default()));
    asked.is_ok() && !fds[0].revents().is_empty()
}

/// Writes all of it, to what may have been made non-blocking by somebody who shares it.
fn write_all(to: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let mut fds = [PollFd::new(to, PollFlags::OUT)];
                let _ = poll(&mut fds, None);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
