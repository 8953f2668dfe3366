//! Tests of several rooms at once, on what programs do not see.

mod damaged;
mod damaged_file;
#[cfg(loom)]
mod models;
