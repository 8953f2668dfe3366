//! What a writer knows of a record beside its bytes.

use crate::record::level::Level;
use crate::text::fixed_text::cut;
use crate::time::timestamp::Timestamp;
use std::time::SystemTime;

/// What a writer knows of a record beside its bytes: level, target, time.
///
/// ```
/// use circular_core::{Level, Meta, Ring};
///
/// let ring = Ring::new(4096)?;
/// ring.record(Meta::new().level(Level::Warn).target("db::pool"), b"pool is empty\n")?;
/// let snapshot = ring.handle().snapshot();
/// let record = snapshot.records().next().unwrap();
/// assert_eq!((record.level(), record.target()), (Some(Level::Warn), "db::pool"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Meta<'a> {
    level: Option<Level>,
    target: &'a str,
    nanos: Option<u64>,
}

impl<'a> Meta<'a> {
    /// The longest target that is kept, in bytes; what is beyond is cut off at a character.
    pub const MAX_TARGET: usize = 255;

    /// Returns one with no level, no target, and the time at which the record is written.
    pub const fn new() -> Self {
        Self {
            level: None,
            target: "",
            nanos: None,
        }
    }

    /// Sets the level, if there is one: a [`Level`], or an `Option` of one.
    ///
    /// ```
    /// use circular_core::{Level, Meta, Ring};
    ///
    /// let ring = Ring::new(4096)?;
    /// for level in [Some(Level::Warn), None] {
    ///     ring.record(Meta::new().level(level), b"a line\n")?;
    /// }
    /// let snapshot = ring.handle().snapshot();
    /// let levels: Vec<_> = snapshot.records().map(|record| record.level()).collect();
    /// assert_eq!(levels, [Some(Level::Warn), None]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn level(mut self, level: impl Into<Option<Level>>) -> Self {
        self.level = level.into();
        self
    }

    /// Sets the target: the module path, as a rule.
    pub const fn target(mut self, target: &'a str) -> Self {
        self.target = target;
        self
    }

    /// Sets the time, for a writer that prints one: both should be the same. Without it the ring
    /// takes the system's coarse clock, which steps by about 4 ms. A time before 1970 counts as
    /// 1970.
    pub fn time(self, time: SystemTime) -> Self {
        self.timestamp(Timestamp::new(time))
    }

    /// Sets the time as [`time`](Self::time) does, to one that is going to be printed.
    pub fn timestamp(mut self, time: Timestamp) -> Self {
        self.nanos = Some(time.since_1970());
        self
    }

    /// Does what [`timestamp`](Self::timestamp) does.
    #[deprecated(since = "0.1.0", note = "it is `timestamp` now")]
    pub fn log_time(self, time: Timestamp) -> Self {
        self.timestamp(time)
    }

    pub(crate) fn level_or_none(&self) -> Option<Level> {
        self.level
    }

    pub(crate) fn nanos(&self) -> Option<u64> {
        self.nanos
    }

    /// The target as it is kept: at most [`Self::MAX_TARGET`] bytes, whole characters.
    pub(crate) fn kept_target(&self) -> &'a [u8] {
        cut(self.target, Self::MAX_TARGET).as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_long_target_is_cut_at_a_character() {
        let long = "é".repeat(200);
        let kept = Meta::new().target(&long).kept_target();
        assert_eq!(std::str::from_utf8(kept).unwrap(), "é".repeat(127));
        assert_eq!(Meta::new().target("short").kept_target(), b"short");
    }

    #[test]
    fn times_out_of_range_are_clamped() {
        let nanos = |time| Meta::new().time(time).nanos().unwrap();
        assert_eq!(nanos(UNIX_EPOCH - Duration::from_secs(1)), 0);
        assert_eq!(nanos(UNIX_EPOCH + Duration::from_nanos(17)), 17);
        assert_eq!(nanos(UNIX_EPOCH + Duration::from_secs(1 << 40)), u64::MAX);
    }
}
