//! What time it is, and how it is written.

pub(crate) mod clock;
pub(crate) mod timestamp;
pub(crate) mod utc;
