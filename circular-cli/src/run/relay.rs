//! One stream of a command: on to where it would have gone, and into the ring.
//!
//! Invariant: bytes go on first, unchanged, and as they come; what becomes of them there never stops the recording, but that
//! nobody reads them any more is passed back: then the command's next write fails as it would have.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::thread;
use std::time::SystemTime;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::output::stderr::say;
use crate::run::backlog::Backlog;
use crate::run::lines::Lines;
use crate::run::recorder::Recorder;

/// As much as a pipe holds.
const PIECE: usize = 64 << 10;

/// A pipe holds no more, unless root has allowed it: so what comes behind that was not there when the command ended.
const LARGEST_PIPE: usize = 1 << 20;

/// Where a stream comes from, and where it goes.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) target: &'static str,
    pub(crate) from: OwnedFd,
    pub(crate) to: OwnedFd,
    /// The command writes to a terminal, which puts a carriage return before each line's end: that is not recorded.
    pub(crate) has_returns: bool,
}

/// What is left of a stream when the command has ended.
#[derive(Debug)]
pub(crate) enum Left {
    /// All who could write have closed it.
    Nothing,
    /// Others hold it open.
    Open(Stream),
}

/// Passes a stream on until its end; or, once `ended` hangs up, until there is nothing in it at the moment. When it returns, all of it is
/// recorded.
pub(crate) fn relay(stream: Stream, recorder: &Recorder, ended: impl AsFd + Sync) -> Left {
    let backlog = Backlog::new(recorder.capacity());
    let (target, has_returns) = (stream.target, stream.has_returns);
    thread::scope(|scope| {
        let records = scope.spawn(|| record(&backlog, recorder, target, has_returns));
        let left = pass_on(stream, &backlog, ended);
        backlog.close();
        let _ = records.join();
        left
    })
}

fn pass_on(stream: Stream, backlog: &Backlog, ended: impl AsFd) -> Left {
    let Stream {
        target,
        from,
        to,
        has_returns,
    } = stream;
    let (mut from, mut to) = (File::from(from), File::from(to));
    let mut piece = vec![0; PIECE];
    let (mut goes_on, mut since_end) = (true, 0);
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
            return Left::Open(Stream {
                target,
                from: from.into(),
                to: to.into(),
                has_returns,
            });
        }
        let count = match from.read(&mut piece) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // Of a terminal whose other side was closed; as good as an end.
            Err(_) => 0,
        };
        if count == 0 {
            return Left::Nothing;
        }
        if has_ended {
            since_end += count;
        }
        let (time, piece) = (SystemTime::now(), &piece[..count]);
        let written = if goes_on {
            write_all(&mut to, piece)
        } else {
            Ok(())
        };
        backlog.push(time, piece);
        match written {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Left::Nothing,
            Err(error) => {
                say(format_args!(
                    "circular: {target} goes nowhere from here on, and is recorded: {error}"
                ));
                goes_on = false;
            }
        }
    }
}

/// Records what was passed on, line by line.
fn record(backlog: &Backlog, recorder: &Recorder, target: &str, has_returns: bool) {
    let mut lines = Lines::default();
    let take = |time| {
        move |line: &[u8]| match line.strip_suffix(b"\r\n") {
            Some(text) if has_returns => recorder.line(target, time, &[text, b"\n"].concat()),
            _ => recorder.line(target, time, line),
        }
    };
    let mut last = SystemTime::now();
    backlog.drain(|piece| {
        last = piece.time;
        let mut bytes = &piece.bytes[..];
        if piece.lost > 0 {
            // What there is of the line amid which it goes on is none.
            let rest = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
            lines.end(take(last));
            let lost = piece.lost + rest as u64;
            let notice = format!("--- {lost} bytes came faster than they could be recorded ---\n");
            recorder.line(target, last, notice.as_bytes());
            bytes = &bytes[rest..];
        }
        lines.push(bytes, take(last));
    });
    lines.end(take(last));
}

/// Waits until something has come, or the end has; returns which.
fn wait(from: &File, ended: &impl AsFd) -> (bool, bool) {
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

fn is_readable(from: &File) -> bool {
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
