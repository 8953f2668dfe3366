//! Tests of several rooms at once, on what programs do not see.

mod damaged;
#[cfg(loom)]
mod models;
