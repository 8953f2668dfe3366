//! One viewer's way through the rings, in pieces of a response's body: by time, if there are several.
//!
//! Invariant: what is held for a viewer is a reader's buffer for each ring and one piece, whatever it asked for and
//! however slow it is; both grow only for a record that is longer than they are. A piece is made when the
//! connection has room for it.
//!
//! Of several rings, the record that is shown next is the one that was written first, of those that come next in each. A ring
//! that has none just now is asked again after all others have got theirs: what comes in it later was written later. Where
//! clocks say the same, as the coarse one does for some milliseconds, the ring that was added first is the first.
//!
//! A viewer that has had everything does not come back for each record: it takes the ring's lock each
//! time, and a hundred of them that do so a thousand times a second are in the writers' way. Where much is
//! written, all come back at the same moments, in rounds, and each first fetches what there is and sends
//! it when the others have fetched theirs: so the ring is theirs for a moment, and in between writers find
//! it in their own cache.

use std::future::Future as _;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use circular_core::{Cursor, Missed, Start};
use circular_view::Selection;
use hyper::body::Bytes;
use tokio::time::{self, Sleep};

use crate::viewer::begin::Begin;
use crate::viewer::budget::Budget;
use crate::viewer::format::BodyWriter;
use crate::viewer::lane::{Behind, Lane};
use crate::viewer::log::Over;
use crate::viewer::sources::{Bell, Sources};
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
    pub(crate) sources: Sources,
    /// How often those had changed when the lanes were opened.
    pub(crate) changes: u64,
    /// One for each ring.
    pub(crate) lanes: Vec<Lane>,
    /// Whose records are wanted; all, if nobody is named.
    pub(crate) only: Vec<String>,
    pub(crate) selection: Selection,
    /// It goes on when all that there is has been shown.
    pub(crate) follow: bool,
    /// It ends when so many records have been shown, or before it would show more bytes.
    pub(crate) limit: Option<u64>,
    pub(crate) limit_bytes: Option<u64>,
    pub(crate) writer: BodyWriter,
    /// So many of the records that pass are passed over first, beyond those that each lane passes over.
    pub(crate) skip: u64,
    /// It was to go on after a cursor that nobody knows.
    pub(crate) restarted: bool,
    pub(crate) keep_alive: Duration,
}

/// How far those who follow are shown rings that are to be shown no more, and until when.
#[derive(Clone, Debug)]
pub(crate) struct LastCall {
    /// A place in each ring that there was.
    pub(crate) ends: Arc<[Cursor]>,
    /// `None` if it has the time that it needs.
    pub(crate) deadline: Option<Instant>,
}

impl LastCall {
    fn end_of(&self, lane: &Lane) -> Option<Cursor> {
        let mut ends = self.ends.iter();
        ends.find(|end| end.is_of_same_ring(&lane.ring.id)).copied()
    }
}

pub(crate) struct Stream {
    parts: Parts,
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
    /// It has had its turn, and others have theirs before it goes on.
    gives_way: bool,
    /// History is over, and that has been told.
    is_live: bool,
    budget: Budget,
    /// When a stream that follows is over.
    until: Option<Pin<Box<Sleep>>>,
    keep_alive: Option<Pin<Box<Sleep>>>,
    /// Is rung when there is another ring, if that can be.
    bell: Option<Arc<Bell>>,
    /// When all rings were seen to be closed, if one was open at first.
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
        let capacities = parts.lanes.iter().map(|lane| lane.ring.log.capacity());
        Self {
            follow,
            last_call: None,
            pause: None,
            long_pause: capacities.min().map_or(LONG_PAUSE, long_pause),
            taken: 0,
            in_round: false,
            has_begun: false,
            gives_way: false,
            is_live: false,
            budget: Budget::new(parts.limit_bytes),
            until: rest.filter(|_| follow).map(sleep),
            keep_alive: parts
                .writer
                .is_kept_alive()
                .then(|| sleep(parts.keep_alive)),
            bell: (follow && parts.sources.grows()).then(|| parts.sources.bell()),
            was_closed: is_closed(&parts.lanes),
            closed_since: None,
            looked: Instant::now(),
            parts,
        }
    }

    /// It is shown no more: who follows gets what there is, and a last word. Said again, it changes nothing.
    /// What ends by itself is not touched.
    pub(crate) fn end(&mut self, call: &LastCall) {
        if !self.follow || self.last_call.is_some() {
            return;
        }
        for lane in &mut self.parts.lanes {
            // It may have been asked for a moment later.
            let told = call.end_of(lane).filter(|end| end.seq() >= lane.end);
            lane.end = told.unwrap_or_else(|| lane.ring.log.cursor()).seq();
        }
        self.follow = false;
        self.last_call = Some(call.clone());
        self.until = None;
        self.pause = None;
        self.in_round = false;
    }

    /// The next piece, or `None` at the end.
    pub(crate) fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(bell) = &self.bell {
            bell.wake_when_rung(context.waker());
        }
        if mem::take(&mut self.gives_way) {
            come_back(context);
            return Poll::Pending;
        }
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
            return Poll::Ready(None);
        }
        if mem::take(&mut self.gives_way) {
            come_back(context);
        }
        Poll::Pending
    }

    /// Whether there is something that it has not taken.
    pub(crate) fn lags(&self) -> bool {
        self.parts.lanes.iter().any(Lane::lags)
    }

    fn fill(&mut self, context: &mut Context<'_>, out: &mut Vec<u8>) {
        self.say_beginning(out);
        self.look_for_rings(out);
        self.look_at_the_clock(context, out);
        if self.is_late() {
            self.cut_off(out);
        }
        let mut batches = 0;
        let turn = Turn::begin(&self.parts.selection);
        for lane in &mut self.parts.lanes {
            lane.is_dry = false;
        }
        while !self.budget.is_over && out.len() < PIECE {
            if turn.is_over() {
                // Whoever takes what there is asks for the next piece at once.
                self.gives_way = true;
                break;
            }
            if self.parts.limit == Some(0) {
                self.say_end(out);
                break;
            }
            if let Some(next) = self.next_lane() {
                self.take_record(next, out);
                continue;
            }
            if self.parts.lanes.iter().all(Lane::is_at_end) {
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
            let has_received = self.receive(context, out);
            if self.follow && self.parts.lanes.iter().any(|lane| lane.is_over) {
                self.let_go();
            }
            if !has_received {
                break;
            }
        }
    }

    fn say_beginning(&mut self, out: &mut Vec<u8>) {
        if mem::replace(&mut self.has_begun, true) {
            return;
        }
        let Parts {
            lanes,
            writer,
            restarted,
            sources,
            ..
        } = &mut self.parts;
        let is_named = sources.is_named();
        let restarted = *restarted || lanes.iter().any(|lane| lane.restarted);
        self.budget.spend(out, |out| {
            writer.start(out);
            // First: with it, what was known of rings is known no more.
            if restarted {
                writer.restarted(out);
            }
            if is_named {
                writer.sources(&sources.names(), lanes.iter().map(Lane::label), out);
            }
            for (own, lane) in lanes.iter().enumerate() {
                if let Some((missed, behind)) = lane.missed.filter(|_| lane.is_wanted) {
                    let behind = Behind::new(lanes, own).at(behind);
                    writer.missed(missed, behind, named(lane, is_named), out);
                }
            }
        });
    }

    /// Takes up rings that were added since.
    fn look_for_rings(&mut self, out: &mut Vec<u8>) {
        let sources = &self.parts.sources;
        if !self.follow || sources.changes() == self.parts.changes {
            return;
        }
        self.parts.changes = sources.changes();
        let rings = sources.rings();
        self.let_go();
        let lanes = &mut self.parts.lanes;
        let known = lanes.len();
        for ring in rings {
            if lanes
                .iter()
                .any(|lane| lane.ring.id.is_of_same_ring(&ring.id))
            {
                continue;
            }
            let begin = Begin::all_that_comes(Start::Oldest);
            let is_wanted = is_wanted(&self.parts.only, &ring.name);
            // For want of memory it is not shown, as it would not be to who asks now.
            if let Ok(lane) = Lane::open(ring, begin, is_wanted) {
                lanes.push(lane);
            }
        }
        if lanes.len() == known {
            return;
        }
        let (lanes, writer) = (&self.parts.lanes, &mut self.parts.writer);
        let names = self.parts.sources.names();
        self.budget.spend(out, |out| {
            writer.sources(&names, lanes.iter().map(Lane::label), out);
            for (own, Lane { ring, .. }) in lanes.iter().enumerate().skip(known) {
                if lanes[own].is_wanted {
                    let behind = Behind::new(lanes, own);
                    writer.started(ring.log.pid(), behind, &ring.name, out);
                }
            }
        });
    }

    /// Lets go of rings that were shown to their end and are not among the sources any more: a file may have been removed, and takes
    /// room as long as somebody has it open.
    fn let_go(&mut self) {
        let rings = self.parts.sources.rings();
        let is_there = |lane: &Lane| {
            let mut ids = rings.iter().map(|ring| &ring.id);
            ids.any(|id| id.is_of_same_ring(&lane.ring.id))
        };
        self.parts
            .lanes
            .retain(|lane| !lane.is_over || is_there(lane));
    }

    /// The one of which the next record is to be shown. `None` if none is there, or a lane has to be asked first.
    fn next_lane(&self) -> Option<usize> {
        let mut next: Option<(usize, SystemTime)> = None;
        for (index, lane) in self.parts.lanes.iter().enumerate() {
            if !self.follow && lane.is_at_end() {
                // Of what was written since it was asked, nothing.
                continue;
            }
            match lane.head() {
                Some(head) if next.is_none_or(|(_, first)| head < first) => {
                    next = Some((index, head));
                }
                Some(_) => {}
                None if lane.is_dry || lane.is_over => {}
                None => return None,
            }
        }
        next.map(|(index, _)| index)
    }

    /// Gets the next batch of each lane that has none left; `false` if there is none now.
    fn receive(&mut self, context: &mut Context<'_>, out: &mut Vec<u8>) -> bool {
        let lanes = &mut self.parts.lanes;
        let is_waited_for = |lane: &Lane| lane.head().is_some() || lane.has_more();
        if self.taken > 0 && !lanes.iter().any(is_waited_for) {
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
        let mut has_received = false;
        for index in 0..self.parts.lanes.len() {
            let lane = &self.parts.lanes[index];
            let is_over = lane.is_over || (!self.follow && lane.is_at_end());
            if lane.head().is_some() || lane.is_dry || is_over {
                continue;
            }
            has_received |= self.receive_of(index, context, out);
        }
        if has_received && mem::take(&mut self.in_round) {
            // First the others fetch theirs.
            come_back(context);
            return false;
        }
        has_received || self.next_lane().is_some()
    }

    /// The same of one lane: whether it has something to show, or to tell.
    fn receive_of(&mut self, index: usize, context: &mut Context<'_>, out: &mut Vec<u8>) -> bool {
        match self.parts.lanes[index].poll_receive(context) {
            Poll::Ready(Ok((bytes, missed))) => {
                // A loss alone is something too.
                self.taken += bytes.max(1);
                for other in &mut self.parts.lanes {
                    other.is_dry = false;
                }
                if !missed.is_empty() {
                    // They may have been those.
                    self.parts.lanes[index].skip = 0;
                    self.parts.skip = self.parts.skip.saturating_sub(missed.records);
                }
                self.say_missed(index, missed, out);
                true
            }
            Poll::Ready(Err(over)) => {
                self.say_over(index, &over, out);
                true
            }
            Poll::Pending => {
                // One that has more only lets others have their turn.
                let lane = &mut self.parts.lanes[index];
                lane.is_dry = !lane.has_more();
                false
            }
        }
    }

    /// Says what was missed in a lane before its position, if its records are wanted.
    fn say_missed(&mut self, index: usize, missed: Missed, out: &mut Vec<u8>) {
        let (lanes, writer) = (&self.parts.lanes, &mut self.parts.writer);
        if !lanes[index].is_wanted {
            return;
        }
        let name = named(&lanes[index], self.parts.sources.is_named());
        self.budget.spend(out, |out| {
            writer.missed(missed, Behind::new(lanes, index), name, out);
        });
    }

    /// One lane has come to its end, and so has this if it was the last.
    fn say_over(&mut self, index: usize, over: &Over, out: &mut Vec<u8>) {
        let (lanes, writer) = (&self.parts.lanes, &mut self.parts.writer);
        let sources = &self.parts.sources;
        let may_go_on = sources.grows() && self.follow;
        let is_over = lanes.iter().all(|lane| lane.is_over) && !may_go_on;
        self.budget.spend(out, |out| {
            let how = match over {
                Over::Closed => "closed",
                Over::Ended(how) => how,
            };
            let name = named(&lanes[index], sources.is_named());
            let is_told = name.is_some() || matches!(over, Over::Ended(_));
            if is_told && lanes[index].is_wanted {
                writer.ended(how, Behind::new(lanes, index), name, out);
            }
            if is_over {
                writer.closed(out);
            }
        });
        self.budget.is_over |= is_over;
    }

    /// Takes the record that comes next in a lane.
    fn take_record(&mut self, index: usize, out: &mut Vec<u8>) {
        let Parts {
            lanes,
            selection,
            writer,
            skip,
            limit,
            sources,
            ..
        } = &mut self.parts;
        lanes[index].advance();
        let lane = &lanes[index];
        let Some(record) = lane.taken().filter(|_| lane.is_wanted) else {
            return;
        };
        let Some(shown) = selection.record(&record) else {
            return;
        };
        if lane.skip > 0 {
            lanes[index].skip -= 1;
        } else if *skip > 0 {
            *skip -= 1;
        } else {
            let record = record.with_target(&shown.target);
            let behind = Behind::new(lanes, index);
            let name = named(lane, sources.is_named());
            self.budget.spend(out, |out| {
                writer.record(&record, &shown.text, behind, name, out);
            });
            if let Some(limit) = limit {
                *limit = limit.saturating_sub(1);
            }
        }
    }

    /// All that there was when this began has been seen.
    fn end_history(&mut self, out: &mut Vec<u8>) {
        if !self.follow {
            self.say_end(out);
        } else if !self.is_live {
            self.is_live = true;
            let behind = Behind::new(&self.parts.lanes, 0);
            let (writer, period) = (&self.parts.writer, self.parts.keep_alive);
            self.budget
                .spend(out, |out| writer.live(behind, period, out));
        }
    }

    /// Ends: it has had everything up to its end.
    fn say_end(&mut self, out: &mut Vec<u8>) {
        for index in 0..self.parts.lanes.len() {
            // All of it was overwritten between the look for its beginning and here: no batch will tell.
            self.say_missed(index, self.parts.lanes[index].untold(), out);
        }
        let (lanes, writer) = (&self.parts.lanes, &mut self.parts.writer);
        let is_shown_no_more = self.last_call.is_some();
        self.budget.spend(out, |out| {
            if !is_shown_no_more {
                writer.end(out);
            } else if is_closed(lanes) {
                writer.closed(out);
            } else {
                writer.stopped(Behind::new(lanes, 0), out);
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
                for lane in &mut self.parts.lanes {
                    lane.end = lane.ring.log.cursor().seq();
                }
            }
        }
        if let Some(sleep) = &mut self.keep_alive {
            while sleep.as_mut().poll(context).is_ready() {
                let writer = &mut self.parts.writer;
                let behind = Behind::new(&self.parts.lanes, 0);
                self.budget.spend(out, |out| writer.alive(behind, out));
                // At once would be for ever.
                let period = self.parts.keep_alive.max(Duration::from_millis(1));
                sleep.as_mut().reset(time::Instant::now() + period);
            }
        }
    }

    /// Whether it is to end, or the rings were closed, and that is a while ago. What is asked for afterwards has
    /// all the time that it needs, and so has what does not follow: it ends as it would have.
    fn is_late(&mut self) -> bool {
        if let Some(call) = &self.last_call {
            return call
                .deadline
                .is_some_and(|deadline| Instant::now() > deadline);
        }
        if !self.follow || self.parts.sources.grows() {
            return false;
        }
        if !self.was_closed && self.closed_since.is_none() && self.looked.elapsed() > CLOSED_CHECK {
            self.looked = Instant::now();
            self.closed_since = is_closed(&self.parts.lanes).then_some(self.looked);
        }
        self.closed_since
            .is_some_and(|since| since.elapsed() > DRAIN_TIMEOUT)
    }

    /// Ends before it has seen everything, and says how much that is.
    fn cut_off(&mut self, out: &mut Vec<u8>) {
        for index in 0..self.parts.lanes.len() {
            let lane = &mut self.parts.lanes[index];
            let at = lane.position();
            let end = self.last_call.as_ref().and_then(|call| call.end_of(lane));
            let end = end.unwrap_or_else(|| lane.ring.log.cursor());
            lane.pass_over_to(end);
            let bytes = end.bytes().zip(at.bytes());
            let missed = Missed {
                records: end.seq().saturating_sub(at.seq()),
                bytes: bytes.map_or(0, |(end, at)| end.saturating_sub(at)),
            };
            self.say_missed(index, missed, out);
        }
        let (lanes, writer) = (&self.parts.lanes, &mut self.parts.writer);
        self.budget.spend(out, |out| {
            if is_closed(lanes) {
                writer.closed(out);
            } else {
                writer.stopped(Behind::new(lanes, 0), out);
            }
        });
        self.budget.is_over = true;
    }
}

/// What is said of whose a record is.
fn named(lane: &Lane, is_named: bool) -> Option<&str> {
    is_named.then_some(&lane.ring.name)
}

/// Whether records of a source of that name are wanted, where those of `only` are, or all.
pub(crate) fn is_wanted(only: &[String], name: &str) -> bool {
    only.is_empty() || only.iter().any(|wanted| wanted == name)
}

/// Whether nothing more will be written to any of them.
fn is_closed(lanes: &[Lane]) -> bool {
    !lanes.is_empty()
        && lanes
            .iter()
            .all(|lane| lane.is_over || lane.ring.log.is_closed())
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

#[cfg(test)]
mod tests;
