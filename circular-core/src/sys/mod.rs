//! What the system offers, or lacks: locks, threads, forks, standard error.

pub(crate) mod fork;
pub(crate) mod no_wait;
pub(crate) mod presence;
pub(crate) mod read_at;
pub(crate) mod stderr;
pub(crate) mod sync;
pub(crate) mod thread_buffer;
pub(crate) mod underway;
