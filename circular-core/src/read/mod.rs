//! The one read path, whatever the reader is.

pub(crate) mod alarm;
pub(crate) mod core;
pub(crate) mod follow;
pub(crate) mod idle;
pub(crate) mod join;
pub(crate) mod place;
pub(crate) mod start;
pub(crate) mod waker_thread;
pub(crate) mod watch;
