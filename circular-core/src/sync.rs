//! The synchronisation types of the whole crate, from one place.
//!
//! With `--cfg loom` they are loom's, so that the models run the real code. Only this file knows.
//! Loom has no clock: a wait with a deadline is a wait that another thread ends, and a nap is a
//! yield.

#[cfg(not(loom))]
pub(crate) use self::real::*;

#[cfg(loom)]
pub(crate) use self::model::*;

#[cfg(not(loom))]
mod real {
    pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
    pub(crate) use std::sync::atomic::{AtomicU64, fence};

    use std::time::{Duration, Instant};

    /// Waits until notified or until `deadline`; no deadline waits for as long as it takes.
    pub(crate) fn wait<T>(
        condvar: &Condvar,
        guard: &mut MutexGuard<'_, T>,
        deadline: Option<Instant>,
    ) {
        match deadline {
            Some(deadline) => {
                condvar.wait_until(guard, deadline);
            }
            None => condvar.wait(guard),
        }
    }

    /// Waits for `length` at most, or until notified.
    pub(crate) fn nap<T>(condvar: &Condvar, guard: &mut MutexGuard<'_, T>, length: Duration) {
        condvar.wait_for(guard, length);
    }
}

#[cfg(loom)]
mod model {
    pub(crate) use loom::sync::atomic::{AtomicU64, fence};

    use std::ops::{Deref, DerefMut};
    use std::time::{Duration, Instant};

    /// loom's mutex with the guard that `parking_lot` has: a wait borrows it.
    #[derive(Debug)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    pub(crate) struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(Some(self.0.lock().unwrap()))
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            self.0.as_deref().unwrap()
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_deref_mut().unwrap()
        }
    }

    #[derive(Debug)]
    pub(crate) struct Condvar(loom::sync::Condvar);

    impl Condvar {
        pub(crate) fn new() -> Self {
            Self(loom::sync::Condvar::new())
        }

        pub(crate) fn notify_all(&self) {
            self.0.notify_all();
        }
    }

    pub(crate) fn wait<T>(
        condvar: &Condvar,
        guard: &mut MutexGuard<'_, T>,
        _deadline: Option<Instant>,
    ) {
        guard.0 = Some(condvar.0.wait(guard.0.take().unwrap()).unwrap());
    }

    pub(crate) fn nap<T>(_: &Condvar, _: &mut MutexGuard<'_, T>, _: Duration) {}
}
