//! The system's clock: a coarse one for records whose writer gave no time, and the exact one.
//!
//! What the coarse one says is over already. So a record with such a time may have been written later, by
//! the clock's step and a little more; who asks for what was written since some moment gets it as well.

use std::time::{SystemTime, UNIX_EPOCH};

/// How far the coarse clock may be behind the exact one: by its step, which is 1 to 10 ms, as Linux was
/// built, and further where the core that keeps the time was held up. At a step of 4 ms, 9 were seen.
#[cfg(target_os = "linux")]
const LAG: u64 = 20_000_000;
#[cfg(not(target_os = "linux"))]
const LAG: u64 = 0;

/// What a clock says, since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// Rounded down.
    pub(crate) second: i64,
    /// Below 1,000,000,000.
    pub(crate) nanos: u32,
}

impl Reading {
    /// Of a system's own seconds, which have 32 bits on some.
    #[cfg(target_os = "linux")]
    fn new(second: impl Into<i64>, nanos: u32) -> Self {
        let second = second.into();
        Self { second, nanos }
    }

    /// Nanoseconds, clamped to what a `u64` holds.
    pub(crate) fn since_1970(self) -> u64 {
        let seconds = u64::try_from(self.second).ok();
        let nanos = seconds.map(|seconds| seconds.saturating_mul(1_000_000_000));
        nanos.map_or(0, |nanos| nanos.saturating_add(self.nanos.into()))
    }
}

/// The same of a time that the standard library has told.
pub(crate) fn reading(time: SystemTime) -> Reading {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => Reading {
            second: 0_i64.saturating_add_unsigned(since.as_secs()),
            nanos: since.subsec_nanos(),
        },
        Err(error) => {
            let until = error.duration();
            let second = 0_i64.saturating_sub_unsigned(until.as_secs());
            match until.subsec_nanos() {
                0 => Reading { second, nanos: 0 },
                nanos => Reading {
                    second: second.saturating_sub(1),
                    nanos: 1_000_000_000 - nanos,
                },
            }
        }
    }
}

/// The time of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Since 1970.
    pub(crate) nanos: u64,
    /// It was read from the coarse clock.
    pub(crate) is_coarse: bool,
}

impl Stamp {
    /// A time that the writer gave.
    pub(crate) fn given(nanos: u64) -> Self {
        Self {
            nanos,
            is_coarse: false,
        }
    }

    /// The time for a record whose writer gave none.
    #[inline]
    pub(crate) fn now() -> Self {
        Self {
            nanos: now(),
            is_coarse: LAG != 0,
        }
    }

    /// The latest moment that it may stand for.
    #[inline]
    pub(crate) fn latest(self) -> u64 {
        let lag = if self.is_coarse { LAG } else { 0 };
        self.nanos.saturating_add(lag)
    }
}

/// Nanoseconds since 1970 by the system's coarse real-time clock: 4 ms apart, but a quarter of what
/// the exact one costs.
#[cfg(target_os = "linux")]
pub(crate) fn now() -> u64 {
    read(libc::CLOCK_REALTIME_COARSE)
        .unwrap_or_else(exact)
        .since_1970()
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn now() -> u64 {
    exact().since_1970()
}

/// The system's real-time clock. The standard library's takes as long again to make a duration of it.
pub(crate) fn exact() -> Reading {
    #[cfg(target_os = "linux")]
    if let Some(time) = read(libc::CLOCK_REALTIME) {
        return time;
    }
    reading(SystemTime::now())
}

#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "the standard library does not offer the coarse clock"
)]
fn read(clock: libc::clockid_t) -> Option<Reading> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid timespec for the kernel to write to, and outlives the call.
    let status = unsafe { libc::clock_gettime(clock, &raw mut time) };
    let nanos = u32::try_from(time.tv_nsec).ok();
    let nanos = nanos.filter(|_| status == 0);
    Some(Reading::new(time.tv_sec, nanos?))
}

#[cfg(test)]
mod tests {
    #[test]
    fn agrees_with_the_exact_clock() {
        let coarse = super::now();
        let second = 1_000_000_000;
        assert!(coarse.abs_diff(super::exact().since_1970()) < 10 * second);
    }

    #[test]
    fn a_stamp_is_never_older_than_the_time_before_it() {
        for _ in 0..100_000 {
            let before = super::exact().since_1970();
            assert!(super::Stamp::now().latest() >= before);
        }
    }

    #[test]
    fn only_what_was_read_from_the_coarse_clock_may_be_later() {
        let stamp = |nanos, is_coarse| super::Stamp { nanos, is_coarse };
        assert_eq!(super::Stamp::given(7).latest(), 7);
        assert_eq!(stamp(7, true).latest(), 7 + super::LAG);
        assert_eq!(stamp(u64::MAX, true).latest(), u64::MAX);
    }
}
