//! What lies where in a ring's memory and in its file: pure, and fuzzed.

#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "files are read here, and none is made")
)]
pub(crate) mod bytes;
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "files are read here, and none is made")
)]
pub(crate) mod command;
pub(crate) mod crc32c;
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "files are read here, and none is made")
)]
pub(crate) mod file_header;
pub(crate) mod header;
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "files are read here, and none is made")
)]
pub(crate) mod layout;
pub(crate) mod live;
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "files are read here, and none is made")
)]
pub(crate) mod origin;
pub(crate) mod prepared;
pub(crate) mod word;
