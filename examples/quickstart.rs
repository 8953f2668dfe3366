//! Keep the last 10 MiB of a program's log in memory, print it as it comes, lose no line at exit.
//!
//! ```text
//! cargo run --example quickstart
//! ```
//!
//! You see every line on stderr, the last one included, though `main` returns right after it.

use std::{error::Error, io, time::Duration};

use circular_core::{Policy, Ring};
use circular_tracing::RingLayer;
use tracing::{debug, info, warn};
use tracing_subscriber::{filter::LevelFilter, prelude::*};

fn main() -> Result<(), Box<dyn Error>> {
    // When the program ends, readers get up to a second to finish.
    let second = Duration::from_secs(1);
    let ring = Ring::builder().flush_at_exit(second).build()?;

    // A thread prints the ring. Should nobody read stderr, a log call waits for it one second at
    // most, once; from then on nobody waits, and stderr is told how much it missed.
    ring.handle()
        .reader()
        .policy(Policy::BlockFor(second))
        .spawn(io::stderr())?;

    let record = RingLayer::new(ring).with_filter(LevelFilter::DEBUG);
    tracing_subscriber::registry().with(record).init();

    info!("started");
    for attempt in 1..=3 {
        debug!(attempt, "connecting");
    }
    warn!(retries = 3, "no answer, giving up");
    info!("this is the last line");
    Ok(())
}
