//! Which records of a [`circular_core`] ring are shown, and how they look.
//!
//! For programs that show a log to people: `circular-http` is one, a command of your own may be another. A
//! [`Selection`] says which records, a [`Writer`] makes text or JSON lines of them, [`parse_time`] and [`Expression`] read
//! what people type. Nothing here opens a file, waits, or knows of a runtime: records come in, bytes go to a `Vec`.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use circular_core::{Colors, Level, Meta, Ring};
//! use circular_view::{Selection, Writer, parse_time};
//!
//! let ring = Ring::new(64 << 10)?;
//! let mut reader = ring.handle().reader().open();
//! ring.record(Meta::new().level(Level::Warn).target("db"), b"pool is empty\n")?;
//! ring.record(Meta::new().level(Level::Info).target("db"), b"pool is full\n")?;
//! ring.record(Meta::new().level(Level::Warn).target("http"), b"agent: \x1b]0;a title\x07\n")?;
//!
//! let selection = Selection::new()
//!     .at_least(Level::Warn)
//!     .since(parse_time("5m", SystemTime::now())?);
//! let mut writer = Writer::text(Colors::Keep);
//! let mut out = Vec::new();
//!
//! let batch = reader.recv()?;
//! writer.missed(batch.missed(), batch.cursor_before(0), &mut out);
//! for (index, record) in batch.records().enumerate() {
//!     if let Some(shown) = selection.record(&record) {
//!         let record = record.with_target(&shown.target);
//!         writer.record(&record, &shown.text, batch.cursor_before(index + 1), &mut out);
//!     }
//! }
//! assert_eq!(out, b"pool is empty\nagent: \\x1b]0;a title\\x07\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is not trusted
//!
//! Log text is not: whoever gets text into a log must not get to move a cursor or set a title of whoever reads it. So
//! [`Writer::text`] and [`Writer::ndjson`] write nothing that a terminal obeys, but for harmless colours where they are
//! asked for; only [`Writer::raw`] does. Nor are patterns: an [`Expression`] has a limit to its size, and
//! searches in linear time. What a [`Redaction`](circular_core::Redaction) hides is not found by a search either.
//!
//! # Cargo features
//!
//! None is on by default.
//!
//! | feature | gives | adds to a small program |
//! |---|---|---|
//! | `regex` | [`Expression`]; without, parsing one fails with [`ParseExpressionError::Unsupported`] | 1.5 MB |
//!
//! # Systems, and Rust
//!
//! Those of [`circular_core`](circular_core#systems-and-rust): Linux, the rest of unix, macOS, Windows; Rust 1.85 or newer.

mod expression;
pub mod object;
mod selection;
mod text;
mod when;
mod writer;

pub use expression::{Expression, ParseExpressionError};
pub use selection::Selection;
pub use when::{ParseTimeError, parse_time};
pub use writer::Writer;
