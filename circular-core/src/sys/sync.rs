//! The synchronisation types of the whole crate, from one place.
//!
//! With `--cfg loom` they are loom's, so that the models run the real code. Only this file knows, and
//! the tests, which are models or are not; what else must differ asks [`IS_MODEL`]. Loom has no clock:
//! there time stands still until a thread of the model says that it is over, and a nap ends at once.
//!
//! The standard library's locks keep nothing outside themselves, so one that is made in a forked
//! child works whatever the parent's threads were doing, and no thread needs memory to wait. What a
//! lock guards stays usable after a panic: code of the caller's runs under none but a sink's own.

#[cfg(loom)]
use loom::sync as imp;
#[cfg(not(loom))]
use std::sync as imp;

pub(crate) use self::imp::atomic::{AtomicBool, AtomicU64, fence};
#[cfg(loom)]
pub(crate) use loom::thread::{Builder as ThreadBuilder, yield_now};
#[cfg(not(loom))]
pub(crate) use std::thread::Builder as ThreadBuilder;
#[cfg(not(any(loom, fuzzing)))]
pub(crate) use std::thread::yield_now;

use std::fmt;
use std::hint;
use std::ops::{Deref, DerefMut};
use std::sync::{PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// What is fuzzed has no other thread, and on a busy machine other programs would run instead.
#[cfg(fuzzing)]
pub(crate) fn yield_now() {}

/// Whether this is built for the models, which try every schedule: they need small numbers of everything.
pub(crate) const IS_MODEL: bool = cfg!(loom);

/// A cell of each thread's own, without a destructor, so that it can be asked until the thread is gone.
macro_rules! thread_cell {
    ($(#[$doc:meta])* static $name:ident: $type:ty = $value:expr;) => {
        #[cfg(not(loom))]
        std::thread_local! {
            $(#[$doc])*
            static $name: std::cell::Cell<$type> = const { std::cell::Cell::new($value) };
        }

        // All threads of a model are one to the system.
        #[cfg(loom)]
        loom::thread_local! {
            $(#[$doc])*
            static $name: std::cell::Cell<$type> = std::cell::Cell::new($value);
        }
    };
}
pub(crate) use thread_cell;

/// Attempts at a lock that is held: so many after a short spin, each twice as long as the one
/// before, and so many after another thread had the core. (What `parking_lot` 0.12 does.) A model
/// needs none of them.
const SPINS: u32 = if IS_MODEL { 0 } else { 3 };
const YIELDS: u32 = if IS_MODEL { 0 } else { 7 };

/// How often who must not wait for a lock looks whether it is free.
const LOOK: Duration = Duration::from_micros(100);

/// The time, for deadlines.
#[cfg(not(loom))]
#[inline]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[cfg(loom)]
pub(crate) use self::model_time::now;

#[cfg(loom)]
pub(crate) mod model_time {
    use loom::sync::atomic::{AtomicU64, Ordering::Relaxed};
    use std::sync::OnceLock;
    use std::time::{Duration, Instant};

    loom::lazy_static! {
        static ref PASSED: AtomicU64 = AtomicU64::new(0);
    }

    /// Before every deadline; once `end` was called, after every one that was made before.
    pub(crate) fn now() -> Instant {
        static BEGIN: OnceLock<Instant> = OnceLock::new();
        let begin = *BEGIN.get_or_init(Instant::now);
        if is_over() {
            PASSED.fetch_add(1, Relaxed);
        }
        begin + Duration::from_secs(PASSED.load(Relaxed) << 20)
    }

    pub(crate) fn is_over() -> bool {
        PASSED.load(Relaxed) > 0
    }

    /// Lets every deadline be over. Who waits for one is still to be notified, and no lost wake-up
    /// may hide behind that: call it under the lock, and notify the one variable that it is about.
    #[cfg(test)]
    pub(crate) fn end() {
        PASSED.store(1, Relaxed);
    }
}

/// Whether the time is over; without a deadline it never is.
pub(crate) fn is_over(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| now() >= deadline)
}

/// It begins a cache line, so that what is guarded knows where its own end.
#[repr(align(64))]
pub(crate) struct Mutex<T>(imp::Mutex<T>);

/// Always has its lock, but for the time of a wait, and of what is done without it.
pub(crate) struct MutexGuard<'a, T>(Option<imp::MutexGuard<'a, T>>);

#[derive(Debug)]
pub(crate) struct Condvar(imp::Condvar);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(imp::Mutex::new(value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        if IS_MODEL {
            return MutexGuard(Some(self.0.lock().unwrap()));
        }
        match self.try_lock() {
            Some(held) => held,
            None => self.lock_contended(),
        }
    }

    /// The lock, if it is free at some time before `deadline`. For who may hold it already, as a signal
    /// handler may that interrupted a write.
    pub(crate) fn lock_by(&self, deadline: Instant) -> Option<MutexGuard<'_, T>> {
        loop {
            if let Some(held) = self.try_lock() {
                return Some(held);
            }
            if is_over(Some(deadline)) {
                return None;
            }
            // Nothing that could be waited for: it would have to be held, too.
            std::thread::sleep(LOOK);
        }
    }

    /// Does `work` without the lock. What was known under it may have changed meanwhile.
    pub(crate) fn without<'a>(&'a self, held: &mut MutexGuard<'a, T>, work: impl FnOnce()) {
        held.0 = None;
        work();
        *held = self.lock();
    }

    /// The lock if it is free, a panic under it or not. The error of that has the lock in it: whoever
    /// looks only at whether there is one, and tries again, waits for itself.
    #[inline]
    fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let held = match self.0.try_lock() {
            Ok(held) => held,
            Err(TryLockError::Poisoned(held)) => held.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(MutexGuard(Some(held)))
    }

    /// Most locks here are held for one copy, which is shorter than going to sleep: the standard
    /// library's gives up on that sooner, and two writers then are twice as slow.
    #[cold]
    fn lock_contended(&self) -> MutexGuard<'_, T> {
        for attempt in 0..SPINS + YIELDS {
            if attempt < SPINS {
                (0..2 << attempt).for_each(|_| hint::spin_loop());
            } else {
                yield_now();
            }
            if let Some(held) = self.try_lock() {
                return held;
            }
        }
        MutexGuard(Some(self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.0.as_deref().expect(HELD)
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_deref_mut().expect(HELD)
    }
}

const HELD: &str = "a guard has its lock again when a wait is over";

impl<T> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").finish_non_exhaustive()
    }
}

impl Condvar {
    pub(crate) fn new() -> Self {
        Self(imp::Condvar::new())
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }

    /// Waits until notified or until `deadline`; no deadline waits for as long as it takes.
    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>, deadline: Option<Instant>) {
        match deadline {
            Some(deadline) if !IS_MODEL => {
                self.wait_for(guard, deadline.saturating_duration_since(now()));
            }
            #[cfg(loom)]
            Some(_) if model_time::is_over() => {}
            _ => {
                let held = guard.0.take().expect(HELD);
                let held = self.0.wait(held);
                guard.0 = Some(held.unwrap_or_else(PoisonError::into_inner));
            }
        }
    }

    /// Waits for `length` at most, or until notified.
    pub(crate) fn wait_for<T>(&self, guard: &mut MutexGuard<'_, T>, length: Duration) {
        if IS_MODEL {
            return;
        }
        let held = guard.0.take().expect(HELD);
        let waited = self.0.wait_timeout(held, length);
        guard.0 = Some(waited.unwrap_or_else(PoisonError::into_inner).0);
    }
}
