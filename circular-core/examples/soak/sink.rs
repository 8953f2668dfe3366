//! Sinks, good ones and bad ones, each fed by a reader on a thread of its own.
//!
//! A sink ends as its manner says or by the close, and one that lasts until then has got everything
//! that passes its filter, but for what it was told it missed.

use crate::checker::Checker;
use crate::count::Count;
use crate::ledger::Ledger;
use crate::panics::{EXPECTED, expected_panic};
use crate::random::Random;
use crate::round::Round;
use crate::terms::Terms;
use crate::writer::Writer;
use circular_core::{Level, Policy, Ring, SinkError, Stats};
use std::io::{self, ErrorKind, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What a sink is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Steady,
    Stalls,
    TakesLittle,
    IsInterrupted,
    Logs,
    /// When it has taken so many bytes.
    Fails(u64),
    Panics(u64),
    Closes(u64),
}

struct Sink {
    manner: Manner,
    round: Arc<Round>,
    random: Random,
    got: Arc<Mutex<Got>>,
    /// For one that logs.
    writer: Option<Writer>,
}

/// What a sink was given.
struct Got {
    checker: Checker,
    taken: u64,
}

/// A sink that is being fed, on a thread of its own.
pub(crate) struct Feeding {
    manner: Manner,
    reader: FeedingReader,
    got: Arc<Mutex<Got>>,
    thread: JoinHandle<thread::Result<io::Result<u64>>>,
}

/// What is known of the reader that feeds a sink.
struct FeedingReader {
    policy: Policy,
    least: Option<Level>,
    joined: Count,
}

pub(crate) fn start(round: &Arc<Round>, ring: &Ring, random: &mut Random) -> Feeding {
    let manner = manner(random);
    let terms = Terms::new(round, random);
    let reader = terms.builder(&round.handle).open();
    let joined = terms.joined(reader.cursor(), reader.missed());
    let got = Arc::new(Mutex::new(Got {
        checker: Checker::new(joined.records == 0, terms.least, true),
        taken: 0,
    }));
    let logs = manner == Manner::Logs;
    let sink = Sink {
        manner,
        round: Arc::clone(round),
        random: random.split(),
        got: Arc::clone(&got),
        writer: logs.then(|| Writer::new(Arc::clone(round), ring.clone())),
    };
    let feed = move || catch_unwind(AssertUnwindSafe(|| reader.write_to(sink)));
    Feeding {
        manner,
        reader: FeedingReader {
            policy: terms.policy,
            least: terms.least,
            joined,
        },
        got,
        thread: thread::spawn(feed),
    }
}

fn manner(random: &mut Random) -> Manner {
    let after = random.below(300_000);
    match random.below(20) {
        0..4 => Manner::Stalls,
        4..7 => Manner::TakesLittle,
        7..9 => Manner::IsInterrupted,
        9..12 => Manner::Logs,
        12..14 => Manner::Fails(after),
        14..16 => Manner::Panics(after),
        16 => Manner::Closes(10 * after),
        _ => Manner::Steady,
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.round.moves.fetch_add(1, Relaxed);
        let taken = lock(&self.got).taken;
        let random = &mut self.random;
        let mut accepted = bytes.len();
        match self.manner {
            Manner::Stalls if random.once_in(8) => {
                thread::sleep(Duration::from_micros(random.below(20_000)));
            }
            Manner::TakesLittle => {
                let some = random.below(bytes.len() as u64) + 1;
                accepted = usize::try_from(some).unwrap_or(accepted);
            }
            Manner::IsInterrupted if random.once_in(3) => {
                return Err(ErrorKind::Interrupted.into());
            }
            Manner::Logs if random.once_in(4) => self.log(),
            Manner::Fails(after) if taken >= after => {
                return Err(io::Error::new(ErrorKind::StorageFull, EXPECTED));
            }
            Manner::Panics(after) if taken >= after => expected_panic(),
            Manner::Closes(after) if taken >= after => self.round.handle.close(),
            _ => {}
        }
        let mut got = lock(&self.got);
        got.checker.take(&bytes[..accepted]);
        got.taken += accepted as u64;
        Ok(accepted)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.manner == Manner::Logs && self.random.once_in(20) {
            self.log();
        }
        Ok(())
    }
}

impl Sink {
    /// Writes to the ring that it is a sink of, and asks for what would wait for itself.
    fn log(&mut self) {
        let handle = &self.round.handle;
        handle.flush();
        assert!(!handle.flush_timeout(Duration::from_secs(3600)));
        assert!(!handle.join_timeout(Duration::from_secs(3600)));
        if let Some(writer) = &mut self.writer {
            writer.write(&mut self.random);
        }
    }
}

impl Feeding {
    /// The round is over: checks how it ended and what it got, and tells how much it missed.
    pub(crate) fn finish(self, ledger: &Ledger, stats: &Stats) -> u64 {
        let Self {
            manner,
            reader,
            got,
            thread,
        } = self;
        let ended = thread.join().expect("no panic gets this far");
        let mut got = lock(&got);
        let missed = got.checker.missed.records;
        match ended {
            Err(_) => assert!(matches!(manner, Manner::Panics(_))),
            Ok(Err(error)) => {
                assert!(matches!(manner, Manner::Fails(_)), "{error}");
                assert_eq!(error.kind(), ErrorKind::StorageFull);
                let inner = error
                    .get_ref()
                    .and_then(|inner| inner.downcast_ref::<SinkError>());
                assert_eq!(inner.map(|inner| inner.bytes), Some(got.taken));
            }
            Ok(Ok(bytes)) => {
                assert_eq!(bytes, got.taken);
                got.checker.finish(ledger);
                reader.check_bytes(&got.checker, stats);
            }
        }
        missed
    }
}

impl FeedingReader {
    /// What it got and what it missed is what was written since it joined.
    fn check_bytes(&self, checker: &Checker, stats: &Stats) {
        let had = self.joined.bytes + checker.delivered + checker.missed.bytes;
        let least = had - checker.doubtful;
        if self.least.is_some() {
            assert!(
                least <= stats.bytes,
                "a sink got {least} of {}",
                stats.bytes
            );
        } else {
            let exact = least <= stats.bytes && stats.bytes <= had;
            assert!(exact, "a sink got {least} to {had} of {}", stats.bytes);
        }
        if self.policy == Policy::Block && self.joined.records == 0 {
            let told = checker.missed.is_empty() || stats.overtakes > 0;
            assert!(
                told,
                "a sink that is waited for missed {:?}",
                checker.missed
            );
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
