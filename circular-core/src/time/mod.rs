//! What time it is, and how it is written.

pub(crate) mod clock;
pub(crate) mod log_time;
pub(crate) mod utc;
