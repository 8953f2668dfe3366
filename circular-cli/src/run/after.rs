//! What a command leaves behind: processes that hold its streams open when it has ended, such as a daemon.
//!
//! Whoever started the command wants its status at once. So another process goes on, the same program started anew with the streams: it
//! passes them on and records them in a ring of its own, the next of this name, if there is something to record, until all have closed them.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use rustix::io::{FdFlags, fcntl_setfd};

use crate::args::{After, RingOptions};
use crate::run::inherited;
use crate::run::recorder::{Origin, Recorder};
use crate::run::recording::Recording;
use crate::run::relay::{Stream, relay};
use crate::run::signals;
use crate::run::terminal;
use crate::run::until_signal::UntilSignal;

/// Starts what goes on with the streams. `held` stays open as long as it runs.
///
/// # Errors
///
/// It cannot be started: then who still writes gets what comes of a closed pipe.
pub(crate) fn go_on(
    mut streams: Vec<Stream>,
    record: &RingOptions,
    origin: &Origin,
    held: Option<OwnedFd>,
) -> io::Result<()> {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("circular").arg("__after");
    for stream in &mut streams {
        // The real terminal is as it was found by now.
        if stream.has_returns && terminal::stop_processing(&stream.from).is_ok() {
            stream.has_returns = false;
        }
        for fd in [&*stream.from, &stream.to] {
            fcntl_setfd(fd, FdFlags::empty())?;
        }
        let (from, to) = (stream.from.as_raw_fd(), stream.to.as_raw_fd());
        let returns = u8::from(stream.has_returns);
        command.arg(format!("--stream={},{from},{to},{returns}", stream.target));
    }
    if let Some(held) = &held {
        fcntl_setfd(held, FdFlags::empty())?;
    }
    let name = record.name.as_ref().unwrap_or(&origin.name);
    command
        .arg(format!("--name={name}"))
        .arg(format!("--size={}", record.size))
        .arg(format!("--unfinished-after={}", record.unfinished_after));
    if let Some(dir) = &record.dir {
        let mut arg = OsString::from("--dir=");
        arg.push(dir);
        command.arg(arg);
    }
    if let Some((path, pid)) = &origin.command {
        let mut arg = OsString::from("--command=");
        arg.push(path);
        command.arg(arg).arg(format!("--pid={pid}"));
    }
    if let Some(ring) = origin.rest_of {
        command.arg(format!("--rest-of={ring}"));
    }
    // The terminal's signals are not for it.
    command.process_group(0);
    let nothing = || Stdio::null();
    command.stdin(nothing()).stdout(nothing()).stderr(nothing());
    inherited::give(&mut command);
    command.spawn().map(drop)
}

/// What that process does.
///
/// # Errors
///
/// What that needs is refused.
pub(crate) fn run(after: &After) -> io::Result<()> {
    let signals = signals::catch(&signals::that_end())?;
    let command = after.command.clone().zip(after.pid);
    let name = after.record.name.clone().unwrap_or_default();
    let origin = Origin {
        name,
        command,
        rest_of: after.rest_of,
    };
    let recorder = Recorder::at_first_line(&after.record, &origin);
    // How the command has ended stands in the ring that this one goes on with.
    let until = UntilSignal::watch(signals, &recorder, false)?;
    let mut streams = Vec::new();
    for handed in after.streams.iter().cloned() {
        let (target, has_returns) = (handed.target(), handed.has_returns);
        if let Some((from, to)) = handed.take() {
            streams.push(Stream {
                target,
                from: Arc::new(from),
                to,
                has_returns,
            });
        }
    }
    let heard = streams.iter().map(Stream::heard).collect();
    let first = streams.first().map(|stream| &stream.from);
    let (recording, feeds) = Recording::start(&recorder, heard, first);
    let relays = streams.into_iter().zip(feeds).map(|(stream, feed)| {
        let ended = until.ended.try_clone();
        thread::spawn(move || {
            let Ok(ended) = ended else {
                return;
            };
            relay(stream, &feed, ended, || {});
        })
    });
    let relays: Vec<_> = relays.collect();
    for relay in relays {
        let _ = relay.join();
    }
    recording.join();
    until.finish();
    Ok(())
}
