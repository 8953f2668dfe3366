//! `circular tee`: what comes through a pipe goes on, with a ring around it.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

use crate::args::Tee;
use crate::failure::{Failure, Status};
use crate::output::stdout::Stop;
use crate::run::recorder::{Origin, Recorder};
use crate::run::recording::Recording;
use crate::run::relay::{Stream, relay};
use crate::run::signals;
use crate::run::until_signal::UntilSignal;

/// What the ring is called if nobody says.
const NAME: &str = "tee";

/// It ends with its input, or by a signal. An interrupt is for whoever writes that, whose last words are wanted.
pub(crate) fn run(tee: &Tee) -> Result<Status, Stop> {
    pass_on(tee).map_err(|error| {
        Stop::Failed(Failure::failed(
            format!("cannot pass on what comes: {error}"),
            "COMMAND | circular tee, or circular tee <FILE",
        ))
    })
}

fn pass_on(tee: &Tee) -> io::Result<Status> {
    let signals = signals::catch(&signals::that_end())?;
    let origin = Origin {
        name: String::from(NAME),
        command: None,
        rest_of: None,
    };
    let recorder = Recorder::start(&tee.record, &origin);
    let stream = Stream {
        target: "stdout",
        from: Arc::new(io::stdin().as_fd().try_clone_to_owned()?),
        to: io::stdout().as_fd().try_clone_to_owned()?,
        has_returns: false,
    };
    let until = UntilSignal::watch(signals, &recorder, true)?;
    let (recording, mut feeds) = Recording::start(&recorder, vec![stream.heard()], None);
    let feed = feeds.remove(0);
    let relayed = relay(stream, &feed, &until.ended, || {});
    drop(feed);
    recording.join();
    until.finish();
    match relayed.unread {
        Some(error) => Err(error),
        // Which was told.
        None if relayed.is_incomplete => Ok(Status::Failed),
        None => Ok(Status::Fine),
    }
}
