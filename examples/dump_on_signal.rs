//! Look at what a running program has just done: `kill -USR1` makes it dump its ring.
//!
//! ```text
//! cargo run --example dump_on_signal            # dumps go to the temporary directory
//! cargo run --example dump_on_signal -- ./here  # ... or to a directory of yours
//! kill -USR1 $(pgrep dump_on_signal)            # in another terminal
//! ```
//!
//! You see where the dump is. Ctrl-C ends the program.

#[cfg(unix)]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::{env, path::PathBuf, time::Duration};

    use tokio::signal::unix::{SignalKind, signal};
    use tracing::{debug, error, info};

    let dir = env::args_os()
        .nth(1)
        .map_or_else(env::temp_dir, PathBuf::from);
    let recorder = circular_tracing::recorder("dump_on_signal").init()?;
    let mut asked = signal(SignalKind::user_defined1())?;
    debug!(?dir, "this is where dumps go");
    info!(pid = std::process::id(), "kill -USR1 this");
    let mut second = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = second.tick() => debug!("still here"),
            _ = tokio::signal::ctrl_c() => return Ok(()),
            _ = asked.recv() => {
                let dump = recorder.handle().dump_to(&dir).program("dump_on_signal");
                // It is written to a disk: not for a thread that serves.
                match tokio::task::spawn_blocking(|| dump.write()).await? {
                    Ok(report) => info!(records = report.records, path = ?report.path, "dumped"),
                    Err(error) => error!(%error, "no dump"),
                }
            }
        }
    }
}

#[cfg(not(unix))]
fn main() {}
