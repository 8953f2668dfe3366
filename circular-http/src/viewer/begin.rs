//! Where a response begins: the oldest record, a time, a cursor, or the newest so many.

use std::collections::VecDeque;

use circular_core::{Handle, Start};
use circular_view::Selection;
use tokio::task;

use crate::viewer::turn::Turn;

/// How many places are remembered while the newest so many are looked for.
const MARKS: u64 = 1024;

/// Where a response begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begin {
    pub(crate) start: Start,
    /// So many of the records that pass are passed over first.
    pub(crate) skip: u64,
}

impl Begin {
    fn at(start: Start) -> Self {
        Self { start, skip: 0 }
    }
}

/// Finds where to begin: at `start`, or with the newest `tail` of what is behind that and passes. `end` is the
/// number of the record that comes next.
pub(crate) async fn begin(
    handle: &Handle,
    selection: &Selection,
    start: Start,
    tail: Option<u64>,
    end: u64,
) -> Begin {
    match tail {
        None => Begin::at(start),
        Some(count) if start == Start::Oldest && (count == 0 || selection.takes_all()) => {
            Begin::at(Start::Last(count))
        }
        Some(count) => newest(handle, selection, start, count, end).await,
    }
}

/// Where the newest `count` records begin, of those from `start` up to `end` that pass.
async fn newest(
    handle: &Handle,
    selection: &Selection,
    start: Start,
    count: u64,
    end: u64,
) -> Begin {
    let mut reader = handle.reader().start(start).open();
    if reader.restarted() {
        return Begin::at(start);
    }
    // Not where each of them is, which may be millions, but where every so many is.
    let stride = count.div_ceil(MARKS).max(1);
    let mut marks = VecDeque::new();
    let mut passed = 0;
    let mut behind = reader.cursor();
    'all: while behind.seq() < end {
        let Ok(batch) = reader.try_recv() else { break };
        let mut turn = Turn::begin(selection);
        for (index, record) in batch.records().enumerate() {
            if record.seq() >= end {
                behind = batch.cursor_before(index);
                break 'all;
            }
            if count > 0 && selection.text(&record).is_some() {
                if passed % stride == 0 {
                    marks.push_back((passed, batch.cursor_before(index)));
                    if marks.len() as u64 > MARKS + 2 {
                        marks.pop_front();
                    }
                }
                passed += 1;
            }
            if turn.is_over() {
                task::yield_now().await;
                turn = Turn::begin(selection);
            }
        }
        behind = batch.cursor_before(batch.len());
        // The ring may be large, and others want to be served.
        task::yield_now().await;
    }
    let first = passed.saturating_sub(count);
    let mark = marks.iter().rfind(|&&(number, _)| number <= first);
    mark.filter(|_| count > 0).map_or_else(
        || Begin::at(Start::After(behind)),
        |&(number, cursor)| Begin {
            start: Start::After(cursor),
            skip: first - number,
        },
    )
}
