//! Whether this thread may wait for a reader.
//!
//! Invariant: foreign code that others may wait for, a sink, its destructor, a waker, a redaction hook, is never
//! made to wait for a reader or for its own thread, and neither is our panic hook. A write does not wait anywhere
//! on a thread that panics. A sink that writes to its own full ring would wait for itself.

use crate::sys::sync::thread_cell;
use std::cell::Cell;
use std::task::Waker;

thread_cell! {
    /// How often this thread has entered code in which nothing may wait.
    static DEPTH: u32 = 0;
}

/// Has nothing wait for a reader on this thread until it is dropped, by a panic too.
pub(crate) struct NoWait(());

impl NoWait {
    pub(crate) fn enter() -> Self {
        // Where a system has no such variable any more, nobody asks for it either.
        let _ = DEPTH.try_with(|depth| depth.set(depth.get() + 1));
        Self(())
    }
}

/// Wakes a task, whose waker may be anybody's code: it must not wait for the thread that calls it, which may be the
/// one that polls.
pub(crate) fn wake(waker: &Waker) {
    let _no_wait = NoWait::enter();
    waker.wake_by_ref();
}

impl Drop for NoWait {
    fn drop(&mut self) {
        let _ = DEPTH.try_with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}

thread_local! {
    /// Which sinks and triggers this thread is in: for who ends the process, who waits for all but these.
    /// Without a destructor, so it can be asked until the thread is gone.
    static OWN: Cell<[Option<Own>; NESTED]> = const { Cell::new([None; NESTED]) };
}

/// So many sinks within each other are known.
const NESTED: usize = 4;

/// A sink or a trigger of a ring.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Own {
    ring: u64,
    /// The number of the reader that feeds it, if it is a sink, and the reader has not left.
    reader: Option<u64>,
}

/// Marks the thread as that of a sink or a trigger of one ring until it is dropped.
pub(crate) struct InRing(Option<Own>);

impl InRing {
    pub(crate) fn enter(ring: u64, reader: Option<u64>) -> Self {
        let own = Own { ring, reader };
        Self(Self::change(None, Some(own)).then_some(own))
    }

    /// Tells whether there was one.
    fn change(from: Option<Own>, to: Option<Own>) -> bool {
        let changed = OWN.try_with(|own| {
            let mut all = own.get();
            let place = all.iter_mut().find(|place| **place == from);
            let is_there = place.is_some();
            if let Some(place) = place {
                *place = to;
            }
            own.set(all);
            is_there
        });
        changed.unwrap_or(false)
    }
}

impl Drop for InRing {
    fn drop(&mut self) {
        if self.0.is_some() {
            Self::change(self.0, None);
        }
    }
}

/// What of one ring a thread is in.
#[derive(Clone, Copy)]
pub(crate) struct OwnAtEnd {
    all: [Option<Own>; NESTED],
    ring: u64,
}

/// What of a ring this thread is in, if whoever ends the process here may wait for all else. In foreign code of
/// which it is not known who waits for it, nobody may.
pub(crate) fn own_at_end(ring: u64) -> Option<OwnAtEnd> {
    let all = OWN.try_with(Cell::get).unwrap_or([None; NESTED]);
    let is_known = all.iter().any(Option::is_some);
    (is_known || !is_entered()).then_some(OwnAtEnd { all, ring })
}

impl OwnAtEnd {
    fn iter(&self) -> impl Iterator<Item = Own> {
        let ring = self.ring;
        let all = self.all.into_iter().flatten();
        all.filter(move |own| own.ring == ring)
    }

    /// How many sinks and triggers.
    pub(crate) fn count(&self) -> usize {
        self.iter().count()
    }

    /// Whether the sink of the reader of this number is among them.
    pub(crate) fn has_reader(&self, number: u64) -> bool {
        self.iter().any(|own| own.reader == Some(number))
    }
}

/// Whether this thread is in such code, of any ring.
pub(crate) fn is_entered() -> bool {
    DEPTH.try_with(Cell::get).is_ok_and(|depth| depth > 0)
}

/// Whether a write of this thread must overtake rather than wait for room.
pub(crate) fn must_not_wait() -> bool {
    is_entered() || std::thread::panicking()
}
