//! Text for people: on a terminal, as JSON, and where there is no memory.

pub(crate) mod color;
pub(crate) mod escape;
pub(crate) mod fixed_text;
pub(crate) mod json;
#[doc(hidden)]
pub mod plain;
pub(crate) mod signal;
