//! What happens in a round: a ring is made, used by everybody, looked at meanwhile, and closed.
//!
//! Whoever still reads must end by the close, and only then is it known what was written: so all
//! checks that need that come last.

use crate::checker::Checker;
use crate::crew::Crew;
use crate::figures::Figures;
use crate::random::Random;
use crate::round::Round;
use crate::steady::Steady;
use circular_core::Ring;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

const CAPACITIES: [usize; 4] = [4 << 10, 12 << 10, 64 << 10, 128 << 10];
/// Nothing takes this long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a ring until it is closed, checks what everybody got, and adds it up.
pub(crate) fn run(random: &mut Random, moves: &Arc<AtomicU64>, figures: &Mutex<Figures>) {
    let capacity = random.pick(&CAPACITIES);
    let ring = Ring::new(capacity).expect("memory for a ring");
    let round = Arc::new(Round::new(ring.handle(), moves));
    let until = Instant::now() + Duration::from_millis(100 + random.below(1400));
    let steady = (!random.once_in(3)).then(|| Steady::start(&round));
    let mut crew = Crew::default();
    while Instant::now() < until && !round.handle.is_closed() {
        crew.forget_ended();
        crew.hire(&round, &ring, random);
        look(&round, steady.as_ref(), random);
        thread::sleep(Duration::from_micros(random.below(20_000)));
    }
    close(&round, ring, &mut crew, random);
    let all_ended = round.handle.join_timeout(PATIENCE);
    assert!(
        all_ended,
        "a reader has not ended after close: {:?}",
        round.handle.stats()
    );
    crew.finish(&round, figures);
    if let Some(steady) = steady {
        steady.finish(&round);
    }
    add_up(&round, figures);
}

/// Looks at the ring while others use it.
fn look(round: &Round, steady: Option<&Steady>, random: &mut Random) {
    match random.below(4) {
        0 => {
            let snapshot = round.handle.snapshot();
            let mut checker = Checker::new(false, None, false);
            let mut seqs = snapshot.records().map(|record| record.seq());
            let first = seqs.next().unwrap_or(0);
            assert!(
                seqs.eq(first + 1..first + (snapshot.record_count() as u64).max(1)),
                "a gap"
            );
            checker.take(snapshot.bytes());
        }
        1 => {
            let before = round.handle.stats().bytes;
            round.handle.flush();
            if let Some(steady) = steady {
                steady.check_flushed(before);
            }
        }
        2 => {
            round
                .handle
                .flush_timeout(Duration::from_micros(random.below(3000)));
        }
        _ => {}
    }
}

/// Either by a call, or because nobody can write any more.
fn close(round: &Arc<Round>, ring: Ring, crew: &mut Crew, random: &mut Random) {
    if random.once_in(2) {
        round.stop.store(true, Relaxed);
        crew.join_writers();
        drop(ring);
        // A sink that logs may still have a clone.
        if round.handle.is_closed() {
            return;
        }
    }
    round.handle.close();
}

fn add_up(round: &Round, figures: &Mutex<Figures>) {
    let stats = round.handle.stats();
    let mut figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
    figures.rounds += 1;
    figures.records += stats.written;
    figures.bytes += stats.bytes;
    figures.laps += stats.bytes / stats.capacity;
    figures.demotions += stats.demotions;
    figures.overtakes += stats.overtakes;
    figures.waits += stats.waits.count;
    figures.longest_wait = figures.longest_wait.max(stats.waits.longest);
}
