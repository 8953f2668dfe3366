//! Knowing that this process is a forked child.
//!
//! Invariant: in a child, nothing takes a lock of a ring that was made before the fork. Whoever
//! held it may not exist there. Every ring remembers the generation it was made in, and a fork begins
//! a new one, so the check is one load and no system call.
//!
//! The generation is kept in a page that the kernel wipes in a child, where there is such a thing: so
//! it is noticed however the child was made, by `_Fork` or by the system call itself. Elsewhere the
//! C library tells of a fork, and of what it is not asked for it does not.

use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

/// What a wiped page holds: no generation was begun yet. No ring has it.
const WIPED: u32 = 0;

/// The generation that a ring belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Generation {
    /// Where the process's own is kept.
    now: &'static AtomicU32,
    number: u32,
}

impl Generation {
    /// The one that this process is in; the first call begins to watch for forks.
    pub(crate) fn current() -> Self {
        /// The last one that was begun. A child has its parent's.
        static LAST: AtomicU32 = AtomicU32::new(WIPED);

        let now = watch();
        let mut number = now.load(Acquire);
        if number == WIPED {
            // Another thread may be here as well: one of the two numbers is never used.
            let new = LAST.fetch_add(1, Relaxed).wrapping_add(1).max(1);
            number = match now.compare_exchange(WIPED, new, AcqRel, Acquire) {
                Ok(_) => new,
                Err(others) => others,
            };
        }
        Self { now, number }
    }

    pub(crate) fn number(self) -> u32 {
        self.number
    }

    /// Whether the process was forked since.
    ///
    /// Relaxed is enough: only the fork changes what is not [`WIPED`].
    #[inline]
    pub(crate) fn is_past(self) -> bool {
        self.number != self.now.load(Relaxed)
    }
}

/// The place that a fork wipes.
fn watch() -> &'static AtomicU32 {
    static PLACE: OnceLock<&'static AtomicU32> = OnceLock::new();
    PLACE.get_or_init(|| wiped_by_the_kernel().unwrap_or_else(wiped_by_the_library))
}

#[cfg(all(target_os = "linux", not(miri)))]
#[expect(
    unsafe_code,
    reason = "the standard library has no memory that a fork wipes"
)]
fn wiped_by_the_kernel() -> Option<&'static AtomicU32> {
    use std::ptr;

    /// The smallest page that there is; the kernel rounds up.
    const BYTES: usize = 4096;
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, anywhere, that concerns no other.
    let page = unsafe { libc::mmap(ptr::null_mut(), BYTES, access, kind, -1, 0) };
    if page == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: the mapping that was made just now, and nobody else knows.
    if unsafe { libc::madvise(page, BYTES, libc::MADV_WIPEONFORK) } != 0 {
        // Linux before 4.14.
        // SAFETY: the same mapping, of which nothing is kept.
        unsafe { libc::munmap(page, BYTES) };
        return None;
    }
    // SAFETY: the page is zeroed, aligned, as large as it must be, and never unmapped; all that is
    // done with it is atomic.
    Some(unsafe { AtomicU32::from_ptr(page.cast()) })
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn wiped_by_the_kernel() -> Option<&'static AtomicU32> {
    None
}

/// A place of the program's own, which the C library's `fork` wipes in the child.
fn wiped_by_the_library() -> &'static AtomicU32 {
    static GENERATION: AtomicU32 = AtomicU32::new(WIPED);

    #[cfg(unix)]
    {
        extern "C" fn in_child() {
            GENERATION.store(WIPED, Relaxed);
        }

        #[expect(unsafe_code, reason = "the standard library has no hook on fork")]
        // SAFETY: the handler is a function that lives as long as the program, and does nothing
        // but an atomic store, which is allowed between fork and exec. It fails only when
        // memory is out, and then rings in children are what they are in every other program.
        unsafe {
            libc::pthread_atfork(None, None, Some(in_child))
        };
    }
    &GENERATION
}
