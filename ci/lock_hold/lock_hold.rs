//! How long the locks of this crate are held, in CPU time of the thread that holds them, by the place that took them.
//!
//! Only ci/lock_hold.sh builds it. The clock is a system call, so what a hold of nothing takes is measured too.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

/// Holds of so many nanoseconds go into one bucket.
const STEP: u64 = 10;
const BUCKETS: usize = 100_000;

static PLACES: Mutex<BTreeMap<&'static Location<'static>, Holds>> = Mutex::new(BTreeMap::new());

pub(crate) struct Hold {
    since: Option<u64>,
    place: &'static Location<'static>,
}

struct Holds {
    count: u64,
    longest: u64,
    buckets: Vec<u32>,
}

impl Hold {
    #[track_caller]
    pub(crate) fn begin() -> Self {
        Self {
            since: Some(thread_time()),
            place: Location::caller(),
        }
    }

    pub(crate) fn begin_again(&mut self) {
        self.since = Some(thread_time());
    }

    /// Once for each begin; again does nothing.
    pub(crate) fn end(&mut self) {
        let Some(since) = self.since.take() else {
            return;
        };
        note(self.place, thread_time() - since);
    }
}

fn note(place: &'static Location<'static>, nanos: u64) {
    let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    let holds = places.entry(place).or_insert_with(|| Holds {
        count: 0,
        longest: 0,
        buckets: vec![0; BUCKETS],
    });
    holds.count += 1;
    holds.longest = holds.longest.max(nanos);
    holds.buckets[((nanos / STEP) as usize).min(BUCKETS - 1)] += 1;
}

impl Holds {
    /// What this part of the holds did not take longer than.
    fn quantile(&self, part: f64) -> u64 {
        let wanted = (self.count as f64 * part).ceil() as u64;
        let mut seen = 0;
        let place = self.buckets.iter().position(|&count| {
            seen += u64::from(count);
            seen >= wanted
        });
        place.map_or(self.longest, |place| (place as u64 + 1) * STEP)
    }
}

#[expect(unsafe_code, reason = "the standard library has no clock of a thread's CPU time")]
fn thread_time() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: it gets a valid place to write to.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// A table in Markdown of all places, the one with the longest 999 of 1000 holds first.
pub fn report() -> String {
    use std::fmt::Write as _;
    // A hold of nothing, which every row has in it.
    for _ in 0..100_000 {
        Hold::begin().end();
    }
    let places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut rows: Vec<_> = places.iter().collect();
    rows.sort_by_key(|(_, holds)| std::cmp::Reverse(holds.quantile(0.999)));
    let mut table =
        String::from("| taken in | times | median | 99.9 % | longest |\n|---|---|---|---|---|\n");
    for (place, holds) in rows {
        let name = match place.file().rsplit_once("src/") {
            Some((_, "lock_hold.rs")) => "(a hold of nothing)".to_owned(),
            Some((_, file)) => format!("{file}:{}", place.line()),
            None => place.to_string(),
        };
        let _ = writeln!(
            table,
            "| {name} | {} | {} ns | {} ns | {} ns |",
            holds.count,
            holds.quantile(0.5),
            holds.quantile(0.999),
            holds.longest
        );
    }
    table
}
