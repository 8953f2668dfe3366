//! One of the rings that a viewer is shown, and how far that is.
//!
//! Invariant: its position is behind every record that was taken from it, and before all others.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use circular_core::{Cursor, Missed, Record};

use crate::viewer::begin::Begin;
use crate::viewer::log::{Follow, Over};
use crate::viewer::sources::Shown;

pub(crate) struct Lane {
    pub(crate) ring: Arc<Shown>,
    reader: Follow,
    /// Which record of the reader's batch comes next, and when that was written.
    index: usize,
    head: Option<SystemTime>,
    position: Cursor,
    /// The number of the record that comes next: what is before it is history.
    pub(crate) end: u64,
    /// So many of the records that pass are passed over first.
    pub(crate) skip: u64,
    /// It was to go on after a cursor that nobody knows.
    pub(crate) restarted: bool,
    /// What was missed before it begins, and a place behind that.
    pub(crate) missed: Option<(Missed, Cursor)>,
    /// Its records are wanted.
    pub(crate) is_wanted: bool,
    /// It has a batch, with what was missed before that.
    pub(crate) has_received: bool,
    /// It had nothing when it was asked last, which was after the batches of all others were received.
    pub(crate) is_dry: bool,
    /// There will be no more.
    pub(crate) is_over: bool,
}

impl Lane {
    /// Begins there.
    pub(crate) fn open(ring: Arc<Shown>, begin: Begin, is_wanted: bool) -> io::Result<Self> {
        let reader = ring.log.follow(begin.start)?;
        Ok(Self {
            position: reader.cursor(),
            index: 0,
            head: None,
            end: begin.end_for(reader.cursor(), &ring.log),
            skip: begin.skip,
            restarted: begin.restarted || reader.restarted(),
            missed: begin.missed,
            is_wanted,
            has_received: false,
            is_dry: false,
            is_over: false,
            ring,
            reader,
        })
    }

    /// A place, which tells its ring from others, and its name.
    pub(crate) fn label(&self) -> (Cursor, &str) {
        (self.ring.id, &self.ring.name)
    }

    /// When the record was written that comes next, if it is there.
    pub(crate) fn head(&self) -> Option<SystemTime> {
        self.head
    }

    pub(crate) fn position(&self) -> Cursor {
        self.position
    }

    /// Whether what was there when this began has been taken.
    pub(crate) fn is_at_end(&self) -> bool {
        self.is_over || self.position.seq() >= self.end
    }

    /// Whether there is more to be had at once, as far as that is known.
    pub(crate) fn has_more(&self) -> bool {
        !self.is_over && self.reader.has_more()
    }

    /// Whether there is something that was not taken.
    pub(crate) fn lags(&self) -> bool {
        self.head.is_some() || self.position.seq() < self.ring.log.cursor().seq()
    }

    /// What was missed, if no batch has told it.
    pub(crate) fn untold(&self) -> Missed {
        if self.has_received || self.is_over {
            Missed::default()
        } else {
            self.reader.missed()
        }
    }

    /// Gets the next batch: how many bytes it has, and what was missed before it.
    pub(crate) fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<(usize, Missed), Over>> {
        let received = match self.reader.poll_recv(context) {
            Poll::Ready(Ok(batch)) => Ok((batch.bytes().len(), batch.missed())),
            Poll::Ready(Err(over)) => Err(over),
            Poll::Pending => return Poll::Pending,
        };
        match received {
            Ok(_) => {
                self.has_received = true;
                self.go_to(0);
            }
            Err(_) => {
                self.is_over = true;
                self.head = None;
            }
        }
        Poll::Ready(received)
    }

    /// Goes on behind the record that comes next.
    pub(crate) fn advance(&mut self) {
        self.go_to(self.index + 1);
    }

    /// Goes on there, whatever is before that: what it has is not taken any more.
    pub(crate) fn pass_over_to(&mut self, end: Cursor) {
        self.position = end;
        self.head = None;
    }

    /// The record that it is behind.
    pub(crate) fn taken(&self) -> Option<Record<'_>> {
        let index = self.index.checked_sub(1)?;
        self.reader.batch().records().nth(index)
    }

    fn go_to(&mut self, index: usize) {
        self.index = index;
        let batch = self.reader.batch();
        self.position = batch.cursor_before(index);
        self.head = batch.records().nth(index).map(|record| record.time());
    }
}

/// How far all are, as text: the `id` of what one of them has shown last.
#[derive(Clone, Copy)]
pub(crate) struct Behind<'a> {
    lanes: &'a [Lane],
    /// Which of them.
    own: usize,
    /// Where that is, if it is said to be elsewhere.
    at: Option<Cursor>,
}

impl<'a> Behind<'a> {
    pub(crate) fn new(lanes: &'a [Lane], own: usize) -> Self {
        Self {
            lanes,
            own,
            at: None,
        }
    }

    /// The same, but for the one, which is there.
    pub(crate) fn at(self, cursor: Cursor) -> Self {
        Self {
            at: Some(cursor),
            ..self
        }
    }
}

impl fmt::Display for Behind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(own) = self.lanes.get(self.own) {
            self.at.unwrap_or(own.position).fmt(f)?;
        }
        for (index, lane) in self.lanes.iter().enumerate() {
            if index != self.own {
                // Of the others no bytes: they are many, and nobody counts them.
                let place = lane.position;
                write!(f, ",{}", place.at(place.seq()))?;
            }
        }
        Ok(())
    }
}
