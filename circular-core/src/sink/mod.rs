//! A reader's bytes go to an `io::Write`.

pub(crate) mod deferred_flush;
pub(crate) mod failure;
pub(crate) mod feed;
pub(crate) mod notice;
pub(crate) mod on_error;
pub(crate) mod terminal;
pub(crate) mod throttled_flush;
