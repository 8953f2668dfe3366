//! Knowing that this process is a forked child.
//!
//! Invariant: in a child, nothing takes a lock of a ring that was made before the fork. Whoever
//! held it may not exist there. Every ring remembers the generation it was made in, and the child's
//! side of a fork begins a new one, so the check is one load and no system call.

use std::sync::atomic::{AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);

/// The generation that a ring belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Generation(u32);

impl Generation {
    /// The one that this process is in; the first call begins to watch for forks.
    pub(crate) fn current() -> Self {
        watch();
        Self(GENERATION.load(Ordering::Relaxed))
    }

    /// Whether the process was forked since.
    ///
    /// Relaxed is enough: only the child's one thread changes it, before it returns from `fork`.
    #[inline]
    pub(crate) fn is_past(self) -> bool {
        self.0 != GENERATION.load(Ordering::Relaxed)
    }
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library has no hook on fork")]
fn watch() {
    static ONCE: std::sync::Once = std::sync::Once::new();

    extern "C" fn in_child() {
        GENERATION.fetch_add(1, Ordering::Relaxed);
    }

    ONCE.call_once(|| {
        // SAFETY: the handler is a function that lives as long as the program, and does nothing
        // but an atomic addition, which is allowed between fork and exec. It fails only when
        // memory is out, and then rings in children are what they are in every other program.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
}

#[cfg(not(unix))]
fn watch() {}
