//! What lies where in a ring's memory and in its file: pure, and fuzzed.

pub(crate) mod bytes;
pub(crate) mod crc32c;
#[allow(dead_code, reason = "for the ring in a file, which is coming")]
pub(crate) mod file_header;
pub(crate) mod header;
#[expect(dead_code, reason = "for the ring in a file, which is coming")]
pub(crate) mod layout;
#[allow(dead_code, reason = "for the ring in a file, which is coming")]
pub(crate) mod live;
#[allow(dead_code, reason = "for the ring in a file, which is coming")]
pub(crate) mod origin;
pub(crate) mod prepared;
pub(crate) mod word;
