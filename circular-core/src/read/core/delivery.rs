//! What a sink is given, and what it is done with.
//!
//! Invariant: a flush is done when the sink has said so of all that was handed out before, losses included.

use super::{Outcome, Owed, ReaderCore};
use crate::read::idle::Idle;
use crate::record::missed::Loss;

impl ReaderCore {
    /// Waits for what its sink is to be given next; `None` if there will be nothing more.
    pub(crate) fn deliver(&mut self) -> Option<Delivery<'_>> {
        let is_last = match self.next(Idle::Sleep { until: None }) {
            Outcome::Batch => false,
            Outcome::Drained => true,
            Outcome::Ended => return None,
        };
        Some(Delivery {
            core: self,
            is_last,
        })
    }
}

/// What a sink is to be given now: a batch, or nothing, if it has had everything and shall be flushed.
///
/// Whether it is [`done`](Self::done) with all that it was given is said when it was flushed. Until then a
/// flush waits, and a reader that has had everything comes back with the next delivery instead of sleeping.
#[must_use = "until it is done, a flush waits for it"]
pub(crate) struct Delivery<'a> {
    core: &'a mut ReaderCore,
    is_last: bool,
}

impl Delivery<'_> {
    /// What was missed before it, and why: to be told first, as what was overtaken behind a batch is done with it.
    pub(crate) fn take_loss(&mut self) -> Loss {
        self.core.take_loss()
    }

    /// The records; none if there are no more for now.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.core.buffer.bytes()
    }

    /// Whether the sink is to be flushed behind it.
    pub(crate) fn wants_flush(&self) -> bool {
        self.is_last || self.core.must_flush
    }

    /// Whether it may not put that off: somebody waits for it, or there will be nothing more.
    pub(crate) fn must_flush(&self) -> bool {
        self.core.must_flush || self.is_last && self.core.is_closed
    }

    /// Says that the sink has written it, and is to be flushed later: behind one that [wants it](Self::wants_flush).
    pub(crate) fn written(self) {}

    /// Says that the sink has written and flushed all that it was given.
    pub(crate) fn done(self) {
        self.core.release();
    }

    /// Says that the sink has written all that it was given, and has put off the flush.
    pub(crate) fn deferred(self) {
        self.core.owed = Owed::Flush;
    }
}
