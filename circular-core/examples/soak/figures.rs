//! What the soak has done, in one line.

use std::fmt;
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Figures {
    /// Rings from their making to their close.
    pub(crate) rounds: u64,
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    /// How often rings were filled.
    pub(crate) laps: u64,
    pub(crate) demotions: u64,
    pub(crate) overtakes: u64,
    /// Records, by all readers together.
    pub(crate) missed: u64,
    pub(crate) waits: u64,
    pub(crate) longest_wait: Duration,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "rounds {}, records {}, bytes {}, laps {}, demotions {}, overtakes {}, missed {}, \
             waits {}, longest wait {:.1} ms",
            self.rounds,
            self.records,
            self.bytes,
            self.laps,
            self.demotions,
            self.overtakes,
            self.missed,
            self.waits,
            self.longest_wait.as_secs_f64() * 1000.0
        )
    }
}
