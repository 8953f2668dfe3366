//! The words of a ring, and how bytes get into them and out.

pub(crate) mod block;
pub(crate) mod copy;
pub(crate) mod heap;
#[cfg(target_os = "linux")]
pub(crate) mod mapped;
pub(crate) mod parts;
pub(crate) mod payload;
pub(crate) mod source;
pub(crate) mod storage;
pub(crate) mod window;
pub(crate) mod word_writer;
