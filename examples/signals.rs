//! Lose no line when a program is stopped by Ctrl-C or by `kill`.
//!
//! ```text
//! cargo run --example signals   # ... and press Ctrl-C, or `kill` it
//! ```
//!
//! Without the handler the process would end where it stands, with what is not on stderr yet.

use std::{error::Error, io, process, thread, time::Duration};

use circular_core::{Policy, Ring};
use circular_tracing::RingLayer;
use tracing::info;
use tracing_subscriber::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let second = Duration::from_secs(1);
    let ring = Ring::new(1 << 20)?;
    let handle = ring.handle();
    handle
        .reader()
        .policy(Policy::BlockFor(second))
        .spawn(io::stderr())?;

    // On a thread of its own, not in the signal's handler: here one may log and wait.
    ctrlc::set_handler(move || {
        info!("this is the last line");
        handle.close();
        handle.join_timeout(second);
        process::exit(130);
    })?;

    tracing_subscriber::registry()
        .with(RingLayer::new(ring))
        .init();
    info!("press Ctrl-C");
    loop {
        thread::park();
    }
}
