//! What the adapters for `tracing` and `log` are made with.

#[cfg(feature = "tracing")]
pub(crate) mod make_writer;
#[doc(hidden)]
pub mod recorder;
