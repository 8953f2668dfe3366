//! Hiding what must not leave: what a hook can answer, and a hook that is ready-made.

pub(crate) mod keys;
pub(crate) mod redacted;
mod search;
mod stack;
mod text;
mod unnamed;
mod value;
mod word_list;
