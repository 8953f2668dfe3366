//! What was read and is not recorded yet.
//!
//! Invariant: who passes on never waits for who records. A flood is passed on faster than its lines can be recorded, and nearly all of it
//! would be overwritten in the ring at once; so as much as the ring holds waits here, the oldest goes for the newest, and how much went is told.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Of a flood, so long is recorded, and then so long not: the processors are the program's.
const WORK: Duration = Duration::from_millis(2);
const PAUSE: Duration = Duration::from_millis(10);
/// Buffers that are kept to be filled again.
const SPARE: usize = 64;

/// Pieces of streams that wait to be recorded, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Backlog {
    waiting: Mutex<Waiting>,
    has_come: Condvar,
    has_gone: Condvar,
    /// In bytes.
    limit: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    pieces: VecDeque<Piece>,
    bytes: usize,
    /// How many bytes of each stream went unrecorded since that was told.
    lost: Vec<u64>,
    /// How many streams may have more.
    open: usize,
    /// All that came is recorded, and nothing more comes.
    is_recorded: bool,
    spare: Vec<Vec<u8>>,
}

/// What came at once.
#[derive(Debug)]
pub(crate) struct Piece {
    /// The number of its stream.
    pub(crate) stream: usize,
    pub(crate) time: SystemTime,
    pub(crate) bytes: Vec<u8>,
    /// Bytes of its stream in front of it that were given up.
    pub(crate) lost: u64,
}

/// What there is to be recorded.
#[derive(Debug)]
pub(crate) enum Next {
    Piece(Piece),
    /// So many bytes of a stream, given up with nothing of it behind them.
    Lost {
        stream: usize,
        bytes: u64,
    },
    /// All is recorded that has come so far.
    Nothing,
    /// All is, and nothing more comes.
    End,
}

/// Since when has been recorded without a pause.
#[derive(Debug)]
pub(crate) struct Work(Instant);

impl Work {
    pub(crate) fn begun() -> Self {
        Self(Instant::now())
    }
}

impl Backlog {
    pub(crate) fn new(limit: usize, streams: usize) -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                lost: vec![0; streams],
                open: streams,
                ..Waiting::default()
            }),
            has_come: Condvar::new(),
            has_gone: Condvar::new(),
            limit,
        }
    }

    /// Adds a piece of a stream, and gives up the oldest of all if there is no room.
    pub(crate) fn push(&self, stream: usize, time: SystemTime, bytes: &[u8]) {
        let mut waiting = self.lock();
        while waiting.bytes + bytes.len() > self.limit {
            let Some(oldest) = waiting.pieces.pop_front() else {
                break;
            };
            waiting.bytes -= oldest.bytes.len();
            waiting.lost[oldest.stream] += oldest.lost + oldest.bytes.len() as u64;
            waiting.keep(oldest.bytes);
        }
        let mut copy = waiting.spare.pop().unwrap_or_default();
        copy.extend_from_slice(bytes);
        waiting.bytes += bytes.len();
        waiting.pieces.push_back(Piece {
            stream,
            time,
            bytes: copy,
            lost: 0,
        });
        drop(waiting);
        self.has_come.notify_one();
    }

    /// Says that nothing more comes of one stream.
    pub(crate) fn close(&self) {
        let mut waiting = self.lock();
        waiting.open = waiting.open.saturating_sub(1);
        drop(waiting);
        self.has_come.notify_one();
    }

    /// Says that nothing more comes of any.
    pub(crate) fn close_all(&self) {
        self.lock().open = 0;
        self.has_come.notify_one();
    }

    /// Says that all is recorded, behind [`Next::End`].
    pub(crate) fn set_recorded(&self) {
        self.lock().is_recorded = true;
        self.has_gone.notify_all();
    }

    /// Waits until all is recorded, once this is closed; but not longer than so.
    pub(crate) fn wait_until_recorded(&self, patience: Duration) {
        let is_not = |waiting: &mut Waiting| !waiting.is_recorded;
        let wait = self
            .has_gone
            .wait_timeout_while(self.lock(), patience, is_not);
        drop(wait);
    }

    /// Waits for a piece, until `due` if nothing comes; and where there are too many at once, a little longer.
    pub(crate) fn next(&self, work: &mut Work, due: Option<Instant>) -> Next {
        let Work(began) = work;
        let mut waiting = self.lock();
        if waiting.pieces.is_empty() && !waiting.is_closed() {
            let is_empty =
                |waiting: &mut Waiting| waiting.pieces.is_empty() && !waiting.is_closed();
            waiting = if let Some(due) = due {
                let patience = due.saturating_duration_since(Instant::now());
                let wait = self
                    .has_come
                    .wait_timeout_while(waiting, patience, is_empty);
                wait.unwrap_or_else(PoisonError::into_inner).0
            } else {
                let wait = self.has_come.wait_while(waiting, is_empty);
                wait.unwrap_or_else(PoisonError::into_inner)
            };
            *began = Instant::now();
        } else if began.elapsed() > WORK && !waiting.is_closed() {
            let wait = self
                .has_come
                .wait_timeout_while(waiting, PAUSE, |waiting| !waiting.is_closed());
            waiting = wait.unwrap_or_else(PoisonError::into_inner).0;
            *began = Instant::now();
        }
        let Some(mut piece) = waiting.pieces.pop_front() else {
            if let Some(stream) = waiting.lost.iter().position(|&lost| lost > 0) {
                let bytes = std::mem::take(&mut waiting.lost[stream]);
                return Next::Lost { stream, bytes };
            }
            return if waiting.is_closed() {
                Next::End
            } else {
                Next::Nothing
            };
        };
        waiting.bytes -= piece.bytes.len();
        piece.lost += std::mem::take(&mut waiting.lost[piece.stream]);
        Next::Piece(piece)
    }

    /// Gives back a piece that is recorded, whose memory is used again.
    pub(crate) fn give_back(&self, piece: Piece) {
        self.lock().keep(piece.bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn is_closed(&self) -> bool {
        self.open == 0
    }

    fn keep(&mut self, mut bytes: Vec<u8>) {
        if self.spare.len() < SPARE {
            bytes.clear();
            self.spare.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(backlog: &Backlog, mut record: impl FnMut(&Piece)) {
        let mut work = Work::begun();
        loop {
            match backlog.next(&mut work, None) {
                Next::Piece(piece) => record(&piece),
                Next::Nothing | Next::Lost { .. } => {}
                Next::End => break,
            }
        }
    }

    #[test]
    fn who_has_waited_until_it_is_due_is_told_that_nothing_has_come() {
        let backlog = Backlog::new(10, 1);
        let (mut work, now) = (Work::begun(), Instant::now());
        assert!(matches!(backlog.next(&mut work, Some(now)), Next::Nothing));
        backlog.push(0, SystemTime::UNIX_EPOCH, b"a");
        assert!(matches!(backlog.next(&mut work, Some(now)), Next::Piece(_)));
        backlog.close();
        assert!(matches!(backlog.next(&mut work, Some(now)), Next::End));
    }

    #[test]
    fn what_has_no_room_is_the_oldest_and_is_told() {
        let backlog = Backlog::new(10, 1);
        for bytes in [b"aaaa", b"bbbb", b"cccc", b"dddd"] {
            backlog.push(0, SystemTime::UNIX_EPOCH, bytes);
        }
        backlog.close();
        let mut found = Vec::new();
        drain(&backlog, |piece| {
            found.push((piece.bytes.clone(), piece.lost))
        });
        assert_eq!(found, [(b"cccc".to_vec(), 8), (b"dddd".to_vec(), 0)]);
    }

    #[test]
    fn what_went_is_told_also_where_nothing_of_its_stream_comes_behind_it() {
        let backlog = Backlog::new(10, 2);
        backlog.push(0, SystemTime::UNIX_EPOCH, b"aaaa");
        backlog.push(1, SystemTime::UNIX_EPOCH, b"bbbbbbbbbb");
        backlog.close_all();
        let mut work = Work::begun();
        assert!(matches!(backlog.next(&mut work, None), Next::Piece(piece) if piece.stream == 1));
        let next = backlog.next(&mut work, None);
        assert!(
            matches!(
                next,
                Next::Lost {
                    stream: 0,
                    bytes: 4
                }
            ),
            "{next:?}"
        );
        assert!(matches!(backlog.next(&mut work, None), Next::End));
    }

    #[test]
    fn when_it_is_closed_for_all_what_came_is_handed_on_and_waited_for() {
        let backlog = Backlog::new(10, 2);
        backlog.push(1, SystemTime::UNIX_EPOCH, b"one");
        backlog.push(0, SystemTime::UNIX_EPOCH, b"two");
        backlog.close_all();
        let mut found = Vec::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                drain(&backlog, |piece| found.push(piece.bytes.clone()));
                backlog.set_recorded();
            });
            backlog.wait_until_recorded(Duration::from_secs(60));
        });
        assert_eq!(found, [b"one", b"two"]);
    }

    #[test]
    fn all_that_came_before_the_end_is_handed_on() {
        let backlog = Backlog::new(1 << 20, 1);
        let mut count = 0;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..1000 {
                    backlog.push(0, SystemTime::UNIX_EPOCH, b"a line\n");
                }
                backlog.close();
            });
            drain(&backlog, |piece| count += piece.bytes.len());
        });
        assert_eq!(count, 7000);
    }
}
