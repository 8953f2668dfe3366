//! A test that hangs must fail, and say so.

use std::io::{self, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// Ends the process, with a message, unless it is dropped before its time is over.
///
/// Nothing less helps: a thread that hangs cannot be ended, and whoever joins it hangs too. The time
/// is what no machine needs, however slow.
pub(crate) struct Watchdog(
    #[expect(dead_code, reason = "that it is dropped is what the thread waits for")] Sender<()>,
);

pub(crate) fn minutes(minutes: u64) -> Watchdog {
    let (alive, ended) = mpsc::channel::<()>();
    let name = thread::current().name().unwrap_or("a test").to_string();
    thread::spawn(move || {
        let over = ended.recv_timeout(Duration::from_secs(60 * minutes));
        if over == Err(RecvTimeoutError::Timeout) {
            // Past the harness, which keeps what tests print.
            let _ = writeln!(io::stderr(), "{name} hangs: not done after {minutes} min");
            std::process::abort();
        }
    });
    Watchdog(alive)
}
