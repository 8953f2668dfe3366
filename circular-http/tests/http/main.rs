//! The log over HTTP, as its clients see it: over real sockets.

mod addresses;
mod client;
mod compressed;
mod connections;
mod counts;
mod ends;
mod floods;
mod formats;
mod guard;
#[cfg(feature = "router")]
mod mounted;
mod page;
mod parameters;
mod redaction;
mod removed;
mod resume;
mod several;
mod shown;
mod sign_in;
mod start;
mod stats;
mod support;
mod viewers;
