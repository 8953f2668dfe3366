//! What the standard library has no name for: the coarse clock, and a futex.

#![cfg_attr(
    target_os = "linux",
    expect(unsafe_code, reason = "the standard library has neither")
)]

#[cfg(target_os = "linux")]
pub(crate) use self::linux::{Futex, coarse_clock};
#[cfg(not(target_os = "linux"))]
pub(crate) use self::other::{Futex, coarse_clock};

#[cfg(target_os = "linux")]
mod linux {
    use std::ptr;
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
