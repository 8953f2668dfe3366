//! Models of what must always hold, run by loom on the real code: `ci/models.sh`.
//!
//! Records are three words, header, time and payload, each of which tells which record it is; rings
//! hold two or four. Loom knows no time: a nap ends at once, and a deadline is a thread that fires
//! at any step. Where a wake-up is what a model is about, nothing is closed that would wake everybody.
//!
//! What threads of a model tell each other goes through loom's types: the standard library's would
//! order what the code under test does not.

mod loom_close;
mod loom_copy;
mod loom_demotion;
mod loom_failure;
mod loom_flush;
mod loom_overwritten;
mod loom_own_ring;
mod loom_room;
mod loom_tasks;
mod loom_trigger;

use crate::format::word::WORD;
use crate::memory::payload::Slices;
use crate::read::core::{Outcome, ReaderCore};
use crate::read::idle::Idle;
use crate::record::Record;
use crate::record::level::Level;
use crate::record::meta::Meta;
use crate::ring::policy::{Policy, Start};
use crate::ring::shared::Shared;
use crate::select::Select;
use crate::sys::sync::{self, Condvar};
use crate::tape::Tape;
use crate::tape::batch::Records;
use loom::thread::{self, JoinHandle};
use std::io::IoSlice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// Words in a record of the models.
const RECORD: usize = 3;
/// A model that takes longer fails: it has grown beyond what anybody waits for.
const LIMIT: Duration = Duration::from_secs(600);

/// A ring that holds this many records.
fn ring(records: usize) -> Arc<Shared> {
    let tape = Tape::on_heap(records * RECORD * WORD).unwrap();
    Arc::new(Shared::with_tape(tape))
}

/// Writes the record that `name` names in each of its words; false if it was refused.
fn write(shared: &Shared, name: u8) -> bool {
    write_words(shared, name, 1)
}

/// The same with a payload of so many words.
fn write_words(shared: &Shared, name: u8, words: usize) -> bool {
    let time = UNIX_EPOCH + Duration::from_nanos(u64::from(name));
    let bytes = vec![name; words * WORD];
    let payload = [IoSlice::new(&bytes)];
    let written = shared.write(Meta::new().time(time), Slices::new(&payload));
    written.is_ok()
}

/// Writes a record of a level, which the others have not.
fn write_info(shared: &Shared) {
    let payload = [IoSlice::new(&[0; WORD])];
    let meta = Meta::new().level(Level::Info);
    shared.write(meta, Slices::new(&payload)).unwrap();
}

/// A thread that writes the records that `names` name.
fn writer<const COUNT: usize>(shared: &Arc<Shared>, names: [u8; COUNT]) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        for name in names {
            assert!(write(&shared, name), "refused");
        }
    })
}

/// The name of a record that is whole, or a panic.
fn name(record: Record<'_>) -> u8 {
    let name = record.bytes()[0];
    assert_eq!(record.bytes(), [name; WORD], "torn payload");
    let nanos = record.time().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    assert_eq!(nanos, u128::from(name), "torn time");
    name
}

fn reader(shared: &Arc<Shared>, policy: Policy) -> ReaderCore {
    reader_of(shared, Start::Oldest, policy, Select::default())
}

fn reader_of(shared: &Arc<Shared>, start: Start, policy: Policy, select: Select) -> ReaderCore {
    ReaderCore::join(Arc::clone(shared), start, policy, select, true).unwrap()
}

/// What a reader got.
#[derive(Debug, Default, PartialEq, Eq)]
struct Got {
    names: Vec<u8>,
    missed: u64,
}

impl Got {
    fn total(&self) -> u64 {
        self.names.len() as u64 + self.missed
    }

    /// Takes one batch, and makes sure that seq and what is told as missed agree.
    fn take(&mut self, core: &mut ReaderCore, first_seq: u64) {
        self.missed += core.take_untold().records;
        for record in Records::new(core.buffer()) {
            assert_eq!(record.seq() - first_seq, self.total(), "a gap or a double");
            self.names.push(name(record));
        }
    }
}

/// Reads until so many records were delivered or missed, and sleeps for each.
fn read(core: &mut ReaderCore, total: u64) -> Got {
    let mut got = Got::default();
    let first_seq = core.cursor().seq;
    while got.total() < total {
        assert_eq!(core.recv(Idle::Sleep { until: None }), Outcome::Batch);
        got.take(core, first_seq);
    }
    got
}

/// Reads until the ring is closed.
fn read_all(mut core: ReaderCore) -> Got {
    let mut got = Got::default();
    let first_seq = core.cursor().seq;
    loop {
        match core.recv(Idle::Sleep { until: None }) {
            Outcome::Batch => got.take(&mut core, first_seq),
            Outcome::Drained => unreachable!("it sleeps"),
            Outcome::Ended => return got,
        }
    }
}

/// Asserts that `names` has all that one writer wrote, in order.
fn assert_in_order(names: &[u8], written: &[u8]) {
    let own = names.iter().copied().filter(|name| written.contains(name));
    assert_eq!(own.collect::<Vec<_>>(), written);
}

/// Lets deadlines be over, for those who wait on `variable`.
fn end_time(shared: &Shared, variable: &Condvar) {
    let state = shared.lock().unwrap();
    sync::model_time::end();
    drop(state);
    variable.notify_all();
}

/// A case that a model is there for; in one of its executions it must occur.
#[derive(Clone)]
struct Case {
    what: &'static str,
    /// Not loom's: it outlives the executions, and only tells of them.
    occurred: Arc<AtomicBool>,
}

impl Case {
    fn occurred_if(&self, occurred: bool) {
        self.occurred.fetch_or(occurred, Relaxed);
    }
}

/// Runs a model through all its executions, with preemptions bounded, unless the environment bounds
/// them otherwise, and says how many that were.
fn model<const CASES: usize>(
    preemptions: Option<usize>,
    cases: [&'static str; CASES],
    run: impl Fn(&[Case; CASES]) + Sync + Send + 'static,
) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(preemptions);
    builder.max_branches = 10_000;
    let bound = builder.preemption_bound;
    let cases = cases.map(|what| Case {
        what,
        occurred: Arc::default(),
    });
    let executions = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    builder.check({
        let (cases, executions) = (cases.clone(), Arc::clone(&executions));
        move || {
            executions.fetch_add(1, Relaxed);
            assert!(began.elapsed() < LIMIT, "not done after {LIMIT:?}");
            run(&cases);
        }
    });
    report(bound, executions.load(Relaxed), began.elapsed());
    for case in cases {
        assert!(case.occurred.load(Relaxed), "never {}", case.what);
    }
}

#[expect(clippy::print_stdout, reason = "it is what a model's run says")]
fn report(bound: Option<usize>, executions: u64, took: Duration) {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or_default();
    let name = name.rsplit("loom_").next().unwrap_or_default();
    let bound = bound.map_or("no bound".into(), |bound| format!("up to bound {bound}"));
    println!("checked {bound}: {name}: {executions} executions, {took:.1?}");
}
