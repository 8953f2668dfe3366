//! What becomes of a reader whose sink has failed: it is told, and the sink is tried again if that is asked for.
//!
//! Invariant: from when its sink fails until that takes something again, the ring knows the reader as one
//! that fails, and neither a write nor a flush waits for it.

use crate::read::core::ReaderCore;
use crate::ring::readers::ReaderKey;
use crate::ring::shared::Shared;
use crate::sink::on_error::OnError;
use crate::sys::no_wait::NoWait;
use crate::sys::stderr::{self, LINE};
use crate::sys::sync;
use crate::text::escape::ForTerminal;
use crate::text::fixed_text::FixedText;
use std::fmt::{self, Write as _};
use std::io;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The first pause, and the longest one.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// A sink that fails again and again is told of no more often.
const BETWEEN_LINES: Duration = Duration::from_secs(60);

/// What a reader does whose sink fails.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Choice {
    pub(crate) on_error: OnError,
    /// The name of the sink's type, if its failures are told on stderr.
    pub(crate) tells_of: Option<&'static str>,
}

impl Choice {
    /// Says on stderr, unless that would have to be waited for, that the reader is gone.
    pub(crate) fn tell_end(self, bytes: u64, error: &io::Error) {
        let Some(sink) = self.tells_of else { return };
        say(format_args!(
            "a reader has ended: its sink, {sink}, failed after {bytes} bytes: {error}; it gets nothing more. \
             Spawn another reader, or have it tried again with ReaderBuilder::on_error"
        ));
    }

    fn tell_pause(self, error: &io::Error) {
        let Some(sink) = self.tells_of else { return };
        let longest = LONGEST.as_secs();
        say(format_args!(
            "a reader's sink, {sink}, fails: {error}; it is tried again, at least every {longest} s, and what is \
             overwritten meanwhile is missing there"
        ));
    }
}

fn say(what: fmt::Arguments<'_>) {
    let mut line = FixedText::<LINE>::new();
    // An error's text is foreign code.
    let _no_wait = NoWait::enter();
    // It is cut where it is too long, and an error may say what somebody else sent.
    let _ = write!(ForTerminal(&mut line), "circular: {what}");
    stderr::write_line(line.make_line(), false);
}

/// A sink that is tried again.
pub(crate) struct Failure {
    shared: Arc<Shared>,
    key: ReaderKey,
    choice: Choice,
    /// How long it is left alone the next time, while it fails.
    pause: Option<Duration>,
    told: Option<Instant>,
    /// It was tried after the close, and has taken nothing since.
    was_last: bool,
}

impl Failure {
    /// Nothing where the first error is to end the reader.
    pub(crate) fn new(core: &ReaderCore, choice: Choice) -> Option<Self> {
        let key = core.key().filter(|_| choice.on_error != OnError::GiveUp)?;
        Some(Self {
            shared: Arc::clone(core.shared()),
            key,
            choice,
            pause: None,
            told: None,
            was_last: false,
        })
    }

    /// Returns when it is time to try again, or with the error if it is time to give up.
    pub(super) fn wait(&mut self, error: io::Error) -> io::Result<()> {
        let pause = self.pause.unwrap_or(FIRST);
        let begins = self.pause.replace((2 * pause).min(LONGEST)).is_none();
        let is_told = self.told.is_some_and(|told| told.elapsed() < BETWEEN_LINES);
        if begins {
            self.shared.set_fails(self.key, true);
        }
        if begins && !is_told {
            self.told = Some(Instant::now());
            self.choice.tell_pause(&error);
        }
        let shared = &*self.shared;
        let until = sync::now().checked_add(pause);
        let Some(mut state) = shared.lock() else {
            return Err(error);
        };
        while !state.closed && !sync::is_over(until) {
            // A close ends it at once. What else ends naps is no reason to try sooner.
            shared.nap.wait(&mut state, until);
        }
        if state.closed && mem::replace(&mut self.was_last, true) {
            return Err(error);
        }
        Ok(())
    }

    /// Whether there is something in the ring that the reader has not copied yet.
    pub(super) fn has_more(&self) -> bool {
        self.shared.lock().is_some_and(|mut state| {
            let head = state.head.position.offset;
            let entry = state.readers.get(self.key);
            entry.is_some_and(|entry| entry.position.offset < head)
        })
    }

    /// Says that the sink has taken something.
    #[inline]
    pub(super) fn recovered(&mut self) {
        self.was_last = false;
        if self.pause.take().is_some() {
            self.shared.set_fails(self.key, false);
        }
    }
}

impl Shared {
    /// Says whether the sink of a reader fails. Writers and flushes that wait for one that does are let go.
    pub(crate) fn set_fails(&self, key: ReaderKey, fails: bool) {
        let Some(mut state) = self.lock() else {
            return;
        };
        state.readers.set_fails(key, fails);
        self.wake_first_in_line(&state);
        drop(state);
        self.flushed.notify_all();
    }
}
