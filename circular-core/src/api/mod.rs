//! What programs hold: a ring, its handle, its readers.

pub(crate) mod async_reader;
pub(crate) mod capacity;
pub(crate) mod file_reader;
pub(crate) mod handle;
pub(crate) mod headers;
pub(crate) mod reader;
#[cfg(feature = "futures")]
pub(crate) mod record_stream;
pub(crate) mod ring;
pub(crate) mod ring_file;
