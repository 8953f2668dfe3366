//! One viewer's way through the ring, in pieces of a response's body.
//!
//! Invariant: what is held for a viewer is its reader's buffer and one piece, whatever it asked for and
//! however slow it is; both grow only for a record that is longer than they are. A piece is made when the
//! connection has room for it.
//!
//! A viewer that has had everything does not come back for each record: it takes the ring's lock each
//! time, and a hundred of them that do so a thousand times a second are in the writers' way. Where much is
//! written, all come back at the same moments, in rounds, and each first fetches what there is and sends
//! it when the others have fetched theirs: so the ring is theirs for a moment, and in between writers find
//! it in their own cache.

use std::future::Future as _;
use std::mem;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use circular_core::{AsyncReader, Closed, Cursor, Handle, Missed};
use circular_view::Selection;
use hyper::body::Bytes;
use tokio::time::{self, Sleep};

use crate::viewer::budget::Budget;
use crate::viewer::format::BodyWriter;
use crate::viewer::turn::{Turn, come_back};

/// A piece ends with the record that makes it at least so long.
const PIECE: usize = 8 << 10;

/// After so many batches in which there is nothing for this viewer, others have their turn.
const BATCHES: u32 = 8;

/// How long a viewer stays away that has had everything, and how long if that was much: nobody sees
/// either.
const PAUSE: Duration = Duration::from_millis(2);
const LONG_PAUSE: Duration = Duration::from_millis(24);

/// What is much at once, in bytes.
const LARGE_BATCH: usize = 2 << 10;

/// Where this is written in a millisecond, the ring must not be full before a viewer comes back.
const RATE: usize = 32 << 10;

/// How often it is looked whether the ring is closed, by viewers who do not find its end.
const CLOSED_CHECK: Duration = Duration::from_millis(50);

/// How long those who follow get to take what is left when the ring closes.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(300);

/// What a stream is made of.
pub(crate) struct Parts {
    pub(crate) handle: Handle,
    pub(crate) reader: AsyncReader,
    pub(crate) selection: Selection,
    /// It goes on when all that there is has been shown.
    pub(crate) follow: bool,
    /// It ends when so many records have been shown, or before it would show more bytes.
    pub(crate) limit: Option<u64>,
    pub(crate) limit_bytes: Option<u64>,
    pub(crate) writer: BodyWriter,
    /// The number of the record that comes next: what is before it is history.
    pub(crate) end: u64,
    /// So many of the records that pass are passed over first.
    pub(crate) skip: u64,
    /// It was to go on after a cursor that nobody knows.
    pub(crate) restarted: bool,
    /// What was missed before it begins, and a place behind that.
    pub(crate) missed: Option<(Missed, Cursor)>,
    pub(crate) keep_alive: Duration,
}

/// How far those who follow are shown a ring that is to be shown no more, and until when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastCall {
    pub(crate) end: Cursor,
    /// `None` if it has the time that it needs.
    pub(crate) deadline: Option<Instant>,
}

pub(crate) struct Stream {
    parts: Parts,
    /// Which record of the reader's batch comes next.
    index: usize,
    follow: bool,
    /// Until when it may go on, if it followed and is to end.
    last_call: Option<LastCall>,
    /// Until when it stays away, and how much it has taken since it last did.
    pause: Option<Pin<Box<Sleep>>>,
    long_pause: Duration,
    taken: usize,
    /// It comes back with all the others.
    in_round: bool,
    has_begun: bool,
    /// It has a batch, with what was missed before that.
    has_received: bool,
    /// History is over, and that has been told.
    is_live: bool,
    budget: Budget,
    /// When a stream that follows is over.
    until: Option<Pin<Box<Sleep>>>,
    keep_alive: Option<Pin<Box<Sleep>>>,
    /// When the ring was seen to be closed, if it was open at first.
    was_closed: bool,
    closed_since: Option<Instant>,
    looked: Instant,
}

impl Stream {
    /// Begins; the runtime must have timers.
    pub(crate) fn new(parts: Parts) -> Self {
        let until = parts.selection.until_time();
        let rest = until.map(|until| until.duration_since(SystemTime::now()).unwrap_or_default());
        // Of what is over already there is nothing to follow.
        let follow = parts.follow && rest != Some(Duration::ZERO);
        let sleep = |time| Box::pin(time::sleep(time));
        Self {
            index: 0,
            follow,
            last_call: None,
            pause: None,
            long_pause: long_pause(parts.handle.capacity()),
            taken: 0,
            in_round: false,
            has_begun: false,
            has_received: false,
            is_live: false,
            budget: Budget::new(parts.limit_bytes),
            until: rest.filter(|_| follow).map(sleep),
            keep_alive: parts
                .writer
                .is_kept_alive()
                .then(|| sleep(parts.keep_alive)),
            was_closed: parts.handle.is_closed(),
            closed_since: None,
            looked: Instant::now(),
            parts,
        }
    }

    /// It is shown no more: who follows gets what there is, and a last word. Said again, it changes nothing.
    /// What ends by itself is not touched.
    pub(crate) fn end(&mut self, call: LastCall) {
        if !self.follow || self.last_call.is_some() {
            return;
        }
        // It may have been asked for a moment later.
        let end = if call.end.seq() < self.parts.end {
            self.parts.handle.cursor()
        } else {
            call.end
        };
        self.follow = false;
        self.parts.end = end.seq();
        self.last_call = Some(LastCall { end, ..call });
        self.until = None;
        self.pause = None;
        self.in_round = false;
    }

    /// The next piece, or `None` at the end.
    pub(crate) fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut out = Vec::new();
        self.fill(context, &mut out);
        if !out.is_empty() {
            if let Some(sleep) = &mut self.keep_alive {
                sleep
                    .as_mut()
                    .reset(time::Instant::now() + self.parts.keep_alive);
            }
            return Poll::Ready(Some(out.into()));
        }
        if self.budget.is_over {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }

    /// Whether there is something that it has not taken.
    pub(crate) fn lags(&self) -> bool {
        let reader = &self.parts.reader;
        self.index < reader.batch().len()
            || reader.cursor().seq() < self.parts.handle.cursor().seq()
    }

    fn fill(&mut self, context: &mut Context<'_>, out: &mut Vec<u8>) {
        if !self.has_begun {
            self.has_begun = true;
            let restarted = self.parts.restarted || self.parts.reader.restarted();
            let missed = self.parts.missed;
            let writer = &mut self.parts.writer;
            self.budget.spend(out, |out| {
                writer.start(out);
                if restarted {
                    writer.restarted(out);
                }
                if let Some((missed, behind)) = missed {
                    writer.missed(missed, behind, out);
                }
            });
        }
        self.look_at_the_clock(context, out);
        if self.is_late() {
            self.cut_off(out);
        }
        let mut batches = 0;
        let turn = Turn::begin(&self.parts.selection);
        while !self.budget.is_over && out.len() < PIECE {
            if turn.is_over() {
                come_back(context);
                break;
            }
            if self.parts.limit == Some(0) {
                self.say_end(out);
                break;
            }
            if self.take_record(out) {
                continue;
            }
            if self.parts.reader.cursor().seq() >= self.parts.end {
                self.end_history(out);
                if self.budget.is_over {
                    break;
                }
            }
            if batches == BATCHES {
                come_back(context);
                break;
            }
            batches += 1;
            if !self.receive(context, out) {
                break;
            }
        }
    }

    /// Gets the next batch; `false` if there is none now.
    fn receive(&mut self, context: &mut Context<'_>, out: &mut Vec<u8>) -> bool {
        let (reader, writer) = (&mut self.parts.reader, &mut self.parts.writer);
        if self.taken > 0 && !reader.has_more() {
            self.in_round = self.taken >= LARGE_BATCH;
            let until = if self.in_round {
                next_round(self.long_pause)
            } else {
                time::Instant::now() + PAUSE
            };
            self.pause = Some(Box::pin(time::sleep_until(until)));
            self.taken = 0;
        }
        if let Some(pause) = &mut self.pause {
            if pause.as_mut().poll(context).is_pending() {
                return false;
            }
            self.pause = None;
        }
        match reader.poll_recv(context) {
            Poll::Ready(Ok(batch)) => {
                self.index = 0;
                self.has_received = true;
                // A loss alone is something too.
                self.taken += batch.bytes().len().max(1);
                let (missed, behind) = (batch.missed(), batch.cursor_before(0));
                if !missed.is_empty() {
                    // They may have been those.
                    self.parts.skip = 0;
                }
                self.budget
                    .spend(out, |out| writer.missed(missed, behind, out));
                if mem::take(&mut self.in_round) {
                    // First the others fetch theirs.
                    come_back(context);
                    return false;
                }
                true
            }
            Poll::Ready(Err(Closed)) => {
                self.budget.spend(out, |out| writer.closed(out));
                self.budget.is_over = true;
                true
            }
            Poll::Pending => false,
        }
    }

    /// Takes one record of the batch; `false` if there is none left in it.
    fn take_record(&mut self, out: &mut Vec<u8>) -> bool {
        let Parts {
            reader,
            selection,
            writer,
            end,
            skip,
            limit,
            ..
        } = &mut self.parts;
        let batch = reader.batch();
        let Some(record) = batch.records().nth(self.index) else {
            return false;
        };
        if !self.follow && record.seq() >= *end {
            // Written since it was asked.
            self.say_end(out);
            return true;
        }
        self.index += 1;
        let shown = selection.record(&record);
        if shown.is_some() && *skip > 0 {
            *skip -= 1;
        } else if let Some(shown) = shown {
            let record = record.with_target(&shown.target);
            let behind = batch.cursor_before(self.index);
            self.budget
                .spend(out, |out| writer.record(&record, &shown.text, behind, out));
            if let Some(limit) = limit {
                *limit = limit.saturating_sub(1);
            }
        }
        true
    }

    /// All that there was when this began has been seen.
    fn end_history(&mut self, out: &mut Vec<u8>) {
        if !self.follow {
            self.say_end(out);
        } else if !self.is_live {
            self.is_live = true;
            let (writer, behind) = (&self.parts.writer, self.parts.reader.cursor());
            let period = self.parts.keep_alive;
            self.budget
                .spend(out, |out| writer.live(behind, period, out));
        }
    }

    /// Ends: it has had everything up to its end.
    fn say_end(&mut self, out: &mut Vec<u8>) {
        let Parts {
            handle,
            reader,
            writer,
            ..
        } = &mut self.parts;
        let behind = reader.batch().cursor_before(self.index);
        let is_shown_no_more = self.last_call.is_some();
        // All of it was overwritten between the look for its beginning and here: no batch will tell.
        let missed = reader.missed();
        let is_untold = !self.has_received && !missed.is_empty();
        self.budget.spend(out, |out| {
            if is_untold {
                writer.missed(missed, behind, out);
            }
            if !is_shown_no_more {
                writer.end(out);
            } else if handle.is_closed() {
                writer.closed(out);
            } else {
                writer.stopped(behind, out);
            }
        });
        self.budget.is_over = true;
    }

    fn look_at_the_clock(&mut self, context: &mut Context<'_>, out: &mut Vec<u8>) {
        if let Some(until) = &mut self.until {
            if until.as_mut().poll(context).is_ready() {
                // What is left was written before.
                self.until = None;
                self.follow = false;
                self.parts.end = self.parts.handle.cursor().seq();
            }
        }
        if let Some(sleep) = &mut self.keep_alive {
            while sleep.as_mut().poll(context).is_ready() {
                let writer = &mut self.parts.writer;
                let behind = self.parts.reader.batch().cursor_before(self.index);
                self.budget.spend(out, |out| writer.alive(behind, out));
                // At once would be for ever.
                let period = self.parts.keep_alive.max(Duration::from_millis(1));
                sleep.as_mut().reset(time::Instant::now() + period);
            }
        }
    }

    /// Whether it is to end, or the ring was closed, and that is a while ago. What is asked for afterwards has
    /// all the time that it needs, and so has what does not follow: it ends as it would have.
    fn is_late(&mut self) -> bool {
        if let Some(call) = self.last_call {
            return call
                .deadline
                .is_some_and(|deadline| Instant::now() > deadline);
        }
        if !self.follow {
            return false;
        }
        if !self.was_closed && self.closed_since.is_none() && self.looked.elapsed() > CLOSED_CHECK {
            self.looked = Instant::now();
            self.closed_since = self.parts.handle.is_closed().then_some(self.looked);
        }
        self.closed_since
            .is_some_and(|since| since.elapsed() > DRAIN_TIMEOUT)
    }

    /// Ends before it has seen everything, and says how much that is.
    fn cut_off(&mut self, out: &mut Vec<u8>) {
        let end = match self.last_call {
            Some(call) => call.end,
            None => self.parts.handle.cursor(),
        };
        let at = self.parts.reader.batch().cursor_before(self.index);
        let bytes = end.bytes().zip(at.bytes());
        let missed = Missed {
            records: end.seq().saturating_sub(at.seq()),
            bytes: bytes.map_or(0, |(end, at)| end.saturating_sub(at)),
        };
        let Parts { handle, writer, .. } = &mut self.parts;
        self.budget.spend(out, |out| {
            writer.missed(missed, end, out);
            if handle.is_closed() {
                writer.closed(out);
            } else {
                writer.stopped(end, out);
            }
        });
        self.budget.is_over = true;
    }
}

/// How long to stay away from a ring of that capacity.
fn long_pause(capacity: usize) -> Duration {
    let until_lapped = Duration::from_millis((capacity / RATE) as u64);
    until_lapped.clamp(PAUSE, LONG_PAUSE)
}

/// When all who stay away for that long come back.
fn next_round(pause: Duration) -> time::Instant {
    static FIRST: OnceLock<time::Instant> = OnceLock::new();
    let now = time::Instant::now();
    let since = now.duration_since(*FIRST.get_or_init(|| now)).as_millis();
    let rest = pause.as_millis() - since % pause.as_millis();
    now + Duration::from_millis(u64::try_from(rest).unwrap_or(0))
}
