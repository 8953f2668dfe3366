//! Look at a [`circular_core`] ring live: in a browser, with `curl`, through a port-forward.
//!
//! One address, `/debug/log`, shows the log as a page, as text, as JSON lines or as an event stream.
//! [`serve`] is a small server of its own, [`router`] is for a server that is there already.

mod accept;
mod begin;
mod connection;
mod escape;
mod format;
mod guard;
mod json;
mod options;
mod page;
mod query;
mod redact;
mod route;
mod select;
mod serve;
mod stats;
mod stream;
mod token;
mod viewers;
mod when;

use axum::Router;
use circular_core::Handle;

pub use options::Options;
pub use redact::{Redacted, SECRET_KEYS, redact_keys};
pub use serve::{Server, serve};

/// The routes, for a server that is there already.
pub fn router(handle: Handle, options: Options) -> Router {
    route::Site::new(handle, options).router()
}
