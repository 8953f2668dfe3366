//! What lies where in a ring's memory: pure, and fuzzed.

pub(crate) mod header;
#[expect(dead_code, reason = "for the ring in a file, which is coming")]
pub(crate) mod layout;
pub(crate) mod prepared;
pub(crate) mod word;
