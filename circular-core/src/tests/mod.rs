//! Tests of several rooms at once, on what programs do not see.

mod damaged;
mod damaged_file;
mod file_reads;
#[cfg(loom)]
mod models;
