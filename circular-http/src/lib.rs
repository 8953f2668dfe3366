//! Look at a [`circular_core`] ring live: in a browser, with `curl`, through a port-forward.
//!
//! One address, `/debug/log` unless [`Options::path`] says another, shows the log as a page, as text, as JSON lines or as an event stream.
//! It can be left on in production. Whoever looks costs one reader's buffer and no thread, and never
//! makes a writer wait: who is too slow misses records, is told how many, and is dropped if it takes
//! nothing at all. A server of its own lets nobody but this machine in unless there is a token. It shows what is in the
//! log, secrets included, unless a hook hides them.
//!
//! ```
//! use circular_core::{Ring, SECRET_KEYS, redact_keys};
//! use circular_http::Options;
//! use std::io::Write;
//!
//! let mut ring = Ring::new(1 << 20)?;
//! let options = Options::new()
//!     .addr("127.0.0.1:0")
//!     .redact(redact_keys(SECRET_KEYS));
//! let server = circular_http::serve(ring.handle(), options)?;
//! writeln!(ring, "see {}", server.url())?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [`serve`] is a small server on its own thread, which answers even when the program's runtime does
//! not. [`router`] is for a server that is there already, if that takes axum's routes or a tower service.
//!
//! # What can be asked for
//!
//! `GET /debug/log`, in the format that `Accept` or `format` says:
//!
//! | `format` | `Accept` | |
//! |---|---|---|
//! | `text` | `text/plain`, or nothing | control characters escaped, but for colours |
//! | `html` | `text/html` | the page |
//! | `ndjson` | `application/x-ndjson`, `application/jsonl`, `application/json` and the like | an object a line |
//! | `sse` | `text/event-stream` | for `EventSource`, which goes on where it left off |
//!
//! Who accepts none of them gets text, or 406 if that is refused (`*/*;q=0`).
//!
//! | parameter | means |
//! |---|---|
//! | `follow` | go on when all that there is has been shown |
//! | `tail=20` | only the newest 20 of what the others let pass; `all` of it, if not given |
//! | `since=5m`, `until=2026-11-25T14:00:00Z` | by time: how long ago, or RFC 3339 |
//! | `level=warn` | this and what is more severe; records without a level always pass |
//! | `levels=info,error,none` | just these; `none` are the records without one |
//! | `filter=info,shop::db=debug` | by level and target, [as `RUST_LOG` has it](circular_core::Targets#directives); with targets that are `off` alone, all the others are on |
//! | `q=text`, `re=time.?out` | what contains the text, what the expression matches; `+` is a blank, write `%2B` |
//! | `not=text`, `nre=time.?out` | what does not |
//! | `source=shop` | of several rings: just this one's; several times, any of them. One that is not there is refused, unless it may come while this is followed |
//! | `after=<id>` | what comes after a record, by the `id` that NDJSON and event streams give |
//! | `from=<id>` | that record, and what comes after it |
//! | `before=<id>` | what is older than that record; with `tail=100` the newest 100 of it, the oldest first |
//! | `limit=20` | ends after so many records, and follows no further |
//! | `limit_bytes=100000` | ends before it is longer |
//! | `raw` | text: the bytes as they are |
//!
//! Anything else is an error that names it, and so is what would mean nothing: `follow` beside `before`, `raw` beside
//! another format, `until` before `since`, a target with spans or fields in brackets.
//!
//! `q`, `re`, `not` and `nre` may be given several times, and all must hold; `source` may, and each counts. In each, without an upper-case letter upper and
//! lower case are the same; in an expression, a letter behind a backslash (`\W`) is none, and `(?-i)` at its beginning makes case
//! count. An expression sees the first 16 KiB of a record.
//!
//! So the page before a record is `before=<id>&tail=500`, what is around it `before=<id>&tail=20` and `from=<id>&limit=21`,
//! all of it `from=<id>&limit=1`, the next error `after=<id>&levels=error&limit=1`, and the last one
//! `before=<id>&levels=error&tail=1`.
//!
//! What comes to its end is compressed for who says in `Accept-Encoding` that it takes gzip, as browsers and `curl --compressed`
//! do: text and JSON lines without `follow`, numbers, the page's files. What follows, and event streams, come as they are and
//! at once. `limit_bytes` counts what is read. A compressed log takes some 400 KB of memory more as long as it is sent; one
//! that ends without gzip's own end was cut off.
//!
//! What is missing, because it was overwritten before it could be sent, is told in each format, and so is a cursor
//! of another run of the program, with which one begins at the oldest record; before it there is nothing. Of what is older
//! than a record that is overwritten itself, only that it is missing is told.
//!
//! In JSON, a record is `{"id","seq","time","level","target","text"}`, and has a `part` if it is one of a
//! record that was longer than the ring. Beside them there are `{"id","missed":{"records","bytes"}}`,
//! `{"restarted":true}`, `{"closed":true}` at the end of the ring, `{"end":true}` in an event stream that does not follow, `{"id","closed":true,"stopped":true}` where
//! the server ends and the ring goes on, and `{"id","alive":true}` every 15 s when there is nothing else:
//! whoever reads for `text` looks whether there is one. A response that follows and ends without `closed` was
//! cut off.
//!
//! `GET /debug/log/stats` has numbers, as JSON or for Prometheus: by `Accept`, or with `format=json` and
//! `format=prometheus`. JSON lists every reader that there is. Prometheus keeps each series for long, so it gets
//! them of the readers that writers wait for, demoted ones included (`circular_reader_…{reader="0",
//! policy="block-for-250ms"}`), and totals of the others, viewers among them: how many there are, how many of
//! their sinks fail, the worst lag (`circular_skip_readers…`). `circular_missed_records_total` and
//! `circular_missed_bytes_total` are of all readers that there ever were.
//!
//! `GET /debug/log/counts` has how many records are held, in JSON, by level and for a histogram. It looks at their headers only,
//! so it takes `since`, `until`, `level`, `levels`, `filter` and `source`, and of what records say it knows nothing; and `bars`, which
//! is how many there are to be at most: 60, and up to 500.
//!
//! | | |
//! |---|---|
//! | `oldest`, `newest`, `first_id` | of all that is held: when its first and its last record were written, and the `id` of the first |
//! | `records`, `levels` | how many pass, and of each level: `error`, `warn`, `info`, `debug`, `trace`, and `none` |
//! | `from`, `to`, `width_ms`, `bars` | from when on those were written, a bar after the other, each an array in the order of the levels; `to` is where the last one ends |
//! | `targets` | `{"target","records"}` of the 100 with the most. The hook is asked for each, with a record that has no text |
//! | `overwritten` | how many are gone from the ring |
//!
//! Where nothing is held, or nothing passes, times are `null`.
//!
//! # Several rings
//!
//! [`serve`] and [`router`] take a [`Handle`](circular_core::Handle), a [`RingFile`](circular_core::RingFile) of another program, alive
//! or dead, or several [`Sources`] with a name each. Those are shown as one log, by time: as exactly as the clock of the
//! records, of which many may have the same. In text the name stands before a record, but for `raw`; in JSON each object
//! that is one ring's has it as `source`. An `id` tells how far each ring was shown, as cursors with a comma between them, the
//! record's own first: so all that takes one works as it does for a single ring.
//!
//! | JSON | event | |
//! |---|---|---|
//! | `{"id","ended":"died of SIGSEGV","source"}` | `ended` | what has become of the program of a ring that has no more to show |
//! | `{"id","started":{"pid":4711},"source"}` | `started` | a ring was added to those that are shown; `pid` is `null` in this process |
//! | | `sources` | at the beginning, and when there is one more: `{"sources":["shop","db"],"rings":[{"ring","source"}]}`, the names, and what the ids of each ring begin with |
//!
//! `closed` comes when all have ended, and none can be added any more. A single [`RingFile`](circular_core::RingFile) is shown without a name,
//! and `ended` comes before `closed`. Statistics are then those of each source's newest ring: in JSON as `sources`, for Prometheus
//! with the label `source`. Of a ring in a file nothing is known of its readers, and counts read it whole.
//!
//! # When it ends
//!
//! When the [`Server`] is dropped or the ring is closed, and when an [`Ending`] says so, who follows gets what
//! is in the ring at that moment, and then `closed`: drop the server last, and viewers see how the program
//! ends. Who does not take that within a moment is told what is missing, or cut off so that it can tell: with
//! [`serve`], a response that comes to its end is whole, or says what is missing.
//!
//! A client that ends its side of the connection behind its request, as `nc -N` does, gets an answer that comes to
//! its end whole; one that follows is for who stays, and ends with that. A program with a server of its own decides
//! that by that server's settings: hyper's, which axum has, takes such a client for gone.
//!
//! # Who is let in
//!
//! Requests must be for `localhost`, a loopback address, or a name listed with [`Options::host`] or
//! [`Options::origin`], and not from another web page: else 403. With a token ([`Options::token_from_env`]) they must show it: as
//! `Authorization: Bearer`, or have a session, which a form at the page's address exchanges it for: `POST /debug/log` with
//! `token=…`. A session is a cookie in which nothing of the token is; it ends after twelve hours, with the process, or
//! with `POST /debug/log/logout`, and what it looks at ends with it, within a second. [`serve`] does not listen on
//! other than loopback addresses without one.
//!
//! # It does not look at itself
//!
//! This crate logs nothing. What is below it, hyper and tokio, logs nothing for each piece that is sent,
//! unless hyper is built with `--cfg hyper_unstable_tracing`: then keep the target
//! `hyper::proto::h1::io` out of the ring, or each piece of a stream becomes a record of that stream.
//! The same is true of a layer of your own around [`router`] that logs for each piece of a body.
//!
//! # Cargo features
//!
//! What they add to a small program that records with `tracing`, stripped, on x86-64 Linux; [`serve`] without
//! either adds 0.9 MB, most of it tokio and hyper. Both are on by default: `default-features = false` leaves
//! them out.
//!
//! | feature | gives | adds |
//! |---|---|---|
//! | `regex` | `re=` and `nre=`, and the switches `.*` on the page; without, it is answered with 400, which says so | 1.5 MB |
//! | `router` | [`router`] | 0.2 MB where it is called, less in a program that has axum |
//!
//! # Systems, and Rust
//!
//! Those of [`circular_core`](circular_core#systems-and-rust): Linux, the rest of unix, macOS, Windows; Rust 1.85 or newer.
//! It needs no compiler but Rust's, and no TLS.
//!
#![doc = include_str!("recipes.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "router")]
mod router;
mod serve;
mod site;
mod viewer;

#[cfg(feature = "router")]
pub use router::router;
pub use serve::{Server, serve};
pub use site::addr::ListenAddr;
pub use site::listen::Listen;
pub use site::options::Options;
pub use viewer::ending::Ending;
pub use viewer::sources::{Source, Sources};
