//! What lies where in a ring's memory and in its file: pure, and fuzzed.

pub(crate) mod bytes;
pub(crate) mod crc32c;
pub(crate) mod file_header;
pub(crate) mod header;
pub(crate) mod layout;
pub(crate) mod live;
pub(crate) mod origin;
pub(crate) mod prepared;
pub(crate) mod word;
