//! `circular serve`: its page, over rings of programs that run, are killed, and are started again; asked for as browsers and curl do.
#![cfg(feature = "serve")]

mod ends;
mod follows;
#[path = "../look/program.rs"]
mod program;
mod refusals;
#[path = "../look/rings.rs"]
#[expect(dead_code, reason = "another suite's, which asks more of its rings")]
mod rings;
mod served;
mod shown;
