//! Where a response begins: the oldest record, a time, a cursor, or the newest so many.

use std::collections::VecDeque;

use circular_core::{Cursor, Handle, Start};
use tokio::task;

use crate::select::Select;

/// Where a client that comes back left off.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Resume {
    /// It is a first visit.
    None,
    After(Cursor),
    /// It says where, and nothing that is running knows that.
    Unknown,
}

/// Finds where to begin. `end` is the number of the record that comes next.
pub(crate) async fn begin(handle: &Handle, select: &Select, resume: Resume, end: u64) -> Start {
    let wanted = select.wanted();
    let start = match (resume, wanted.after, wanted.since) {
        // The query is that of the first visit: what it says of the beginning is done with.
        (Resume::After(cursor), _, _) => return Start::After(cursor),
        (Resume::Unknown, _, _) => return Start::Oldest,
        (Resume::None, Some(cursor), _) => Start::After(cursor),
        (Resume::None, None, Some(since)) => Start::Since(since),
        (Resume::None, None, None) => Start::Oldest,
    };
    match wanted.tail {
        None => start,
        Some(0) => Start::Newest,
        Some(count) if start == Start::Oldest && select.takes_all() => Start::Last(count),
        Some(count) => newest(handle, select, start, count, end).await,
    }
}

/// Where the newest `count` records begin, of those from `start` up to `end` that pass.
async fn newest(handle: &Handle, select: &Select, start: Start, count: u64, end: u64) -> Start {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut reader = handle.reader().start(start).open();
    if reader.restarted() {
        return start;
    }
    let mut newest = VecDeque::new();
    while reader.cursor().seq() < end {
        let Ok(batch) = reader.try_recv() else { break };
        for (index, record) in batch.records().enumerate() {
            if record.seq() < end && select.text(&record).is_some() {
                if newest.len() == count {
                    newest.pop_front();
                }
                newest.push_back(batch.cursor_before(index));
            }
        }
        // The ring may be large, and others want to be served.
        task::yield_now().await;
    }
    Start::After(newest.front().copied().unwrap_or_else(|| reader.cursor()))
}
