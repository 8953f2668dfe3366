//! Which rings there are, which of them somebody means, and what can be said of one.

pub(crate) mod contents;
pub(crate) mod ending;
pub(crate) mod file_system;
pub(crate) mod named;
pub(crate) mod names;
pub(crate) mod news;
pub(crate) mod pick;
pub(crate) mod places;
pub(crate) mod rings;
