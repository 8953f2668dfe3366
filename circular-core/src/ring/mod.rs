//! One lock, and what it guards.

pub(crate) mod at_exit;
pub(crate) mod attending;
pub(crate) mod flush;
pub(crate) mod policy;
pub(crate) mod readers;
pub(crate) mod shared;
pub(crate) mod stats;
pub(crate) mod wait_queue;
pub(crate) mod write;
