//! What lies where in a ring's memory: pure, and fuzzed.

pub(crate) mod header;
pub(crate) mod prepared;
pub(crate) mod word;
