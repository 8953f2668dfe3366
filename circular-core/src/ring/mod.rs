//! One lock, and what it guards.

pub(crate) mod at_exit;
pub(crate) mod attending;
pub(crate) mod counts;
pub(crate) mod crash_text;
pub(crate) mod flush;
pub(crate) mod in_file;
pub(crate) mod policy;
pub(crate) mod readers;
pub(crate) mod shared;
pub(crate) mod stats;
pub(crate) mod wait_queue;
pub(crate) mod write;
