//! Keep what led to an error: DEBUG is only remembered, and goes to a file when an ERROR comes.
//!
//! ```text
//! cargo run --example dump_on_error            # dumps go to the temporary directory
//! cargo run --example dump_on_error -- ./here  # ... or to a directory of yours
//! ```
//!
//! You see the errors, and at the end the paths of the dumps. The first is made as soon as the first
//! error comes. For the next one it is too early then, so it waits, here until the program ends, and
//! has only what the first has not.

use std::{env, error::Error, fs, io, path::PathBuf, process, thread, time::Duration};

use circular_core::{DumpTrigger, Level, Policy, Ring};
use circular_tracing::RingLayer;
use tracing::{debug, error, info};
use tracing_subscriber::{filter::LevelFilter, prelude::*};

const SECOND: Duration = Duration::from_secs(1);

#[expect(clippy::print_stdout, reason = "it tells where the dumps are")]
fn main() -> Result<(), Box<dyn Error>> {
    let default = || env::temp_dir().join("circular-dumps");
    let dir = env::args_os().nth(1).map_or_else(default, PathBuf::from);
    fs::create_dir_all(&dir)?;

    // `flush_at_exit` is for a program that does not close its ring: what waits is dumped then.
    let ring = Ring::builder().flush_at_exit(SECOND).build()?;
    let handle = ring.handle();
    let console = handle.reader().at_least(Level::Warn);
    console
        .policy(Policy::BlockFor(SECOND))
        .spawn(io::stderr())?;
    let trigger = DumpTrigger::builder(&handle)
        .dir(&dir)
        .program("dump_on_error")
        .start()?;
    let record = RingLayer::new(ring)
        .dump_on(trigger.clone())
        .with_filter(LevelFilter::DEBUG);
    tracing_subscriber::registry().with(record).init();

    info!("started");
    for order in 1..=6 {
        deliver(order);
    }
    info!("stopping");

    // Only to tell of the dumps: a program that does not need that just returns.
    handle.close();
    handle.join_timeout(SECOND);
    let stats = trigger.stats();
    println!("{} dumps made, {} failed", stats.dumps, stats.failed);
    let mine = format!("dump_on_error-{}-", process::id());
    for file in fs::read_dir(&dir)? {
        let file = file?;
        if file.file_name().to_string_lossy().starts_with(&mine) {
            println!("a dump is {}", file.path().display());
        }
    }
    Ok(())
}

/// Work that is only interesting when it fails.
fn deliver(order: u32) {
    debug!(order, "looking up the address");
    thread::sleep(Duration::from_millis(20));
    debug!(order, "packed");
    if order % 3 == 0 {
        error!(order, "no such address");
    }
}
