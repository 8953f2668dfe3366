//! Everything at once, for as long as one likes: `soak [SECONDS] [SEED]`.
//!
//! Rings are made and closed, writers and readers of every policy come and go, sinks stall, fail,
//! panic, log into the ring they read and close it, and snapshots are taken meanwhile. Every record
//! tells its writer, its number and a checksum, and everything that arrives is checked: what is
//! delivered was written, whole; delivered, filtered out and missed are together what was written;
//! whoever is waited for gets everything in order and once, but for what it is told it missed.
//!
//! It ends with a line of figures, or with status 1 and what was wrong: an invariant that does not
//! hold, nothing that moves for half a minute, a resident size that grows. What the threads do to
//! each other depends on the machine, so a seed makes a run like another one, not the same.

mod account;
mod checker;
mod count;
mod crew;
mod figures;
mod ledger;
mod numbers;
mod panics;
mod random;
mod reader;
mod resident;
mod round;
mod scenario;
mod sink;
mod source;
mod stamp;
mod steady;
mod terms;
mod writer;

#[path = "../../tests/common/block_on.rs"]
mod block_on;
#[path = "../../tests/common/progress.rs"]
mod progress;

use figures::Figures;
use progress::Progress;
use random::Random;
use resident::Resident;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, process, thread};

/// Rings at once.
const TRACKS: u64 = 2;
/// Without a move for so long, something hangs.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() {
    let mut arguments = env::args().skip(1);
    let mut number = |otherwise| {
        let argument = arguments.next();
        argument.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| usage()))
    };
    let duration = Duration::from_secs(number(60));
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seed = number(now.unwrap_or_default().as_secs());
    say(&format!("soak: {duration:?}, seed {seed}"));
    panics::fail_on_others(say);
    soak(duration, seed);
}

fn usage() -> ! {
    say("usage: soak [SECONDS] [SEED]");
    process::exit(2);
}

fn soak(duration: Duration, seed: u64) {
    let began = Instant::now();
    let mut random = Random::new(seed);
    let figures = Arc::new(Mutex::new(Figures::default()));
    let mut tracks = Vec::new();
    for _ in 0..TRACKS {
        let (figures, mut random) = (Arc::clone(&figures), random.split());
        let moves = Arc::new(AtomicU64::new(0));
        let track = {
            let moves = Arc::clone(&moves);
            thread::spawn(move || {
                while began.elapsed() < duration {
                    scenario::run(&mut random, &moves, &figures);
                }
            })
        };
        tracks.push(Track {
            thread: track,
            moves,
            last: (0, Instant::now()),
        });
    }
    let mut resident = Resident::new(duration);
    let mut progress = Progress::on_stderr();
    while tracks.iter().any(|track| !track.thread.is_finished()) {
        resident.look(began.elapsed());
        tracks.iter_mut().for_each(Track::check);
        progress.show(|| {
            let seconds = began.elapsed().as_secs();
            format!("soak: {seconds} of {} s", duration.as_secs())
        });
        thread::sleep(Duration::from_millis(50));
    }
    progress.clear();
    let figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
    let highest = resident.highest;
    let means = resident.means().map_or(String::new(), |(early, late)| {
        format!(", mean {early} KiB early, {late} KiB late")
    });
    say(&format!(
        "soak: {figures}, peak resident size {highest} KiB{means}"
    ));
    resident.check();
}

/// A ring after the other.
struct Track {
    thread: thread::JoinHandle<()>,
    moves: Arc<AtomicU64>,
    /// How many moves there were, and since when.
    last: (u64, Instant),
}

impl Track {
    fn check(&mut self) {
        let moves = self.moves.load(Relaxed);
        if moves != self.last.0 || self.thread.is_finished() {
            self.last = (moves, Instant::now());
        }
        assert!(
            self.last.1.elapsed() < PATIENCE,
            "nothing moves for {PATIENCE:?}"
        );
    }
}

fn say(line: &str) {
    // Where nobody listens there is nobody to tell.
    let _ = writeln!(io::stdout(), "{line}");
}
