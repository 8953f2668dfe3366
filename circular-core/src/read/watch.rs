//! When a reader of a ring in a file looks again, and whether there will be more.
//!
//! Invariant: whether the writer has ended is asked before the reader takes what is left, so nothing that it wrote until
//! then is left behind.

use crate::file::opened::Opened;
use crate::file::state::RingState;
use crate::format::live;
use crate::sys::sync;
use std::io;
use std::time::{Duration, Instant};

/// The shortest and the longest time that a reader looks away which has had everything. The longer nothing has come, the
/// longer it is: an eighth of that.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(100);
const SHARE: u32 = 8;

/// How long it is good for that a writer lives which has not said that it ends.
const GOOD_FOR: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Watch {
    /// When the last record came, or the reader.
    active: Instant,
    asked: Option<Instant>,
    has_ended: bool,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self {
            active: sync::now(),
            asked: None,
            has_ended: false,
        }
    }

    /// Something has come.
    pub(crate) fn note_activity(&mut self) {
        self.active = sync::now();
    }

    /// Asks whether the writer has ended, if that has not just been asked. Tells whether it has ended since, and what is in
    /// the file is to be looked at once more.
    ///
    /// # Errors
    ///
    /// Somebody has cut the file, now or long ago, or the program could not write to it any more: said once. Or it cannot be read.
    pub(crate) fn ask(&mut self, opened: &Opened) -> io::Result<bool> {
        let now = sync::now();
        let is_known = |asked: Instant| now.saturating_duration_since(asked) < GOOD_FOR;
        // What the ring says of itself is a read of a few bytes, and tells of most ends at once.
        let is_asked = self.has_ended
            || self.asked.is_some_and(is_known) && opened.live()?.state == live::OPEN;
        if is_asked {
            return Ok(false);
        }
        self.asked = Some(now);
        let is_cut = opened.is_cut()?;
        let state = opened.state()?;
        // An image says so of the ring that it is of.
        let is_copy = state == RingState::Copy;
        let has_lost = !is_copy && opened.live()?.counters.lost_memory > 0;
        self.has_ended = match state {
            RingState::Running => false,
            // More may come, unless what would tell of it is gone.
            RingState::Unknown(_) => is_cut || has_lost,
            _ => true,
        };
        let may_run = matches!(state, RingState::Detached | RingState::Unknown(_));
        let message = if is_cut && may_run {
            "somebody has cut the file: what is behind the cut is lost; the program that writes it must be started again \
             to have a ring that can be followed"
        } else if is_cut {
            "somebody has cut the file, or has not copied all of it: what is behind the cut is lost"
        } else if has_lost {
            "the program could not write to the file any more, and goes on in its own memory: see whether its disk is \
             full; it must be started again to have a ring that can be followed"
        } else {
            return Ok(self.has_ended);
        };
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, message))
    }

    /// Whether there will be no more.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// How long to look away now.
    pub(crate) fn nap(&self) -> Duration {
        let idle = sync::now().saturating_duration_since(self.active);
        (idle / SHARE).clamp(SHORTEST, LONGEST)
    }
}
