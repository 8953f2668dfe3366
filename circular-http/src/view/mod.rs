//! Which records, and how they look: nothing here knows of connections.

pub(crate) mod expression;
pub(crate) mod format;
pub(crate) mod query;
pub(crate) mod select;
pub(crate) mod when;
