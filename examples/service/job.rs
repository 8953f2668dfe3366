//! The background job: works twice a second and logs, so that there is something to watch.
//!
//! It is a plain thread, to show that the ring does not care who writes to it: tasks of the runtime,
//! threads, and libraries that know only the `log` crate.

use std::{
    io,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use tracing::{debug, info, warn};

const PERIOD: Duration = Duration::from_millis(500);

/// Works until it is dropped.
#[must_use = "the job ends when this is dropped"]
pub(crate) struct Job {
    _alive: Sender<()>,
}

/// Starts the job; every now and then it asks for the page at `url`.
pub(crate) fn start(url: String) -> io::Result<Job> {
    let (alive, stop) = mpsc::channel();
    // Not joined: it may be waiting for the page, and the exit does not wait for it.
    thread::Builder::new().name("job".into()).spawn(move || {
        let mut round = 0_u64;
        // Nothing is ever sent: either the time is up, or the other end is gone.
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(PERIOD) {
            round += 1;
            work(round);
            if round % 10 == 1 {
                probe(&url);
            }
        }
    })?;
    Ok(Job { _alive: alive })
}

fn work(round: u64) {
    let parcels = 3 + round * 7 % 5;
    debug!(round, parcels, "sorting");
    for parcel in 0..parcels {
        // Through the other facade, as a library would.
        log::debug!(
            "parcel {parcel} of round {round} goes to shelf {}",
            (round + parcel) % 4
        );
    }
    if round % 15 == 0 {
        warn!(round, "a shelf is nearly full");
    }
    info!(round, parcels, "sorted");
}

/// Asks the service for a page, as a health check would. The client logs through `log`.
fn probe(url: &str) {
    let client = ureq::Agent::config_builder()
        .timeout_global(Some(PERIOD))
        // The environment's proxy is for addresses elsewhere.
        .proxy(None)
        .build()
        .new_agent();
    match client.get(url).call() {
        Ok(response) => info!(status = response.status().as_u16(), "the service answers"),
        Err(error) => warn!(%error, "the service does not answer"),
    }
}
