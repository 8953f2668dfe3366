//! One stream of a command: on to where it would have gone, and into the ring.
//!
//! Invariant: bytes go on first, unchanged, and as they come; what becomes of them there never stops the recording, but that
//! nobody reads them any more is passed back: then the command's next write fails as it would have.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::thread;
use std::time::{Instant, SystemTime};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::output::stderr::say;
use crate::run::backlog::{Backlog, Next, Work};
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

/// Passes a stream on until its end; or, once `ended` hangs up, until there is nothing in it at the moment. When it returns, all of it is
/// recorded. `on_read` is called for each piece, before it goes on.
pub(crate) fn relay(
    stream: Stream,
    recorder: &Recorder,
    ended: impl AsFd,
    on_read: impl Fn(),
) -> Relayed {
    let backlog = Backlog::new(recorder.capacity());
    let (target, has_returns) = (stream.target, stream.has_returns);
    thread::scope(|scope| {
        let records = scope.spawn(|| record(&backlog, recorder, target, has_returns));
        let relayed = pass_on(stream, &backlog, ended, on_read);
        backlog.close();
        let _ = records.join();
        relayed
    })
}

fn pass_on(stream: Stream, backlog: &Backlog, ended: impl AsFd, on_read: impl Fn()) -> Relayed {
    let Stream {
        target,
        from,
        to,
        has_returns,
    } = stream;
    let (mut from, mut to) = (File::from(from), File::from(to));
    let mut piece = vec![0; PIECE];
    let (mut relayed, mut since_end) = (Relayed::default(), 0);
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
                from: from.into(),
                to: to.into(),
                has_returns,
            });
            return relayed;
        }
        let count = match from.read(&mut piece) {
            Ok(count) => count,
            Err(error)
                if [ErrorKind::Interrupted, ErrorKind::WouldBlock].contains(&error.kind()) =>
            {
                continue;
            }
            // Of a terminal whose other side was closed; as good as an end.
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
        let (time, piece) = (SystemTime::now(), &piece[..count]);
        let written = write_all(&mut to, piece);
        backlog.push(time, piece);
        match written {
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

/// Records what was passed on, line by line. Of a line that is not finished for a while, such as a prompt, what there is of it is
/// recorded then, and the rest by itself.
fn record(backlog: &Backlog, recorder: &Recorder, target: &str, has_returns: bool) {
    let mut lines = Lines::default();
    let take = |time| {
        move |line: &[u8]| match line.strip_suffix(b"\r\n") {
            Some(text) if has_returns => recorder.line(target, time, &[text, b"\n"].concat()),
            _ => recorder.line(target, time, line),
        }
    };
    let tell = |time, lost: u64, how: &str| {
        let notice = format!("--- {lost} bytes {how}came faster than they could be recorded ---\n");
        recorder.line(target, time, notice.as_bytes());
    };
    let (mut last, mut work) = (SystemTime::now(), Work::begun());
    // What was lost in all, and whether that was told since.
    let (mut in_all, mut is_told) = (0, true);
    loop {
        let due = if is_told {
            lines
                .begun()
                .map(|begun| begun + recorder.unfinished_after())
        } else {
            Some(Instant::now())
        };
        match backlog.next(&mut work, due) {
            Next::Piece(piece) => {
                last = piece.time;
                let mut bytes = &piece.bytes[..];
                if piece.lost > 0 {
                    // What there is of the line amid which it goes on is none.
                    let rest = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
                    lines.end(take(last));
                    let lost = piece.lost + rest as u64;
                    tell(last, lost, "");
                    (in_all, is_told) = (in_all + lost, false);
                    bytes = &bytes[rest..];
                }
                lines.push(bytes, Instant::now(), take(last));
                backlog.give_back(piece);
            }
            // The notices of a flood may be overwritten by what came in it.
            Next::Nothing if !is_told => {
                tell(last, in_all, "in all ");
                is_told = true;
            }
            Next::Nothing => lines.end(take(last)),
            Next::End => break,
        }
    }
    lines.end(take(last));
    if !is_told {
        tell(last, in_all, "in all ");
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::recorder::of_test;
    use circular_core::RingFile;

    #[test]
    fn what_a_flood_has_lost_in_all_is_told_behind_it() {
        let (recorder, dir) = of_test("relay");
        let backlog = Backlog::new(10);
        // Of each, the first two are lost, and of the third what there is of a line.
        for _ in 0..2 {
            for piece in ["aaaa", "bbbb", "cc\n", "dddddd\n"] {
                backlog.push(SystemTime::now(), piece.as_bytes());
            }
        }
        backlog.close();
        record(&backlog, &recorder, "stdout", false);
        let ring = RingFile::list(&dir).unwrap().remove(0).ring.unwrap();
        let held = ring.snapshot().unwrap();
        let texts: Vec<_> = held
            .records()
            .map(|record| record.text().into_owned())
            .collect();
        let lost = 2 * 18 - "dddddd\n".len();
        let notice =
            |how| format!("--- {lost} bytes {how}came faster than they could be recorded ---\n");
        assert_eq!(
            texts,
            [notice(""), String::from("dddddd\n"), notice("in all ")]
        );
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
