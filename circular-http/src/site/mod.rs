//! What the addresses show, and to whom.

pub(crate) mod accept;
pub(crate) mod addr;
pub(crate) mod answer;
pub(crate) mod compress;
pub(crate) mod cookie;
pub(crate) mod counts;
pub(crate) mod guard;
pub(crate) mod listen;
pub(crate) mod options;
pub(crate) mod origin;
pub(crate) mod page;
pub(crate) mod place;
pub(crate) mod proxied;
pub(crate) mod query;
pub(crate) mod route;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod stats;
pub(crate) mod token;
