//! What a ring has done so far.

use crate::record::missed::Missed;
use crate::ring::policy::Policy;
use crate::ring::shared::Shared;
use crate::tape::position::Position;
use crate::tape::recording::Recording;
use crate::time::clock;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// How often the oldest record is looked for, which is done without the lock, while writers overwrite all
/// that there was.
const TRIES: u32 = 4;

/// What a ring has done since it was made, and how its readers are now. From
/// [`Handle::stats`](crate::Handle::stats).
///
/// In a forked child only `capacity` and `refused` are known.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Bytes that records with their headers can take.
    pub capacity: u64,
    /// Records written. Each part of one that went through in parts counts.
    pub written: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many of the records are gone from the ring.
    pub overwritten: u64,
    /// Writes that were refused: after close, or in a forked child.
    pub refused: u64,
    /// How often and how long writes have waited for room; a wait that goes on is not in yet.
    pub waits: Waits,
    /// Writes that would have had to wait but could not, in a sink or in a panic, and overtook a
    /// lossless reader.
    pub overtakes: u64,
    /// Readers that were demoted to [`Policy::Skip`].
    pub demotions: u64,
    /// Readers that ended because their sink failed or panicked.
    pub failed_sinks: u64,
    /// How often memory of the ring's file was gone, as somebody had cut it or its disk was full, and the program has gone on
    /// with memory of its own: see [`RingBuilder::crash_note`](crate::RingBuilder::crash_note).
    pub lost_memory: u64,
    /// What all readers missed, those that have left included.
    pub missed: Missed,
    /// The readers that there are, or some of them if there is no memory for all.
    pub readers: Vec<ReaderStats>,
    /// How old the oldest record is; `None` if there is none.
    pub oldest_age: Option<Duration>,
}

/// Waits of writers for room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waits {
    /// How many.
    pub count: u64,
    /// How long all of them took together, the time in line included.
    pub total: Duration,
    /// How long the longest took.
    pub longest: Duration,
}

/// How one reader is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ReaderStats {
    /// Its number: how many joined before it.
    pub id: u64,
    /// The policy that it was opened with.
    pub policy: Policy,
    /// Whether it was demoted to [`Policy::Skip`].
    pub demoted: bool,
    /// Whether its sink fails, and is [tried again](crate::OnError::TryAgain): nobody waits for it meanwhile.
    pub failing: bool,
    /// Records that it has not copied yet.
    pub lag_records: u64,
    /// Their bytes.
    pub lag_bytes: u64,
    /// What it missed in all.
    pub missed: Missed,
}

pub(crate) fn take(shared: &Shared) -> Stats {
    let mut stats = Stats {
        capacity: shared.tape.capacity(),
        refused: shared.refused.load(Relaxed),
        lost_memory: shared.tape.lost().count(),
        ..Stats::default()
    };
    for tries_left in (0..TRIES).rev() {
        let is_last = tries_left == 0;
        let Some(head) = read_state(shared, &mut stats) else {
            break;
        };
        stats.written = head.seq;
        stats.bytes = head.bytes;
        let oldest = shared.tape.entry_from(0, head.offset);
        let oldest = oldest.map(|entry| entry.position);
        stats.overwritten = oldest.map_or(head.seq, |position| position.seq);
        let time = oldest.and_then(|position| time_of(shared, position, head));
        let time = time.or_else(|| time_of_oldest(shared).filter(|_| is_last));
        let age = |nanos| Duration::from_nanos(clock::now().saturating_sub(nanos));
        stats.oldest_age = time.map(age);
        if time.is_some() || head.seq == 0 {
            break;
        }
    }
    stats
}

/// The time of the record at `position`, if that is still there.
fn time_of(shared: &Shared, position: Position, head: Position) -> Option<u64> {
    let (_, stamp, _) = shared.tape.step(position, head.offset)?;
    let is_gone = shared.tape.is_overtaken(position.offset, head.offset);
    (!is_gone).then_some(stamp.nanos)
}

/// The same of the oldest record, under the lock, where no writer overtakes it. It takes a look at one entry of the
/// index or two.
fn time_of_oldest(shared: &Shared) -> Option<u64> {
    let state = shared.lock()?;
    let head = state.head.position;
    let oldest = shared.tape.entry_from(0, head.offset)?;
    time_of(shared, oldest.position, head)
}

/// Copies what the lock guards, and tells the head.
fn read_state(shared: &Shared, stats: &mut Stats) -> Option<Position> {
    loop {
        stats.readers.clear();
        // Memory for the list comes before the lock, so that none is asked for under it.
        let readers = shared.lock()?.readers.len();
        let is_there = readers == 0 || stats.readers.try_reserve(readers + 4).is_ok();
        let mut state = shared.lock()?;
        shared.tape.mend(&mut state.head);
        let room = stats.readers.capacity();
        if state.readers.len() > room && is_there {
            continue;
        }
        let head = state.head.position;
        stats.missed = state.counts.missed_by_left;
        for entry in state.readers.iter() {
            stats.missed += entry.missed;
        }
        stats
            .readers
            .extend(state.readers.iter().take(room).map(|entry| {
                let lag = head.missed_since(entry.position.seq, entry.position.bytes);
                ReaderStats {
                    id: entry.number,
                    policy: entry.policy,
                    demoted: entry.demoted,
                    failing: entry.fails,
                    lag_records: lag.records,
                    lag_bytes: lag.bytes,
                    missed: entry.missed,
                }
            }));
        stats.waits = Waits {
            count: state.counts.waits,
            total: state.counts.waited,
            longest: state.counts.longest,
        };
        stats.overtakes = state.counts.overtakes;
        stats.demotions = state.counts.demotions;
        stats.failed_sinks = state.counts.failed_sinks;
        return Some(head);
    }
}
