//! Relays that end with their input, or by a signal that would have ended the process: in order then, and it dies of the signal.
//!
//! Invariant: who is told to end does so, whoever does not read what is passed on; and what was read by then is recorded.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use circular_core::CommandEnd;
use rustix::process::Signal;

use crate::run::recorder::Recorder;
use crate::run::signals::{self, Signals};

/// How long what is in the pipe already may take to be passed on.
const PATIENCE: Duration = Duration::from_millis(500);

/// Watches for such signals.
#[derive(Debug)]
pub(crate) struct UntilSignal {
    /// It hangs up when one has come.
    pub(crate) ended: OwnedFd,
    came: Arc<OnceLock<Signal>>,
    /// Dropped when there is nothing left to be passed on.
    is_done: Sender<()>,
    recorder: Recorder,
    is_noted: bool,
}

impl UntilSignal {
    /// Begins to. That this process died of a signal is noted in the ring if `is_noted`: where that is not about a command.
    ///
    /// # Errors
    ///
    /// There is no pipe to be had.
    pub(crate) fn watch(
        mut signals: Signals,
        recorder: &Recorder,
        is_noted: bool,
    ) -> io::Result<Self> {
        let (ended, ends) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let (is_done, done) = mpsc::channel();
        let watch = Self {
            ended,
            came: Arc::default(),
            is_done,
            recorder: recorder.clone(),
            is_noted,
        };
        let (came, recorder) = (Arc::clone(&watch.came), recorder.clone());
        thread::spawn(move || {
            let signal = loop {
                match signals.next() {
                    // An interrupt is for whoever writes, whose last words are wanted.
                    Some(came) if came.signal == Signal::INT => {}
                    Some(came) => break came.signal,
                    None => return,
                }
            };
            let _ = came.set(signal);
            drop(ends);
            if done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                die(&recorder, signal, is_noted);
            }
        });
        Ok(watch)
    }

    /// Closes the ring, when all is passed on and recorded. Returns only if no signal has come.
    pub(crate) fn finish(self) {
        drop(self.is_done);
        match self.came.get() {
            Some(signal) => die(&self.recorder, *signal, self.is_noted),
            None => self.recorder.close(),
        }
    }
}

fn die(recorder: &Recorder, signal: Signal, is_noted: bool) {
    if is_noted {
        recorder.ended(CommandEnd::Killed(signal.as_raw()));
    }
    recorder.record_and_close();
    signals::obey(signal);
}
