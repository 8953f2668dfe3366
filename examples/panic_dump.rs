//! Have what led to a panic in a file: the DEBUG lines that nobody would keep, and the panic.
//!
//! ```text
//! cargo run --example panic_dump            # the dump goes to the temporary directory
//! cargo run --example panic_dump -- ./here  # ... or to a directory of yours
//! ```
//!
//! You see a thread's panic as always, and then the path of the dump. No line was printed before.

use std::{env, error::Error, fs, path::PathBuf, process, thread};

use circular_core::{PanicDump, Ring};
use circular_tracing::RingLayer;
use tracing::{debug, info};
use tracing_subscriber::{filter::LevelFilter, prelude::*};

#[expect(clippy::print_stdout, reason = "it tells where the dump is")]
fn main() -> Result<(), Box<dyn Error>> {
    let default = || env::temp_dir().join("circular-dumps");
    let dir = env::args_os().nth(1).map_or_else(default, PathBuf::from);
    // The hook makes no directory: a panic is a bad time to find out that it cannot.
    fs::create_dir_all(&dir)?;

    let ring = Ring::new(1 << 20)?;
    PanicDump::builder(&ring.handle())
        .dir(&dir)
        .program("panic_dump")
        .install();
    let record = RingLayer::new(ring).with_filter(LevelFilter::DEBUG);
    tracing_subscriber::registry().with(record).init();

    info!("started");
    let worker = thread::Builder::new().name("worker".into()).spawn(|| {
        let mut queue = vec!["bread", "milk", "eggs"];
        loop {
            let item = queue.pop().expect("the queue is never empty");
            debug!(item, left = queue.len(), "took one");
        }
    })?;
    // A panic ends its thread, not the program: there is time to look for the file.
    let panicked = worker.join().is_err();

    let mine = format!("panic_dump-{}-", process::id());
    for file in fs::read_dir(&dir)? {
        let file = file?;
        if panicked && file.file_name().to_string_lossy().starts_with(&mine) {
            println!("the dump is {}", file.path().display());
        }
    }
    Ok(())
}
