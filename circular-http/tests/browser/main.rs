//! The page in a real browser: what is asked of it, done as a person would, against the real server.
//!
//! These tests need Debian's packages `chromium` and `chromium-driver`, and those in `ways` its `firefox-esr`. Without, they
//! are left out, which is told in one line at the end, and fail in CI, unless `CIRCULAR_NO_BROWSER=1` says that no browser is wanted.
//! `ci/browser.sh` installs what they need.

#![allow(
    clippy::print_stderr,
    reason = "figures that are reported, and not asserted"
)]

mod accessibility;
mod addresses;
mod back;
mod bidi;
mod click;
mod context;
mod driver;
mod filter;
mod find;
mod firefox;
mod flood;
mod histogram;
mod keys;
mod left_out;
#[cfg(feature = "router")]
mod nested;
mod page;
mod pictures;
#[path = "../proxies/program.rs"]
mod program;
mod proxied;
#[path = "../proxies/proxy.rs"]
mod proxy;
mod range;
mod resume;
mod row;
mod search;
mod several;
mod states;
mod text;
mod token;
mod view;
mod ways;
