//! What a `RingLayer` records is what `fmt` writes, for the same events in the same registry.
//!
//! `fmt` is the judge everywhere here: no line of it is written down in these tests. Left out is what
//! `fmt` does not say:
//!
//! - fields whose names begin with `log.`, which are `layer_log_fields`' matter: `fmt` leaves them out where
//!   `tracing-subscriber` has its feature `tracing-log`, as here, and writes them where not;
//! - a `Display` that fails or panics, which is `layer_hard_places`' matter: `fmt` has no line then;
//! - in JSON, floats of spans that have more digits than a parser gets right quickly: `fmt` reads the
//!   fields of a span back with a parser that may be off by the last bit.

mod corpus;
mod filtered;
mod json;
mod pair;
mod random;
mod spans;
mod text;
mod time;
mod values;
