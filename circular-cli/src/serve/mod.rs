//! Rings on a page for browsers: which, what they are called there, where the page is, and who may look.

pub(crate) mod chosen;
pub(crate) mod names;
pub(crate) mod options;
pub(crate) mod page;
pub(crate) mod signals;
