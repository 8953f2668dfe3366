//! What lies where in a ring's memory and in its file: pure, and fuzzed.

#[allow(dead_code, reason = "the ring in a file comes next")]
pub(crate) mod bytes;
#[allow(dead_code, reason = "the ring in a file comes next")]
pub(crate) mod crc32c;
#[allow(dead_code, reason = "the ring in a file comes next")]
pub(crate) mod file_header;
pub(crate) mod header;
#[allow(dead_code, reason = "the ring in a file comes next")]
pub(crate) mod layout;
#[allow(dead_code, reason = "the ring in a file comes next")]
pub(crate) mod live;
#[allow(dead_code, reason = "the ring in a file comes next")]
pub(crate) mod origin;
pub(crate) mod prepared;
pub(crate) mod word;
