//! Records for people and programs: which, how they look, and in what order.

pub(crate) mod all;
pub(crate) mod backwards;
pub(crate) mod choice;
pub(crate) mod collect;
pub(crate) mod cursor_file;
pub(crate) mod fields;
pub(crate) mod follow;
pub(crate) mod moment;
pub(crate) mod own_words;
pub(crate) mod picked;
pub(crate) mod printer;
pub(crate) mod runs;
pub(crate) mod source;
pub(crate) mod survey;
pub(crate) mod unrecorded;
pub(crate) mod zone;
