//! Whether this thread may wait for a reader.
//!
//! Invariant: foreign code that a thread of ours runs, a sink, its destructor, a waker, a redaction hook,
//! is never made to wait for a reader or for that thread, and neither is a thread that panics. A sink
//! that writes to its own full ring would wait for itself.

use std::cell::Cell;

#[cfg(not(loom))]
thread_local! {
    /// How many sinks this thread is in. Without a destructor, so it can be asked until the thread
    /// is gone.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

// All threads of a model are one to the system.
#[cfg(loom)]
loom::thread_local! {
    static DEPTH: Cell<u32> = Cell::new(0);
}

/// Marks the thread as inside a sink until it is dropped, by a panic too.
pub(crate) struct InSink(());

impl InSink {
    pub(crate) fn enter() -> Self {
        // Where a system has no such variable any more, nobody asks for it either.
        let _ = DEPTH.try_with(|depth| depth.set(depth.get() + 1));
        Self(())
    }
}

impl Drop for InSink {
    fn drop(&mut self) {
        let _ = DEPTH.try_with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}

thread_local! {
    /// Which rings' sinks and triggers this thread is in, by their ids: for the exit, which waits for all but
    /// these. Without a destructor, so it can be asked until the thread is gone.
    static OWN: Cell<[Option<u64>; NESTED]> = const { Cell::new([None; NESTED]) };
}

/// So many sinks within each other are known.
const NESTED: usize = 4;

/// Marks the thread as that of a sink or a trigger of one ring until it is dropped.
pub(crate) struct InRing(Option<u64>);

impl InRing {
    pub(crate) fn enter(ring: u64) -> Self {
        Self(Self::change(None, Some(ring)).then_some(ring))
    }

    /// Tells whether there was one.
    fn change(from: Option<u64>, to: Option<u64>) -> bool {
        let changed = OWN.try_with(|own| {
            let mut rings = own.get();
            let place = rings.iter_mut().find(|place| **place == from);
            let is_there = place.is_some();
            if let Some(place) = place {
                *place = to;
            }
            own.set(rings);
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

/// How many sinks and triggers of a ring this thread is in, if whoever ends the process here may wait for the
/// others. In foreign code of which it is not known who waits for it, nobody may.
pub(crate) fn own_at_exit(ring: u64) -> Option<usize> {
    let rings = OWN.try_with(Cell::get).unwrap_or([None; NESTED]);
    let is_known = rings.iter().any(Option::is_some);
    let own = rings.iter().filter(|own| **own == Some(ring)).count();
    (is_known || !in_sink()).then_some(own)
}

/// Runs foreign code on a thread that others may wait for: until it returns, this thread counts as
/// inside a sink. For the crates beside this one, which have threads of their own.
pub fn without_waiting<R>(work: impl FnOnce() -> R) -> R {
    let _in_sink = InSink::enter();
    work()
}

/// Whether this thread is inside a sink of any ring.
pub(crate) fn in_sink() -> bool {
    DEPTH.try_with(Cell::get).is_ok_and(|depth| depth > 0)
}

/// Whether a write of this thread must overtake rather than wait for room.
pub(crate) fn must_not_wait() -> bool {
    in_sink() || std::thread::panicking()
}
