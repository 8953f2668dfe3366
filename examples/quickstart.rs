//! Keep the last 10 MiB of a program's log in memory, print a part of it as it comes, lose no line at exit.
//!
//! ```text
//! cargo run --example quickstart
//! RUST_LOG=debug cargo run --example quickstart
//! ```
//!
//! You see INFO and above on stderr, the last line included, though `main` returns right after it.

use std::io;

use tracing::{debug, info, warn};

fn main() -> io::Result<()> {
    // When it is dropped, what was said last is printed.
    let _recorder = circular_tracing::recorder("quickstart")
        .record("debug") // or what QUICKSTART_RECORD says
        .console("info") // or what RUST_LOG says
        .init()?;

    info!("started");
    for attempt in 1..=3 {
        debug!(attempt, "connecting");
    }
    warn!(retries = 3, "no answer, giving up");
    info!("this is the last line");
    Ok(())
}
