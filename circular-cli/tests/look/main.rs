//! The command `circular` as its users run it: its binary, with rings of programs that run, have ended, or were killed.

mod check;
mod completions;
mod dump;
mod follow;
mod habits;
mod ls;
mod program;
mod refusals;
mod rings;
mod runs;
mod stat;
mod tail;
mod terminal;
mod times;
