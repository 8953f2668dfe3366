//! How long one viewer is worked for before others have their turn.
//!
//! All viewers of a server share one thread, with its timers and its end. What a client searches for may
//! be dear: an expression can cost a microsecond for a byte.

use std::time::{Duration, Instant};

use crate::select::Select;

const TURN: Duration = Duration::from_millis(2);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    /// `None` if what is done is cheap, and bounded by itself.
    began: Option<Instant>,
}

impl Turn {
    pub(crate) fn begin(select: &Select) -> Self {
        Self {
            began: select.is_dear().then(Instant::now),
        }
    }

    pub(crate) fn is_over(self) -> bool {
        self.began.is_some_and(|began| began.elapsed() > TURN)
    }
}
