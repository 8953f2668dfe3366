//! How much is done: to know, or to see that it works.

use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) struct Effort {
    /// How often everything of a group is timed.
    pub(crate) rounds: usize,
    /// How long what one thread does is timed, about.
    pub(crate) alone: Duration,
    /// The same where there are more threads: they take a while to get into each other's way.
    pub(crate) together: Duration,
    /// Before each timing: what was begun before is done then.
    pub(crate) pause: Duration,
    /// Writes of which each is timed by itself.
    pub(crate) latencies: u32,
    /// Wake-ups in one timing.
    pub(crate) wakes: u32,
    /// What a ring holds, in bytes; the others hold as many records. It fits into a core's cache, so that
    /// what is compared is the work and not the memory.
    pub(crate) capacity: usize,
    /// What the ring holds that is caught up with: a ring's default.
    pub(crate) large: usize,
}

impl Effort {
    pub(crate) fn full() -> Effort {
        Effort {
            rounds: 31,
            alone: Duration::from_millis(3),
            together: Duration::from_millis(15),
            pause: Duration::from_millis(1),
            latencies: 20_000,
            wakes: 20,
            capacity: 1 << 20,
            large: 10 << 20,
        }
    }

    pub(crate) fn quick() -> Effort {
        Effort {
            rounds: 3,
            alone: Duration::from_micros(200),
            together: Duration::from_micros(500),
            pause: Duration::from_micros(50),
            latencies: 1_000,
            wakes: 2,
            capacity: 128 << 10,
            large: 1 << 20,
        }
    }
}
