//! The examples, run as processes. They are built by Cargo before this is, unless this is asked for
//! alone: `cargo test -p examples` builds them, `cargo test --test examples` does not.

mod ends;
mod last_line;
mod service;
mod small_examples;
mod support;
