//! The same as `quickstart`, for programs that log through the `log` crate, with key-values.
//!
//! ```text
//! cargo run --example log_facade
//! RUST_LOG=warn cargo run --example log_facade
//! ```
//!
//! You see what `RUST_LOG` lets pass on stderr, key-values as `key=value`, the last line included.

use std::{error::Error, io, time::Duration};

use circular_core::{Policy, Ring};
use log::{debug, info, warn};

fn main() -> Result<(), Box<dyn Error>> {
    let second = Duration::from_secs(1);
    let ring = Ring::builder().flush_at_exit(second).build()?;
    ring.handle()
        .reader()
        .policy(Policy::BlockFor(second))
        .spawn(io::stderr())?;

    // Installs the logger. `RUST_LOG` is its filter; without it, all down to DEBUG is recorded.
    circular_log::init(ring)?;

    info!("started");
    debug!(path = "settings.toml"; "reading the settings");
    info!(user = "ann", attempt = 2; "signed in");
    warn!(free_mib = 12, limit_mib = 100; "the disk is nearly full");
    info!("this is the last line");
    Ok(())
}
