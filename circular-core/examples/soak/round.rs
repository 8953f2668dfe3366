//! One ring, from its making to its close, and all who write to it and read it.

use crate::figures::Figures;
use crate::random::Random;
use crate::reader::{self, Kind};
use crate::sink;
use crate::writer::{self, Ledger};
use crate::{checker::Checker, steady};
use circular_core::{Cursor, Handle, Ring};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const CAPACITIES: [usize; 4] = [4 << 10, 12 << 10, 64 << 10, 128 << 10];
/// At once.
const WRITERS: usize = 3;
const READERS: usize = 5;
/// Nothing takes this long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// What all threads of a round share.
pub(crate) struct Round {
    pub(crate) handle: Handle,
    pub(crate) ledger: Ledger,
    /// Where readers left off, for others to go on from.
    pub(crate) cursors: Mutex<Vec<Cursor>>,
    /// Writers end.
    pub(crate) stop: AtomicBool,
    /// Changes whenever something moves.
    pub(crate) moves: Arc<AtomicU64>,
}

/// Runs a ring until it is closed, checks what everybody got, and adds it up.
pub(crate) fn run(random: &mut Random, moves: &Arc<AtomicU64>, figures: &Mutex<Figures>) {
    let capacity = random.pick(&CAPACITIES);
    let ring = Ring::new(capacity).expect("memory for a ring");
    let round = Arc::new(Round {
        handle: ring.handle(),
        ledger: Ledger::default(),
        cursors: Mutex::default(),
        stop: AtomicBool::new(false),
        moves: Arc::clone(moves),
    });
    let until = Instant::now() + Duration::from_millis(100 + random.below(1400));
    let steady = (!random.once_in(3)).then(|| steady::Steady::start(&round));
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
fn look(round: &Round, steady: Option<&steady::Steady>, random: &mut Random) {
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
        crew.writers.drain(..).for_each(join);
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

/// The threads of a round.
#[derive(Default)]
struct Crew {
    writers: Vec<JoinHandle<()>>,
    readers: Vec<JoinHandle<reader::Account>>,
    sinks: Vec<sink::Feeding>,
    done: Vec<reader::Account>,
}

impl Crew {
    fn hire(&mut self, round: &Arc<Round>, ring: &Ring, random: &mut Random) {
        if self.writers.len() < WRITERS && !random.once_in(4) {
            let (round, ring, mut random) = (Arc::clone(round), ring.clone(), random.split());
            let hired = move || writer::run(&round, &ring, &mut random);
            self.writers.push(thread::spawn(hired));
        }
        if self.readers.len() + self.sinks.len() >= READERS {
            return;
        }
        match random.below(3) {
            0 => self.sinks.push(sink::start(round, ring, random)),
            1 => self.read(round, Kind::Blocking, random),
            _ => self.read(round, Kind::Task, random),
        }
    }

    fn read(&mut self, round: &Arc<Round>, kind: Kind, random: &mut Random) {
        let following = reader::Following::join(round, kind, random);
        let (round, mut random) = (Arc::clone(round), random.split());
        let hired = move || following.run(&round, &mut random);
        self.readers.push(thread::spawn(hired));
    }

    /// Those who left by themselves make room for others.
    fn forget_ended(&mut self) {
        take_ended(&mut self.writers).for_each(join);
        self.done.extend(take_ended(&mut self.readers).map(join));
    }

    /// Checks what everybody got, now that it is known what was written.
    fn finish(&mut self, round: &Round, figures: &Mutex<Figures>) {
        self.writers.drain(..).for_each(join);
        self.done.extend(self.readers.drain(..).map(join));
        let stats = round.handle.stats();
        let mut missed = 0;
        for account in &mut self.done {
            account.finish(round, &stats);
            missed += account.checker.missed.records;
        }
        for feeding in self.sinks.drain(..) {
            missed += feeding.finish(round, &stats);
        }
        let mut figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
        figures.missed += missed;
    }
}

fn take_ended<T>(threads: &mut Vec<JoinHandle<T>>) -> impl Iterator<Item = JoinHandle<T>> {
    let (ended, running) = threads.drain(..).partition(JoinHandle::is_finished);
    *threads = running;
    let ended: Vec<_> = ended;
    ended.into_iter()
}

/// A thread that panics by mistake has ended the program.
fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().expect("no panic gets this far")
}
