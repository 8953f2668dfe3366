//! The same as `quickstart`, for programs that log through the `log` crate, with key-values.
//!
//! ```text
//! cargo run --example log_facade
//! RUST_LOG=warn cargo run --example log_facade
//! ```
//!
//! You see what `RUST_LOG` lets pass on stderr, key-values as `key=value`, the last line included.

use std::io;

use log::{debug, info, warn};

fn main() -> io::Result<()> {
    // Keeps DEBUG, prints INFO or what `RUST_LOG` says.
    let _recorder = circular_log::recorder("log_facade").init()?;

    info!("started");
    debug!(path = "settings.toml"; "reading the settings");
    info!(user = "ann", attempt = 2; "signed in");
    warn!(free_mib = 12, limit_mib = 100; "the disk is nearly full");
    info!("this is the last line");
    Ok(())
}
