//! The log behind real proxies with TLS, at every address that they may give it, and scraped by a real Prometheus.
//!
//! The configurations are the README's, inside those that Debian's packages bring. `ci/programs.sh` installs what these
//! tests need; without, they are skipped, which is told, and fail in CI. What a browser shows there is in
//! `tests/browser/proxied.rs`.

#![cfg(unix)]

mod program;
mod prometheus;
mod proxied;
mod proxy;
mod visitor;
