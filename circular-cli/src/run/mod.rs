//! A ring around what a program prints.
//!
//! Invariant: the program does not notice. What it prints goes on unchanged and at once, and is recorded then; its signals, its
//! terminal and its exit status are those that it would have without. A recorder that cannot do its work stands aside.
//!
//! Where standard input and output are one terminal, and this process is in its foreground, the command gets a terminal and a
//! session of its own ([`session`]), and this process is between the two ([`on_terminal`]). Else it stays in the terminal's session and
//! in this process's group, so that the terminal's signals reach it, with a pipe for each stream, or a terminal for one that
//! is one ([`beside`]), on which it may read its keys ([`mirror`]). Two streams that go to one place are one ([`streams`]).

pub(crate) mod after;
pub(crate) mod backlog;
pub(crate) mod beside;
pub(crate) mod blocked;
pub(crate) mod command;
pub(crate) mod groups;
pub(crate) mod inherited;
pub(crate) mod keyboard;
pub(crate) mod level;
pub(crate) mod lines;
pub(crate) mod mirror;
pub(crate) mod on_terminal;
pub(crate) mod recorder;
pub(crate) mod recording;
pub(crate) mod relay;
pub(crate) mod session;
pub(crate) mod signals;
pub(crate) mod streams;
pub(crate) mod terminal;
pub(crate) mod until_signal;
