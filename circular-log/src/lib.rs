//! Record what the [`log`] macros say in a [`circular_core::Ring`].
//!
//! One log record is one record of the ring, with its level, its target and the time that it shows:
//!
//! ```text
//! 2026-11-23T23:05:12.123456Z  INFO shop::cart: item added sku=4711 count=2
//! ```
//!
//! [`recorder`] is for the usual program: a ring, a console and dumps in one call, with `RUST_LOG` for the console.
//! [`init`] is for a program that has a ring: everything down to DEBUG is kept. [`capture`] is for tests: what one of them says,
//! as text.
//!
//! ```
//! use circular_core::{Level, Ring};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let ring = Ring::new(1 << 20)?;
//! let handle = ring.handle();
//! circular_log::init(ring)?;
//!
//! log::info!(target: "shop", sku = 4711; "item added");
//!
//! let held = handle.snapshot();
//! let record = held.records().last().expect("the ring holds what was just said");
//! assert_eq!(record.level(), Some(Level::Info));
//! assert_eq!(record.target(), "shop");
//! assert!(record.bytes().ends_with(b"  INFO shop: item added sku=4711\n"));
//! # Ok(())
//! # }
//! ```
//!
//! [`RingLogger`] is the logger alone, for a program that filters by itself, or that keeps its
//! logger in a static.
//!
//! # What it costs
//!
//! The record is formatted in a buffer of the thread, outside every lock. Nothing is allocated once
//! that buffer has grown to the thread's longest line, except by a line of more than 64 KiB and by a
//! log call inside a `Display` that is being logged.
//!
//! # Hard cases
//!
//! A log call inside a `Display` that is being logged makes a record of its own, which stands
//! before the outer one. So do log calls in a thread-local's destructor and in a `Drop` while
//! unwinding. A `Display` that fails or panics loses what it did not write, and what
//! comes after it in the message, but nothing before: see [`RingLogger`]. The program's allocator may log, and a
//! `Display` may fork: the child returns from the log call at once.
//!
//! In a signal handler nothing may be logged, here as with every logger that takes a lock or allocates: sooner or
//! later the handler interrupts a write of its own thread, and waits for it for ever.
//!
//! # When the ring is closed
//!
//! `log` has no way to tell an error, so the record is dropped. The ring counts it as refused in
//! its statistics. A logger that was set is never dropped, and its ring is not closed at the end of
//! the program either: close it through its handle, or build it with `flush_at_exit`.
//!
//! # With `tracing` in the same program
//!
//! Each line needs one way into the ring. Either let `tracing-log` turn log records into events,
//! and give only the subscriber a ring; or set this logger for `log` and `circular-tracing`'s
//! layer for `tracing`, on the same ring. The second keeps the key-values, which `tracing-log`
//! drops, and lets filters see the real targets. It needs
//! `tracing::subscriber::set_global_default`, since the `init` of `tracing-subscriber` wants to set
//! `tracing-log` as the logger. Do not turn on the `log-always` feature of `tracing` then: it sends
//! every event through `log` as well, and each would be recorded twice. Its `log` feature, which
//! other crates like to turn on, does no harm, because it falls silent when a subscriber is set.
//!
//! # Systems, and Rust
//!
//! Those of [`circular_core`](circular_core#systems-and-rust): Linux, the rest of unix, macOS, Windows; Rust 1.85 or newer.
//! This crate has no features.

mod capture;
mod format;
mod init;
mod logger;
mod recorder;

pub use capture::capture;
pub use circular_core::Recorder;
pub use init::init;
pub use logger::RingLogger;
pub use recorder::{RecorderBuilder, recorder};
