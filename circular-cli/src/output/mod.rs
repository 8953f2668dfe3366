//! Where things are written: standard output, a pager, and standard error.

pub(crate) mod color;
pub(crate) mod interrupt;
pub(crate) mod pager;
pub(crate) mod shown;
pub(crate) mod stderr;
pub(crate) mod stdout;
