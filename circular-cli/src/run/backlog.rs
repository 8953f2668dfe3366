//! What was read and is not recorded yet.
//!
//! Invariant: who passes on never waits for who records. A flood is passed on faster than its lines can be recorded, and nearly all of it
//! would be overwritten in the ring at once; so as much as the ring holds of them waits here, the oldest goes for the newest, and how much
//! went is told.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Of a flood, so long is recorded, and then so long not: the processors are the program's.
const WORK: Duration = Duration::from_millis(2);
const PAUSE: Duration = Duration::from_millis(10);
/// So long not if more came meanwhile than the ring holds: what would have been recorded would be overwritten already.
const LONG_PAUSE: Duration = Duration::from_millis(100);
/// After so many pieces, each of which came so soon after the one before was recorded, a few are waited for: to wake up for each of them
/// takes longer than to pass it on.
const MANY: u32 = 32;
const SOON: Duration = Duration::from_micros(100);
const SHORT_PAUSE: Duration = Duration::from_millis(2);
/// What a ring needs for a record, besides the record.
const HEADER: usize = 16;
/// Buffers that are kept to be filled again.
const SPARE: usize = 64;

/// Pieces of streams that wait to be recorded, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Backlog {
    waiting: Mutex<Waiting>,
    has_come: Condvar,
    has_ended: Condvar,
    has_gone: Condvar,
    /// Of what is here, as [`room`] counts.
    limit: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    pieces: VecDeque<Piece>,
    /// Of all of them.
    room: usize,
    /// Something was given up since it was paused.
    is_overrun: bool,
    /// How many bytes of each stream went unrecorded since that was told.
    lost: Vec<u64>,
    /// How many streams may have more.
    open: usize,
    /// Whoever records waits for a piece. Else nobody is told of one: in a flood that took as long as all the rest.
    is_awaited: bool,
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
    /// What its lines take in the ring.
    room: usize,
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

/// How whoever records has been at it.
#[derive(Debug)]
pub(crate) struct Work {
    /// Since when without a pause.
    began: Instant,
    /// How many pieces in a row were waited for no longer than [`SOON`].
    soon: u32,
}

impl Work {
    pub(crate) fn begun() -> Self {
        Self {
            began: Instant::now(),
            soon: 0,
        }
    }

    /// Returns how long it is to be paused now, if at all.
    fn pause(&self) -> Option<Duration> {
        if self.began.elapsed() > WORK {
            Some(PAUSE)
        } else {
            (self.soon >= MANY).then_some(SHORT_PAUSE)
        }
    }

    fn has_waited_since(&mut self, waited_since: Instant) {
        self.began = Instant::now();
        let is_soon = self.began - waited_since < SOON;
        self.soon = if is_soon { self.soon + 1 } else { 0 };
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
            has_ended: Condvar::new(),
            has_gone: Condvar::new(),
            limit,
        }
    }

    /// Adds a piece of a stream, and gives up the oldest of all that the ring would not hold any more.
    pub(crate) fn push(&self, stream: usize, time: SystemTime, bytes: &[u8]) {
        let room = room(bytes);
        let mut waiting = self.lock();
        // As long as the rest fills the ring without it.
        let fills = |rest: usize| rest + room >= self.limit;
        while let Some(oldest) = waiting.pieces.pop_front() {
            if !fills(waiting.room - oldest.room) {
                waiting.pieces.push_front(oldest);
                break;
            }
            waiting.is_overrun = true;
            waiting.room -= oldest.room;
            waiting.lost[oldest.stream] += oldest.lost + oldest.bytes.len() as u64;
            waiting.keep(oldest.bytes);
        }
        let mut copy = waiting.spare.pop().unwrap_or_default();
        copy.extend_from_slice(bytes);
        waiting.room += room;
        waiting.pieces.push_back(Piece {
            stream,
            time,
            bytes: copy,
            lost: 0,
            room,
        });
        let is_awaited = waiting.is_awaited;
        drop(waiting);
        if is_awaited {
            self.has_come.notify_one();
        }
    }

    /// Says that nothing more comes of one stream.
    pub(crate) fn close(&self) {
        let mut waiting = self.lock();
        waiting.open = waiting.open.saturating_sub(1);
        drop(waiting);
        self.has_come.notify_one();
        self.has_ended.notify_one();
    }

    /// Says that nothing more comes of any.
    pub(crate) fn close_all(&self) {
        self.lock().open = 0;
        self.has_come.notify_one();
        self.has_ended.notify_one();
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
        let mut waiting = self.lock();
        if let Some(pause) = work.pause() {
            waiting = self.pause(waiting, pause);
            *work = Work::begun();
        }
        if waiting.pieces.is_empty() && !waiting.is_closed() {
            let since = Instant::now();
            waiting = self.wait(waiting, due);
            work.has_waited_since(since);
        }
        waiting.next()
    }

    fn pause<'a>(
        &self,
        mut waiting: MutexGuard<'a, Waiting>,
        pause: Duration,
    ) -> MutexGuard<'a, Waiting> {
        let is_overrun = std::mem::take(&mut waiting.is_overrun);
        let pause = if is_overrun { LONG_PAUSE } else { pause };
        let goes_on = |waiting: &mut Waiting| !waiting.is_closed();
        let wait = self.has_ended.wait_timeout_while(waiting, pause, goes_on);
        wait.unwrap_or_else(PoisonError::into_inner).0
    }

    fn wait<'a>(
        &self,
        mut waiting: MutexGuard<'a, Waiting>,
        due: Option<Instant>,
    ) -> MutexGuard<'a, Waiting> {
        let is_empty = |waiting: &mut Waiting| waiting.pieces.is_empty() && !waiting.is_closed();
        waiting.is_awaited = true;
        let mut waiting = if let Some(due) = due {
            let patience = due.saturating_duration_since(Instant::now());
            let wait = self
                .has_come
                .wait_timeout_while(waiting, patience, is_empty);
            wait.unwrap_or_else(PoisonError::into_inner).0
        } else {
            let wait = self.has_come.wait_while(waiting, is_empty);
            wait.unwrap_or_else(PoisonError::into_inner)
        };
        waiting.is_awaited = false;
        waiting
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

    fn next(&mut self) -> Next {
        let Some(mut piece) = self.pieces.pop_front() else {
            if let Some(stream) = self.lost.iter().position(|&lost| lost > 0) {
                let bytes = std::mem::take(&mut self.lost[stream]);
                return Next::Lost { stream, bytes };
            }
            return if self.is_closed() {
                Next::End
            } else {
                Next::Nothing
            };
        };
        self.room -= piece.room;
        piece.lost += std::mem::take(&mut self.lost[piece.stream]);
        Next::Piece(piece)
    }

    fn keep(&mut self, mut bytes: Vec<u8>) {
        if self.spare.len() < SPARE {
            bytes.clear();
            self.spare.push(bytes);
        }
    }
}

/// What bytes of lines take in a ring at least.
fn room(bytes: &[u8]) -> usize {
    bytes.len() + memchr::memchr_iter(b'\n', bytes).count() * HEADER
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
    fn given_up_is_the_oldest_that_the_ring_would_not_hold_and_told() {
        let backlog = Backlog::new(10, 1);
        for bytes in [b"aaaa", b"bbbb", b"cccc", b"dddd"] {
            backlog.push(0, SystemTime::UNIX_EPOCH, bytes);
        }
        backlog.close();
        let mut found = Vec::new();
        drain(&backlog, |piece| {
            found.push((piece.bytes.clone(), piece.lost))
        });
        // The last two alone would not fill it.
        let kept = [(b"bbbb", 4), (b"cccc", 0), (b"dddd", 0)];
        assert_eq!(found, kept.map(|(bytes, lost)| (bytes.to_vec(), lost)));
    }

    #[test]
    fn short_lines_take_more_than_their_bytes() {
        let ring = 100 * (HEADER + 2);
        let backlog = Backlog::new(ring, 1);
        for _ in 0..1000 {
            backlog.push(0, SystemTime::UNIX_EPOCH, b"a\nb\n");
        }
        backlog.close();
        let mut count = 0;
        drain(&backlog, |piece| count += piece.bytes.len() / 2);
        assert_eq!(count, 100);
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
