//! What each command does.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod dump;
pub(crate) mod ls;
pub(crate) mod man;
#[cfg(target_os = "linux")]
pub(crate) mod run;
#[cfg(feature = "serve")]
pub(crate) mod serve;
pub(crate) mod stat;
pub(crate) mod tail;
#[cfg(target_os = "linux")]
pub(crate) mod tee;
#[cfg(not(feature = "serve"))]
pub(crate) mod without_serve;
