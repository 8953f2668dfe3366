//! What is done when the program ends: rings are flushed, and dumps that are being made waited for.
//!
//! The rings that asked for it stand in a list that only grows and is read without a lock, since a
//! forked child that exits runs the same handler and must not wait for anything.

use crate::shared::Shared;
use crate::{BuildError, Handle, no_wait, sync, underway};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

struct Entry {
    ring: Weak<Shared>,
    patience: Duration,
    next: *const Entry,
}

/// The newest entry. None is ever removed or freed: less than a KiB is
/// left of each ring that asked.
static ENTRIES: AtomicPtr<Entry> = AtomicPtr::new(ptr::null_mut());

/// Has the ring flushed when the program ends.
pub(crate) fn register(ring: &Arc<Shared>, patience: Duration) -> Result<(), BuildError> {
    hook()?;
    let entry = Box::new(Entry {
        ring: Arc::downgrade(ring),
        patience,
        next: ptr::null(),
    });
    let entry = Box::into_raw(entry);
    let mut first = ENTRIES.load(Ordering::Acquire);
    loop {
        set_next(entry, first);
        match ENTRIES.compare_exchange_weak(first, entry, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return Ok(()),
            Err(now) => first = now,
        }
    }
}

#[expect(unsafe_code, reason = "an entry is shared by its address")]
fn set_next(entry: *mut Entry, next: *const Entry) {
    // SAFETY: `entry` came from a box just now, and nobody else knows it before it is published.
    unsafe { (*entry).next = next };
}

/// Has the exit wait for dumps that are being made then. Where there is no way to, it does not.
pub(crate) fn register_for_dumps() {
    let _ = hook();
}

/// Closes the rings, and waits for their lossless readers, for what sinks write when they are dropped,
/// and for what triggers have still to dump: for all of them together.
fn flush_all() {
    let began = sync::now();
    // Closed first, all of them: what another thread writes later is refused and counted, and not lost
    // between a flush and the end.
    for_each_ring(|ring, _| ring.close());
    for_each_ring(|ring, patience| {
        let Some(own) = no_wait::own_at_exit(ring.id) else {
            return;
        };
        let deadline = began.checked_add(patience);
        if own == 0 {
            Handle::new(Arc::clone(&ring)).flush_all_until(deadline);
        }
        ring.await_ended(own, deadline);
    });
}

fn for_each_ring(work: impl Fn(Arc<Shared>, Duration)) {
    let mut entry: *const Entry = ENTRIES.load(Ordering::Acquire);
    while let Some(now) = get(entry) {
        if let Some(ring) = now.ring.upgrade() {
            work(ring, now.patience);
        }
        entry = now.next;
    }
}

impl Shared {
    /// Waits until all sinks are gone and all triggers' threads have ended but for those that this thread is
    /// in, so many; they do when the ring is closed.
    fn await_ended(&self, own: usize, deadline: Option<Instant>) {
        let Some(mut state) = self.lock() else {
            return;
        };
        while state.sinks + state.triggers > own && !sync::is_over(deadline) {
            self.ended.wait(&mut state, deadline);
        }
    }
}

#[expect(unsafe_code, reason = "an entry is shared by its address")]
fn get(entry: *const Entry) -> Option<&'static Entry> {
    // SAFETY: it is null, or was leaked by `register` and published complete.
    unsafe { entry.as_ref() }
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library has no hook on exit")]
fn hook() -> Result<(), BuildError> {
    use std::sync::Once;
    use std::sync::atomic::AtomicBool;

    static ONCE: Once = Once::new();
    static HOOKED: AtomicBool = AtomicBool::new(false);

    extern "C" fn at_exit() {
        flush_all();
        underway::wait_for_others();
    }

    ONCE.call_once(|| {
        // SAFETY: the handler is a function that lives as long as the program and does not unwind.
        let status = unsafe { libc::atexit(at_exit) };
        HOOKED.store(status == 0, Ordering::Relaxed);
    });
    if HOOKED.load(Ordering::Relaxed) {
        Ok(())
    } else {
        Err(BuildError::NoExitHook)
    }
}

#[cfg(not(unix))]
fn hook() -> Result<(), BuildError> {
    let _: [fn(); 2] = [flush_all, underway::wait_for_others];
    Err(BuildError::NoExitHook)
}
