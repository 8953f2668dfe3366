//! A quiet console: INFO is printed, TRACE is only remembered, until something goes wrong.
//!
//! ```text
//! cargo run --example quiet_console
//! ```
//!
//! You see INFO lines, and when an ERROR comes, everything of every level that led to it. A second
//! ERROR shows what happened since the first.

use std::{
    error::Error,
    io::{self, Write},
    thread,
    time::Duration,
};

use circular_core::{Handle, Level, Policy, Reader, Ring};
use circular_tracing::RingLayer;
use tracing::{debug, error, info, trace};
use tracing_subscriber::{filter::LevelFilter, prelude::*};

fn main() -> Result<(), Box<dyn Error>> {
    let ring = Ring::new(1 << 20)?;
    let handle = ring.handle();
    // Opened here, not in the thread: it gets all that is logged from now on.
    let reader = handle
        .reader()
        .policy(Policy::BlockFor(Duration::from_secs(1)))
        .at_least(Level::Info)
        .open();
    let console = thread::spawn({
        let handle = handle.clone();
        move || print(reader, &handle, io::stderr())
    });
    let record = RingLayer::new(ring).with_filter(LevelFilter::TRACE);
    tracing_subscriber::registry().with(record).init();

    info!("started");
    for order in 1..=6 {
        deliver(order);
    }
    info!("stopping");

    // The subscriber is global and keeps its `Ring`, so say that nothing more comes; then let the
    // console finish, but do not wait for ever for a stuck one.
    handle.close();
    if handle.join_timeout(Duration::from_secs(1)) {
        console
            .join()
            .map_err(|_| "the console's thread panicked")??;
    }
    Ok(())
}

/// Work that is only interesting when it fails.
fn deliver(order: u32) {
    trace!(order, "looking up the address");
    debug!(order, "packed");
    if order % 3 == 0 {
        error!(order, "no such address");
    } else {
        info!(order, "delivered");
    }
}

/// Prints what `reader` brings; at an ERROR, first all that the ring holds since the last one.
fn print(mut reader: Reader, handle: &Handle, mut out: impl Write) -> io::Result<()> {
    let mut shown = 0; // The seq of the first record that no ERROR has shown yet.
    while let Ok(batch) = reader.recv() {
        if !batch.missed().is_empty() {
            writeln!(out, "--- {}: console too slow ---", batch.missed())?;
        }
        for record in batch.records() {
            if record.level() < Some(Level::Error) {
                out.write_all(record.bytes())?;
                continue;
            }
            writeln!(out, "--- what led to the next line:")?;
            for earlier in handle.snapshot().records() {
                if (shown..record.seq()).contains(&earlier.seq()) {
                    out.write_all(b"    ")?;
                    out.write_all(earlier.bytes())?;
                }
            }
            out.write_all(record.bytes())?;
            shown = record.seq() + 1;
        }
        out.flush()?;
    }
    Ok(())
}
