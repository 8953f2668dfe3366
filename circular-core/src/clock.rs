//! The time that is stored with a record whose writer gave none.

/// Nanoseconds since 1970 by the system's coarse real-time clock: 4 ms apart, but a quarter of what
/// the exact one costs.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "the standard library does not offer the coarse clock"
)]
pub(crate) fn now() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid timespec for the kernel to write to, and outlives the call.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_REALTIME_COARSE, &raw mut time) };
    if status != 0 {
        return exact();
    }
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn now() -> u64 {
    exact()
}

fn exact() -> u64 {
    crate::LogTime::now().since_1970()
}

#[cfg(test)]
mod tests {
    #[test]
    fn agrees_with_the_exact_clock() {
        let coarse = super::now();
        let second = 1_000_000_000;
        assert!(coarse.abs_diff(super::exact()) < 10 * second);
    }
}
