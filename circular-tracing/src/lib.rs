//! Record [`tracing`](https://docs.rs/tracing) events in a [`circular_core::Ring`].
//!
//! [`RingLayer`] is a layer for a `tracing_subscriber` registry. It writes the line that
//! `tracing_subscriber::fmt` writes, or `fmt`'s JSON, at a fraction of the cost. One event is one record,
//! with the event's level and target. Neither events nor spans [allocate](RingLayer#what-it-costs) once the layer is
//! warm, and a log call waits only for readers that the program has made lossless.
//!
//! ```
//! use circular_core::{Level, Ring};
//! use circular_tracing::RingLayer;
//! use tracing_subscriber::prelude::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let ring = Ring::new(1 << 20)?;
//! let handle = ring.handle();
//! tracing_subscriber::registry().with(RingLayer::new(ring)).init();
//!
//! tracing::info!(target: "shop", sku = 4711, "item added");
//!
//! let held = handle.snapshot();
//! let record = held.records().last().expect("the ring holds what was just said");
//! assert_eq!(record.level(), Some(Level::Info));
//! assert_eq!(record.target(), "shop");
//! assert!(record.bytes().ends_with(b" INFO shop: item added sku=4711\n"));
//! # Ok(())
//! # }
//! ```
//!
//! [`capture`] is for tests: what one of them says, as text. [`recorder`] makes ring, layer, console and dumps in one call.
//!
//! A ring itself, or [`RingWriter`], is for those who want a formatter of their own, or one layer of `fmt` that writes to the
//! ring and elsewhere: it goes where `fmt` takes a writer. What the line says, and what it costs, is
//! `fmt`'s.
//!
//! # Record DEBUG, print INFO
//!
//! Two layers, each with a filter of its own, and the recorder last:
//!
//! ```
//! use circular_core::Ring;
//! use circular_tracing::RingLayer;
//! use tracing_subscriber::{filter::LevelFilter, fmt, prelude::*};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let ring = Ring::new(1 << 20)?;
//! let handle = ring.handle();
//! let print = fmt::layer()
//!     .with_writer(std::io::stderr)
//!     .with_filter(LevelFilter::INFO);
//! let record = RingLayer::new(ring).with_filter(LevelFilter::DEBUG);
//! tracing_subscriber::registry().with(print).with(record).init();
//!
//! tracing::info!("recorded and printed");
//! tracing::debug!("recorded");
//! tracing::trace!("neither");
//! assert_eq!(handle.snapshot().record_count(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! Here the program waits for stderr at every line. A reader thread, from `handle.reader()`, prints
//! as well, and holds the program up only as far as its policy says.
//!
//! # The recorder last
//!
//! `tracing` asks all filters before the first layer hears of an event or a span. It keeps the answers with the
//! thread, and each layer takes its own when its turn comes, in the order of the calls of `with`. A value that
//! panics or logs while one layer shows it spoils the answers that were not taken yet: those of the layers
//! *behind*. A recorder shows values that the console's filter leaves out, so with the recorder first, the console
//!
//! - loses the span that comes next, with all that is in it, where a value of a DEBUG event panics,
//! - prints the DEBUG event, which its filter refuses, where the value logs,
//! - panics with "Span not found" where a value of a DEBUG span logs.
//!
//! Behind the last layer there is none, so none of the three happens with the recorder last. A layer that
//! logs something of a span as that is closed must be before it, too: see [`RingLayer`](RingLayer#spans).
//!
//! # The same text into a file
//!
//! With [`RingWriter`], the combinators of [`MakeWriterExt`](tracing_subscriber::fmt::writer::MakeWriterExt) work.
//! Both writers get the same text. (Without `with_ansi(false)`, `fmt` puts colours into it, and they come
//! out wherever it is shown.)
//!
//! ```
//! use std::fs::File;
//! use std::sync::Arc;
//!
//! use circular_core::Ring;
//! use circular_tracing::RingWriter;
//! use tracing::Level;
//! use tracing_subscriber::fmt::writer::MakeWriterExt;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let path = std::env::temp_dir().join(format!("circular-tracing-doc-{}.log", std::process::id()));
//! let file = Arc::new(File::create(&path)?);
//! let ring = Ring::new(1 << 20)?;
//! tracing_subscriber::fmt()
//!     .with_ansi(false)
//!     .with_max_level(Level::DEBUG)
//!     .with_writer(RingWriter::new(ring.clone()).and(file.with_max_level(Level::WARN)))
//!     .init();
//!
//! tracing::warn!("in both");
//! tracing::debug!("in the ring only");
//! assert_eq!(ring.handle().snapshot().record_count(), 2);
//! assert_eq!(std::fs::read_to_string(&path)?.lines().count(), 1);
//! # std::fs::remove_file(&path)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Why not `Arc<Ring>`
//!
//! `with_writer(ring)` is what you want: a ring is a `MakeWriter`, and is told the metadata. `with_writer(Arc::new(ring))`
//! compiles as well, and so does `with_writer(move || ring.clone())`, but their records have neither level nor target:
//! readers can't filter them.
//!
//! # With `log` in the same program
//!
//! Each line needs one way into the ring, and `init` of `tracing-subscriber` with its default
//! features has made one: it sets `tracing-log` as the program's logger, which turns log records
//! into events. Leave `circular-log` out then; its `init` would return the `log` crate's error.
//! [`RingLayer`] gives such an event the level, target, file and line of the log record; with
//! [`RingWriter`] the target in the text is right, but the one that the *record* has is `log`, as `fmt`
//! gives writers the metadata of the bridge. What a log call says in key-values
//! (`log::info!(user = "ann"; "signed in")`) is lost with both: `tracing-log` takes the message only.
//!
//! To keep the key-values, set `circular-log` as the logger, on the same ring, and the subscriber with `tracing::subscriber::set_global_default`, which sets no logger:
//!
//! ```
//! use circular_core::Ring;
//! use circular_tracing::RingLayer;
//! use tracing_subscriber::prelude::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let ring = Ring::new(1 << 20)?;
//! let handle = ring.handle();
//! circular_log::init(ring.clone())?;
//! tracing::subscriber::set_global_default(
//!     tracing_subscriber::registry().with(RingLayer::new(ring)),
//! )?;
//!
//! log::info!(target: "db", "connected");
//! tracing::info!(target: "shop", "open");
//! let held = handle.snapshot();
//! let targets: Vec<_> = held.records().map(|record| record.target()).collect();
//! assert_eq!(targets, ["db", "shop"]);
//! # Ok(())
//! # }
//! ```
//!
//! Log records go past the subscriber then, its filters, spans and other layers. Keep the
//! `log-always` feature of `tracing` off: it says every event to the logger as well, and each would
//! be recorded twice. Its `log` feature does no harm, as it falls silent when a subscriber is set.
//!
//! # Hard places
//!
//! The ring takes an event from anywhere but a signal handler: a `Display` that is being logged, `Drop` while
//! unwinding, a thread-local's destructor, the program's allocator, a child that a `Display` has forked; and so does
//! [`RingLayer`]. Some things come from `tracing` itself:
//!
//! - **An event inside a `Display`** that is being logged is recorded before the outer one, and once for every
//!   layer that formats the outer one. Layers behind the first of these may get the outer one although their
//!   filters say no.
//! - **After a value that panicked**, a layer behind the one that showed it, if its filter had said no, misses
//!   the next event, or the next span and what is recorded of that.
//! - **A value that panics while a span is opened**: `tracing` never closes that span, as nobody has it, nor those
//!   around it. A layer keeps nothing of the span itself, but what it knows of those around it stays.
//! - **While a scoped subscriber** (`set_default`, `with_default`) is in use anywhere in the program, `tracing`
//!   drops an event inside a `Display`: use `init` or `set_global_default`.
//! - **A span that is opened or entered in a thread-local's destructor** aborts the program, with any layer or
//!   none, if the registry's own variables of that thread are gone by then.
//! - **The program's allocator may log**, but not with a span of `tracing`'s own registry around it while a thread enters its first
//!   spans: the registry's list of them grows then, while it is locked, and who asks for the current span panics.
//!   Give such events `parent: None`, and leave JSON's spans out.
//!
//! **In a signal handler** nothing may be logged, here as with every logger that takes a lock or allocates: sooner
//! or later the handler interrupts a write of its own thread, and waits for it for ever.
//!
//! With [`RingWriter`], what stands before the ring is `fmt`, in `tracing-subscriber` 0.3:
//!
//! - **An event inside a thread-local's destructor** aborts the program, if `fmt`'s own buffer of
//!   that thread is gone by then: that is, if the thread's first event came after the
//!   thread-local's first use. It is recorded if the thread had an event before that, or none at
//!   all.
//! - **A `Display` that panics** leaves its half of a line in `fmt`'s buffer, and the thread's next
//!   event is recorded behind it, in one record.
//! - **A `Display` that returns an error** costs the event, unless `log_internal_errors` is on:
//!   then a line is recorded that says which event it was. It is on in `tracing_subscriber::fmt()`,
//!   and off in `fmt::layer()`.
//! - **A value that logs while it is recorded into a span** that the thread is in (`span.record("x", &value)`) hangs
//!   the thread: `fmt` keeps the span's fields locked meanwhile, and the inner line wants to read them.
//! - **A `Display` that returns an error while a span is opened** panics: `fmt` prints what it cannot format on
//!   stderr, with the same value in it.
//! - **Two layers of `fmt`** with the same field format share the text of a span's fields, and the first
//!   one writes it: after a coloured console, the ring would have the console's colours. Give the console
//!   `with_ansi(false)`, or put the ring's first, with the consequences [above](#the-recorder-last).
//!
//! [`RingLayer`] does none of these.
//!
//! # Systems, and Rust
//!
//! Those of [`circular_core`](circular_core#systems-and-rust): Linux, the rest of unix, macOS, Windows; Rust 1.85 or newer.
//! This crate has no features. It works with `tracing-subscriber` 0.3.20 and later, whatever features that has.

mod capture;
mod escape;
mod format;
mod json;
mod json_fields;
mod layer;
mod moves;
mod number;
mod object;
mod recorder;
mod span_events;
mod spans;
mod text;
mod values;
mod writer;

pub use capture::capture;
pub use circular_core::EventWriter;
pub use circular_core::Recorder;
pub use format::Format;
pub use json::Json;
pub use layer::RingLayer;
pub use recorder::{RecorderBuilder, recorder};
pub use text::Text;
pub use writer::RingWriter;
