//! The page in a real browser: what is asked of it, done as a person would, against the real server.
//!
//! These tests need Debian's packages `chromium` and `chromium-driver`, and fail without, unless
//! `CIRCULAR_NO_BROWSER=1` says that there is no browser. `ci/browser.sh` installs what they need.

#![allow(
    clippy::print_stderr,
    reason = "figures that are reported, and not asserted"
)]

mod accessibility;
mod driver;
mod filter;
mod flood;
mod keys;
#[cfg(feature = "router")]
mod nested;
mod page;
mod pictures;
mod resume;
mod text;
mod token;
mod view;
