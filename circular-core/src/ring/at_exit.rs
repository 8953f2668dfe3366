//! What is done when the program ends: rings are flushed, those in files say so, and dumps that are being made are
//! waited for.
//!
//! The rings that asked for it stand in a list that only grows and is read without a lock, since a
//! forked child that exits runs the same handler and must not wait for anything.

mod system;

use crate::ring::shared::Shared;
use crate::sys::{no_wait, sync, underway};
use std::iter;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

struct Entry {
    ring: Weak<Shared>,
    /// `None` for a ring that is not flushed, and has something to say in its file.
    patience: Option<Duration>,
    next: *const Entry,
}

/// The newest entry. None is ever removed or freed: a KiB or two are left of each ring that asked, or was in a file.
static ENTRIES: AtomicPtr<Entry> = AtomicPtr::new(ptr::null_mut());

/// Has the ring flushed when the program ends, where the system tells of that; without any patience, it only says in its
/// file that the program has ended.
pub(crate) fn register(ring: &Arc<Shared>, patience: Option<Duration>) {
    if !hook() {
        return;
    }
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
            Ok(_) => return,
            Err(now) => first = now,
        }
    }
}

#[expect(unsafe_code, reason = "an entry is shared by its address")]
fn set_next(entry: *mut Entry, next: *const Entry) {
    // SAFETY: `entry` came from a box just now, and nobody else knows it before it is published.
    unsafe { (*entry).next = next };
}

/// Whether the ring is flushed when the program ends.
pub(crate) fn is_registered(ring: &Arc<Shared>) -> bool {
    let is_it =
        |entry: &Entry| entry.ring.as_ptr() == Arc::as_ptr(ring) && entry.patience.is_some();
    !ring.generation.is_past() && entries().any(is_it)
}

/// Has the exit wait for dumps that are being made then. Where there is no way to, it does not.
pub(crate) fn register_for_dumps() {
    hook();
}

/// Closes the rings, and waits for their lossless readers, for every sink until it is dropped, whatever its
/// reader's policy, and for what triggers have still to dump: for all of them together.
fn flush_all() {
    let began = sync::now();
    // Closed first, all of them: what another thread writes later is refused and counted, and not lost
    // between a flush and the end.
    for_each_ring(|ring, patience| match patience {
        Some(_) => ring.close(),
        None => ring.tell_exit(),
    });
    for_each_ring(|ring, patience| {
        let Some(patience) = patience else { return };
        if ring.is_through.load(Ordering::Relaxed) {
            return;
        }
        let Some(own) = no_wait::own_at_end(ring.id) else {
            return;
        };
        let own = own.count();
        let deadline = began.checked_add(patience);
        if own == 0 {
            ring.flush_until(deadline);
        }
        ring.await_ended(own, deadline);
    });
}

fn for_each_ring(work: impl Fn(Arc<Shared>, Option<Duration>)) {
    for entry in entries() {
        if let Some(ring) = entry.ring.upgrade() {
            work(ring, entry.patience);
        }
    }
}

/// The rings that asked, the newest first.
fn entries() -> impl Iterator<Item = &'static Entry> {
    let first = get(ENTRIES.load(Ordering::Acquire));
    iter::successors(first, |entry| get(entry.next))
}

#[expect(unsafe_code, reason = "an entry is shared by its address")]
fn get(entry: *const Entry) -> Option<&'static Entry> {
    // SAFETY: it is null, or was leaked by `register` and published complete.
    unsafe { entry.as_ref() }
}

/// Has the system call us at the end, once, and tells whether it will.
fn hook() -> bool {
    static IS_HOOKED: OnceLock<bool> = OnceLock::new();

    extern "C" fn at_exit() {
        flush_all();
        underway::wait_for_others();
    }

    *IS_HOOKED.get_or_init(|| system::call(at_exit))
}
