//! A flight recorder for logs: the newest records stay in one fixed block of memory.
//!
//! A write takes one short lock, copies its bytes, and allocates nothing. When the ring is full, the
//! oldest records are overwritten. Any number of readers follow the stream live, each at its own
//! pace; one that is too slow for the writers is overtaken and told exactly how much it missed,
//! unless it asked that writers wait for it ([`Policy`]). When the ring is closed, or its last
//! [`Ring`] is dropped, readers get what is left and end; writes are refused and counted. A panic can
//! dump it all ([`PanicDump`]), and an error what came since the last one ([`DumpTrigger`]).
//!
//! The ring is a block on the heap, or a file in memory ([`RingBuilder::mapped`]): then what it holds is there after any
//! end of the process, SIGKILL included, and other processes can look at it with [`RingFile`]. Any ring can be written as
//! such a file, too ([`Handle::write_image`]).
//!
//! The price: a record takes up to 24 bytes more than its own, what is kept on the heap is lost when the process
//! is killed, and once the ring has wrapped around, up to 1/64 of its capacity, at the oldest end, is
//! there but cannot be found.
//!
//! ```
//! use circular_core::{Level, Meta, Ring, Start};
//! use std::io::Write;
//!
//! let mut ring = Ring::new(64 << 10)?;
//! let handle = ring.handle();
//! let mut late = handle.reader().open();
//!
//! // One write is one record.
//! writeln!(ring, "starting")?;
//! ring.record(Meta::new().level(Level::Warn).target("db"), b"pool is empty\n")?;
//! assert_eq!(handle.snapshot().bytes(), b"starting\npool is empty\n");
//!
//! // A reader that begins now, with what matters of what there is.
//! let mut warnings = handle.reader().at_least(Level::Warn).start(Start::Last(1)).open();
//! assert_eq!(warnings.recv()?.bytes(), b"pool is empty\n");
//!
//! // Nobody waits for one that is too slow, and it is told.
//! for number in 0..10_000 {
//!     writeln!(ring, "line {number}")?;
//! }
//! let batch = late.recv()?;
//! let first = batch.records().next().unwrap();
//! assert_eq!(batch.missed().records, first.seq());
//!
//! // After close, what is left, and then the end.
//! drop(ring);
//! while late.recv().is_ok() {}
//! assert!(handle.stats().readers.len() == 1, "the other one is still open");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which part does what
//!
//! [`Ring`] is what programs write to, as [`std::io::Write`] or through the adapters
//! `circular-tracing` and `circular-log`. [`Handle`] is the other side: readers, [`Handle::flush`],
//! [`Handle::close`], [`Handle::snapshot`], [`Handle::stats`].
//!
//! How a ring lies in memory, and what a reader may rely on that reads while it is written, is told in
//! [`memory_model`].
//!
//! # Forking
//!
//! In a forked child every ring that was made before the fork is dead: writes are refused and
//! counted, readers end, `flush` and `close` return at once. No call takes a lock there, whatever
//! another thread held at the fork. A snapshot still works. A ring that the child makes is as alive
//! as any.
//!
//! On Linux this holds however the child was made, by `_Fork` or `clone` too. Elsewhere, and before
//! Linux 4.14, only the C library's `fork` is noticed: after another one, a child must not touch its
//! parent's rings. A child of `vfork` has its parent's memory and is no other process to them.
//!
//! # Cargo features
//!
//! None is on by default, and the adapters turn on what they need.
//!
//! | feature | gives | needs |
//! |---|---|---|
//! | `futures` | `AsyncReader` is a [`Stream`](https://docs.rs/futures-core), of bytes and of records | `futures-core` |
//! | `log` | [`Level`] from and into `log`'s | `log` |
//! | `tracing` | a [`Ring`] is a `MakeWriter`; [`Level`] from and into `tracing`'s | `tracing-core`, `tracing-subscriber` |
//!
//! # Systems, and Rust
//!
//! Tests run on x86-64 Linux. It is compiled for Linux on 64-bit ARM and on 32 bits, for macOS and for Windows as well, without
//! a warning, and should work there and on the rest of unix; what a system lacks is said where it matters. It needs threads
//! and a clock, so for `wasm32-unknown-unknown` it does not compile, and says why.
//!
//! Rust 1.85 or newer. A newer one is asked for in a new minor version (`0.x`) only, and never one younger than a year.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
compile_error!(
    "circular-core needs threads and a clock, and wasm32-unknown-unknown has neither. Leave it out there: put it, and the \
     other crates of circular, under [target.'cfg(not(target_family = \"wasm\"))'.dependencies] in Cargo.toml"
);

mod adapter;
mod api;
mod crash;
mod dump;
mod error;
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "rings in files are made on Linux")
)]
mod file;
mod format;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod memory;
mod read;
mod record;
mod redact;
mod ring;
mod select;
mod sink;
mod sys;
mod tape;
mod text;
mod time;

#[cfg(test)]
mod tests;

/// For whoever wants to know how it works; programs need nothing of it.
///
#[cfg(doc)]
#[doc = include_str!("../docs/memory.md")]
pub mod memory_model {}

#[cfg(feature = "tracing")]
pub use adapter::make_writer::EventWriter;
pub use adapter::recorder::Recorder;
pub use api::async_reader::AsyncReader;
pub use api::capacity::{Capacity, ParseCapacityError};
pub use api::file_reader::{AsyncFileReader, FileReader, FileReaderBuilder};
pub use api::handle::Handle;
pub use api::headers::Headers;
pub use api::reader::{Reader, ReaderBuilder};
#[cfg(feature = "futures")]
pub use api::record_stream::{Lagged, RecordStream};
pub use api::ring::{Ring, RingBuilder};
pub use api::ring_file::{Listed, RingFile, RingInfo};
pub use dump::on_demand::{DumpBuilder, DumpReport, DumpTo};
pub use dump::panic_dump::installed::PanicDumpHook;
pub use dump::panic_dump::{PanicDump, PanicDumpBuilder};
pub use dump::redaction::{RedactedRecord, Redaction};
pub use dump::trigger::request::TriggerStats;
pub use dump::trigger::{DumpTrigger, DumpTriggerBuilder};
pub use error::{
    BuildError, Closed, FileRecvError, MappingError, OpenError, OutOfMemory, RecvTimeoutError,
    TryRecvError,
};
pub use file::state::RingState;
pub use format::command::CommandEnd;
pub use record::cursor::{Cursor, ParseCursorError};
pub use record::level::{Level, ParseLevelError};
pub use record::meta::Meta;
pub use record::missed::Missed;
pub use record::part::Part;
pub use record::{OwnedRecord, Record};
pub use redact::keys::{SECRET_KEYS, redact_keys};
pub use redact::redacted::Redacted;
#[doc(hidden)]
pub use ring::attending::Attending;
pub use ring::policy::{Policy, Start};
pub use ring::stats::{ReaderStats, Stats, Waits};
pub use select::targets::{ParseTargetsError, Targets};
pub use sink::feed::SinkError;
pub use sink::notice::Notice;
pub use sink::on_error::OnError;
pub use sink::terminal::TerminalWriter;
pub use sink::throttled_flush::ThrottledFlush;
pub use tape::batch::{Batch, Records};
pub use tape::snapshot::Snapshot;
pub use text::escape::{Colors, push_for_terminal};
pub use text::json::{InJson, push_json, push_json_for_terminal};
pub use time::timestamp::Timestamp;

#[doc(hidden)]
pub use text::plain;

#[doc(hidden)]
pub use adapter::recorder;

/// [`ThrottledFlush`], which it is called now: it puts flushes off, and makes few of its own.
#[deprecated(since = "0.1.0", note = "it is `ThrottledFlush` now")]
pub type AutoFlush<W> = ThrottledFlush<W>;

/// [`Timestamp`], which it is called now.
#[deprecated(since = "0.1.0", note = "it is `Timestamp` now")]
pub type LogTime = Timestamp;
