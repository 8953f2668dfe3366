//! Which records a reader takes; the others are filtered out as they are copied.
//!
//! Invariant: what is asked of the target is asked before anything of the record is copied for the reader, so
//! what is filtered out costs it no room.

pub(crate) mod targets;

use crate::format::header::Header;
use crate::record::level::Level;
use crate::select::targets::Targets;
use std::sync::Arc;

/// Which records are taken; all by default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Select {
    pub(crate) least: Option<Level>,
    pub(crate) targets: Option<Arc<Targets>>,
}

impl Select {
    #[cfg(test)]
    pub(crate) fn at_least(level: Level) -> Self {
        Self {
            least: Some(level),
            targets: None,
        }
    }

    pub(crate) fn takes_all(&self) -> bool {
        self.least.is_none() && self.targets.is_none()
    }

    /// Whether a record with this header is taken. The target is read by `read`, if it is needed.
    #[inline]
    pub(crate) fn takes(&self, header: Header, read: impl FnOnce(&mut [u8])) -> bool {
        // A record without a level passes every filter.
        let Some(level) = header.level else {
            return true;
        };
        if self.least.is_some_and(|least| level < least) {
            return false;
        }
        let Some(targets) = &self.targets else {
            return true;
        };
        let mut target = [0; u8::MAX as usize];
        let target = &mut target[..usize::from(header.target_len)];
        if targets.by_target() {
            read(target);
        }
        targets.fits(Some(level), target)
    }
}
