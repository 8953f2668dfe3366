//! The hook that is set, and whether it is there still.
//!
//! Invariant: hooks of ours are set one by one, so that each calls the one that was there before it.

use super::hook::Hook;
use std::fmt;
use std::panic;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The hook that [`install_hook`](crate::PanicDumpBuilder::install_hook) has set, to find out whether it is there still.
///
/// Who sets a hook without calling the one before replaces it, silently: color-eyre, human-panic,
/// better-panic and log-panics do. Dropping this changes nothing.
///
/// ```
/// use circular_core::{PanicDump, Ring};
///
/// let ring = Ring::new(1 << 20)?;
/// let hook = PanicDump::builder(&ring.handle()).install_hook();
/// assert!(hook.is_installed());
///
/// // What color-eyre does, say.
/// std::panic::set_hook(Box::new(|_| eprintln!("oh no")));
/// assert!(!hook.is_installed());
///
/// // It runs first again, and then the other.
/// assert!(hook.reinstall());
/// assert!(hook.is_installed());
/// # drop(std::panic::take_hook());
/// # Ok::<(), circular_core::BuildError>(())
/// ```
#[derive(Clone)]
pub struct PanicDumpHook {
    hook: Arc<Hook>,
    /// What the closure that is set holds on to.
    set: Arc<Mutex<Weak<()>>>,
}

impl PanicDumpHook {
    /// Sets the hook for the first time.
    pub(super) fn set(hook: Arc<Hook>) -> Self {
        let set = set_hook(Arc::clone(&hook));
        Self {
            hook,
            set: Arc::new(Mutex::new(set)),
        }
    }

    /// Returns whether the hook is still there: as the first one, or in one that took it and has kept it, to
    /// call it. It is not if it was replaced. What another hook does with one that it has kept is not known.
    pub fn is_installed(&self) -> bool {
        self.lock().strong_count() > 0
    }

    /// Sets the hook again if it was replaced, and tells whether it was. It runs before the one that has
    /// replaced it.
    ///
    /// # Panics
    ///
    /// If called by a thread that panics, as [`std::panic::set_hook`] does.
    pub fn reinstall(&self) -> bool {
        let mut set = self.lock();
        let was_replaced = set.strong_count() == 0;
        if was_replaced {
            *set = set_hook(Arc::clone(&self.hook));
        }
        was_replaced
    }

    fn lock(&self) -> MutexGuard<'_, Weak<()>> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for PanicDumpHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PanicDumpHook")
            .field("is_installed", &self.is_installed())
            .finish_non_exhaustive()
    }
}

/// Puts the hook before the one that is set, and tells what lives as long as it is set.
fn set_hook(hook: Arc<Hook>) -> Weak<()> {
    /// Two at once would each take the same one, and one of them be lost.
    static ONE_BY_ONE: Mutex<()> = Mutex::new(());
    let _one_by_one = ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let is_set = Arc::new(());
    let set = Arc::downgrade(&is_set);
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let _is_set = &is_set;
        hook.run(info, &*previous);
    }));
    set
}
