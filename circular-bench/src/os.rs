//! What the standard library has no name for: the coarse clock, a futex, and keeping a thread on a core.

#![cfg_attr(
    target_os = "linux",
    expect(unsafe_code, reason = "the standard library has none of it")
)]

#[cfg(target_os = "linux")]
pub(crate) use self::linux::{Futex, coarse_clock, stay_on_core};
#[cfg(not(target_os = "linux"))]
pub(crate) use self::other::{Futex, coarse_clock, stay_on_core};

#[cfg(target_os = "linux")]
mod linux {
    use std::mem;
    use std::ptr;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    /// Nanoseconds since 1970, 4 ms apart.
    #[inline]
    pub(crate) fn coarse_clock() -> u64 {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: `time` is a valid timespec for the kernel to write to, and outlives the call.
        unsafe { libc::clock_gettime(libc::CLOCK_REALTIME_COARSE, &raw mut time) };
        let part = |part: i64| u64::try_from(part).unwrap_or_default();
        part(time.tv_sec) * 1_000_000_000 + part(time.tv_nsec)
    }

    /// The cores that a thread may use that has not been kept on one.
    static CORES: LazyLock<Vec<usize>> = LazyLock::new(|| {
        // SAFETY: all zeroes are an empty set.
        let mut allowed: libc::cpu_set_t = unsafe { mem::zeroed() };
        // SAFETY: the set is the kernel's to write to for as long as the call takes; 0 is this thread.
        unsafe { libc::sched_getaffinity(0, size_of_val(&allowed), &raw mut allowed) };
        let largest = usize::try_from(libc::CPU_SETSIZE).unwrap_or_default();
        // SAFETY: every core is below the set's size.
        let is_allowed = |core: &usize| unsafe { libc::CPU_ISSET(*core, &allowed) };
        (0..largest).filter(is_allowed).collect()
    });

    /// Keeps this thread, and those that it starts, on the core of that number, counted around.
    pub(crate) fn stay_on_core(number: usize) {
        let core = CORES[number % CORES.len()];
        // SAFETY: all zeroes are an empty set.
        let mut one: libc::cpu_set_t = unsafe { mem::zeroed() };
        // SAFETY: the core is below the set's size.
        unsafe { libc::CPU_SET(core, &mut one) };
        // SAFETY: the kernel only reads the set.
        unsafe { libc::sched_setaffinity(0, size_of_val(&one), &raw const one) };
    }

    /// A word to sleep on.
    #[derive(Debug, Default)]
    pub(crate) struct Futex(AtomicU32);

    impl Futex {
        /// Sleeps while the word is `value`; tells what it is now.
        pub(crate) fn wait(&self, value: u32) -> u32 {
            loop {
                let now = self.0.load(SeqCst);
                if now != value {
                    return now;
                }
                let no_timeout = ptr::null::<libc::timespec>();
                // SAFETY: the word outlives the call, and the kernel only reads it.
                unsafe {
                    libc::syscall(
                        libc::SYS_futex,
                        self.0.as_ptr(),
                        libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
                        value,
                        no_timeout,
                    )
                };
            }
        }

        /// Counts the word up, and wakes one sleeper.
        pub(crate) fn wake(&self) {
            self.0.fetch_add(1, SeqCst);
            // SAFETY: the kernel does not touch the word, but looks for who sleeps on its address.
            unsafe {
                libc::syscall(
                    libc::SYS_futex,
                    self.0.as_ptr(),
                    libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
                    1,
                )
            };
        }
    }
}

/// Elsewhere, the nearest that the standard library has.
#[cfg(not(target_os = "linux"))]
mod other {
    use std::sync::{Condvar, Mutex, PoisonError};
    use std::time::SystemTime;

    /// Leaves it to the system.
    pub(crate) fn stay_on_core(_: usize) {}

    pub(crate) fn coarse_clock() -> u64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(0, |since| {
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        })
    }

    #[derive(Debug, Default)]
    pub(crate) struct Futex(Mutex<u32>, Condvar);

    impl Futex {
        pub(crate) fn wait(&self, value: u32) -> u32 {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            while *held == value {
                held = self.1.wait(held).unwrap_or_else(PoisonError::into_inner);
            }
            *held
        }

        pub(crate) fn wake(&self) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            self.1.notify_one();
        }
    }
}
