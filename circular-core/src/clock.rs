//! The system's clock: a coarse one for records whose writer gave no time, and the exact one.

use crate::LogTime;
use std::time::SystemTime;

/// Nanoseconds since 1970 by the system's coarse real-time clock: 4 ms apart, but a quarter of what
/// the exact one costs.
#[cfg(target_os = "linux")]
pub(crate) fn now() -> u64 {
    read(libc::CLOCK_REALTIME_COARSE)
        .unwrap_or_else(LogTime::now)
        .since_1970()
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn now() -> u64 {
    LogTime::now().since_1970()
}

/// The system's real-time clock. The standard library's takes as long again to make a duration of it.
pub(crate) fn exact() -> LogTime {
    #[cfg(target_os = "linux")]
    if let Some(time) = read(libc::CLOCK_REALTIME) {
        return time;
    }
    LogTime::new(SystemTime::now())
}

#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "the standard library does not offer the coarse clock"
)]
fn read(clock: libc::clockid_t) -> Option<LogTime> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid timespec for the kernel to write to, and outlives the call.
    let status = unsafe { libc::clock_gettime(clock, &raw mut time) };
    let nanos = u32::try_from(time.tv_nsec).ok();
    let nanos = nanos.filter(|_| status == 0);
    Some(LogTime::from_parts(time.tv_sec, nanos?))
}

#[cfg(test)]
mod tests {
    #[test]
    fn agrees_with_the_exact_clock() {
        let coarse = super::now();
        let second = 1_000_000_000;
        assert!(coarse.abs_diff(super::exact().since_1970()) < 10 * second);
    }
}
