//! Something went wrong: what is written out, and where.

pub(crate) mod file;
pub(crate) mod image;
pub(crate) mod on_demand;
pub(crate) mod options;
pub(crate) mod panic_dump;
pub(crate) mod redaction;
pub(crate) mod select;
pub(crate) mod trigger;
pub(crate) mod write;
