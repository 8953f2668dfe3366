//! Who works in a round: writers, readers and sinks, each on a thread of its own.
//!
//! They come until there are enough, and writers and readers who leave make room for others. What
//! each reader and sink got is kept until the round is over, and checked then.

use crate::account::Account;
use crate::figures::Figures;
use crate::random::Random;
use crate::reader::Following;
use crate::round::Round;
use crate::source::Kind;
use crate::{sink, writer};
use circular_core::Ring;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// At once.
const WRITERS: usize = 3;
/// At once, sinks among them.
const READERS: usize = 5;

#[derive(Default)]
pub(crate) struct Crew {
    writers: Vec<JoinHandle<()>>,
    readers: Vec<JoinHandle<Account>>,
    sinks: Vec<sink::Feeding>,
    done: Vec<Account>,
}

impl Crew {
    pub(crate) fn hire(&mut self, round: &Arc<Round>, ring: &Ring, random: &mut Random) {
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
        let following = Following::join(round, kind, random);
        let (round, mut random) = (Arc::clone(round), random.split());
        let hired = move || following.run(&round, &mut random);
        self.readers.push(thread::spawn(hired));
    }

    /// Those who left by themselves make room for others.
    pub(crate) fn forget_ended(&mut self) {
        take_ended(&mut self.writers).for_each(join);
        self.done.extend(take_ended(&mut self.readers).map(join));
    }

    /// Waits for the writers, who end when they are told to stop or the ring is closed.
    pub(crate) fn join_writers(&mut self) {
        self.writers.drain(..).for_each(join);
    }

    /// Checks what everybody got, now that it is known what was written.
    pub(crate) fn finish(&mut self, round: &Round, figures: &Mutex<Figures>) {
        self.join_writers();
        self.done.extend(self.readers.drain(..).map(join));
        let stats = round.handle.stats();
        let mut missed = 0;
        for account in &mut self.done {
            account.finish(&round.ledger, &stats);
            missed += account.checker.missed.records;
        }
        for feeding in self.sinks.drain(..) {
            missed += feeding.finish(&round.ledger, &stats);
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
