//! Where a response begins: the oldest record, a time, a cursor, or the newest so many.

use std::collections::VecDeque;

use circular_core::{Cursor, Missed, Start};
use circular_view::Selection;
use tokio::task;

use crate::viewer::log::{Log, Search};
use crate::viewer::turn::Turn;

/// How many places are remembered while the newest so many are looked for.
const MARKS: u64 = 1024;

/// How many records are looked at for each that is wanted, and how many times as many if that was not enough.
const WINDOW: u64 = 16;

/// It is not worth while to look at fewer.
const LEAST_WINDOW: u64 = 4096;

/// Where a response begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begin {
    pub(crate) start: Start,
    /// The number of the record that it ends before, if it does not follow; 0 if there is nothing to show.
    pub(crate) end: u64,
    /// So many of the records that pass are passed over first.
    pub(crate) skip: u64,
    /// What was overwritten before it could be looked at, and a place behind that.
    pub(crate) missed: Option<(Missed, Cursor)>,
    /// It was to end before a record that this ring never had.
    pub(crate) restarted: bool,
    /// How many records pass from there on, and beyond those that are passed over; `None` if nobody has counted them.
    pub(crate) passing: Option<u64>,
}

impl Begin {
    fn new(start: Start, end: Cursor) -> Self {
        Self {
            end: end.seq(),
            ..Self::all_that_comes(start)
        }
    }

    /// Of a ring that nothing is shown of: it goes on at a place, if there is one, and is else at its end.
    pub(crate) fn unwanted(start: Start, end: Cursor) -> Self {
        let place = match start {
            Start::After(place) => place,
            _ => end,
        };
        Self::new(Start::After(place), end)
    }

    /// All from `start` on, and nothing of it is history.
    pub(crate) fn all_that_comes(start: Start) -> Self {
        Self {
            start,
            end: 0,
            skip: 0,
            missed: None,
            restarted: false,
            passing: None,
        }
    }

    /// Where it ends for a reader that has begun at `begun`.
    pub(crate) fn end_for(&self, begun: Cursor, log: &Log) -> u64 {
        match self.start {
            // What was written before it joined must not make its last few fewer.
            Start::Last(count) => begun.seq().saturating_add(count).min(log.cursor().seq()),
            _ => self.end,
        }
    }
}

/// What of the ring is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    start: Start,
    /// The newest so many of what passes.
    tail: Option<u64>,
    /// It ends before the record that comes next here.
    end: Cursor,
    /// That is older than the newest: it ends before the record that it is asked to.
    before: bool,
}

impl Span {
    /// From `start` up to what is the newest now, or to `before`.
    pub(crate) fn new(log: &Log, start: Start, tail: Option<u64>, before: Option<Cursor>) -> Self {
        Self {
            start,
            tail,
            end: before.unwrap_or_else(|| log.cursor()),
            before: before.is_some(),
        }
    }
}

/// Finds where to begin.
pub(crate) async fn begin(log: &Log, selection: &Selection, span: Span) -> Begin {
    let Span {
        start,
        tail,
        end,
        before,
    } = span;
    if before {
        let newest = log.cursor();
        if !newest.is_of_same_ring(&end) || end.seq() > newest.seq() {
            return Begin {
                restarted: true,
                ..Begin::new(Start::After(newest), end.at(0))
            };
        }
        let oldest = log.oldest();
        if end.seq() < oldest.seq() {
            return Begin {
                missed: Some((missed_between(start, end), end)),
                ..Begin::new(Start::After(newest), end.at(0))
            };
        }
    }
    let Some(count) = tail else {
        return Begin::new(start, end);
    };
    if start != Start::Oldest || !(count == 0 || selection.takes_all()) {
        return newest(log, selection, start, count, end).await;
    }
    if before {
        let from = end.seq().saturating_sub(count).max(log.oldest().seq());
        return Begin {
            passing: Some(end.seq() - from),
            ..Begin::new(Start::After(end.at(from)), end)
        };
    }
    Begin {
        passing: Some(count.min(end.seq() - log.oldest().seq().min(end.seq()))),
        ..Begin::new(Start::Last(count), end)
    }
}

/// What is missed where all is overwritten that was asked for.
fn missed_between(start: Start, end: Cursor) -> Missed {
    let begin = match start {
        Start::After(cursor) if cursor.is_of_same_ring(&end) => cursor.seq(),
        _ => 0,
    };
    Missed {
        records: end.seq().saturating_sub(begin),
        bytes: 0,
    }
}

/// Where the newest `count` records begin, of those from `start` up to `end` that pass.
///
/// It is looked for in ever more of the newest: nearly always few are enough, and the ring may be large.
async fn newest(log: &Log, selection: &Selection, start: Start, count: u64, end: Cursor) -> Begin {
    let reader = log.search(start);
    if reader.restarted() {
        return Begin::new(start, end);
    }
    let (first, missed) = (reader.cursor(), reader.missed());
    drop(reader);
    let look_from = async |from: Cursor| {
        let reader = log.search(Start::After(from));
        look(reader, selection, end.seq(), count).await
    };
    let mut window = count.saturating_mul(WINDOW).max(LEAST_WINDOW);
    loop {
        let from = end.seq().saturating_sub(window);
        if from <= first.seq() {
            let mut found = look_from(first).await;
            found.missed += missed;
            return found.begin(count, end);
        }
        let found = look_from(end.at(from)).await;
        if found.passed >= count {
            return found.begin(count, end);
        }
        window = window.saturating_mul(WINDOW);
    }
}

/// What a look at part of the ring has found.
struct Found {
    /// How many records pass.
    passed: u64,
    /// Not where each of them is, which may be millions, but where every so many is.
    marks: VecDeque<(u64, Cursor)>,
    behind: Cursor,
    /// What was overwritten before the first that passes.
    missed: Missed,
}

impl Found {
    /// Where the newest `count` of them begin.
    fn begin(&self, count: u64, end: Cursor) -> Begin {
        let first = self.passed.saturating_sub(count);
        let mark = self.marks.iter().rfind(|&&(number, _)| number <= first);
        let (start, skip) = match mark {
            Some(&(number, cursor)) if count > 0 => (cursor, first - number),
            _ => (self.behind, 0),
        };
        // What was missed later is behind the first of them, and told to whoever begins there.
        let is_missing = self.passed < count && !self.missed.is_empty();
        Begin {
            skip,
            passing: Some(self.passed - first),
            missed: is_missing.then_some((self.missed, start)),
            ..Begin::new(Start::After(start), end)
        }
    }
}

/// Looks for the newest `count` records that pass, of those that the reader gets before the number `end`.
async fn look(mut reader: Search, selection: &Selection, end: u64, count: u64) -> Found {
    let stride = count.div_ceil(MARKS).max(1);
    let mut found = Found {
        passed: 0,
        marks: VecDeque::new(),
        behind: reader.cursor(),
        missed: reader.missed(),
    };
    let mut is_first = true;
    'all: while found.behind.seq() < end {
        let Some(batch) = reader.next_batch() else {
            break;
        };
        if found.passed == 0 {
            // The first batch tells what was missed at the beginning.
            let before = if is_first {
                Missed::default()
            } else {
                found.missed
            };
            found.missed = before;
            found.missed += batch.missed();
        }
        is_first = false;
        let mut turn = Turn::begin(selection);
        for (index, record) in batch.records().enumerate() {
            if record.seq() >= end {
                found.behind = batch.cursor_before(index);
                break 'all;
            }
            if count > 0 && selection.text(&record).is_some() {
                if found.passed % stride == 0 {
                    let mark = (found.passed, batch.cursor_before(index));
                    found.marks.push_back(mark);
                    if found.marks.len() as u64 > MARKS + 2 {
                        found.marks.pop_front();
                    }
                }
                found.passed += 1;
            }
            if turn.is_over() {
                task::yield_now().await;
                turn = Turn::begin(selection);
            }
        }
        found.behind = batch.cursor_before(batch.len());
        // The ring may be large, and others want to be served.
        task::yield_now().await;
    }
    found
}
