//! `circular run` and `circular tee`: what a command prints goes on as without, and is in a ring.

mod inherited;
mod jobs;
mod nothing_left;
mod programs;
mod recorded;
mod run;
mod script;
mod signals;
mod tee;
mod terminal;
