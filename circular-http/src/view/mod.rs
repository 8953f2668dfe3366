//! Which records, and how they look: nothing here knows of connections.

pub(crate) mod expression;
pub(crate) mod object;
pub(crate) mod selection;
pub(crate) mod when;
pub(crate) mod writer;
