//! A reader, and where it must be.

use crate::model::{Model, Place, Written};
use crate::program::LONG;
use circular_core::{Batch, Cursor, Level, Missed, Policy, Reader, Record, TryRecvError};

pub(crate) struct Follower {
    pub(crate) reader: Reader,
    /// How many readers joined before it.
    pub(crate) id: u64,
    pub(crate) policy: Policy,
    pub(crate) at_least: Option<Level>,
    pub(crate) demoted: bool,
    /// A write that could not wait went over it.
    pub(crate) overtaken: bool,
    /// What it has copied, and up to where it is done with that.
    pub(crate) place: Place,
    pub(crate) done: Place,
    /// Missed before it joined, and not told yet.
    pub(crate) untold: Missed,
    /// Missed in all, so far as it was told.
    pub(crate) missed: Missed,
    pub(crate) has_read: bool,
    pub(crate) ended: bool,
}

impl Follower {
    pub(crate) fn is_lossless(&self) -> bool {
        !self.demoted && !self.ended && self.policy != Policy::Skip
    }

    /// Whether a write would wait for it as long as it takes.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.is_lossless() && matches!(self.policy, Policy::Block | Policy::BlockFor(LONG))
    }

    /// Asks for what comes next, and tells whether there was anything.
    pub(crate) fn read(&mut self, model: &Model, closed: bool) -> bool {
        self.has_read = true;
        let lost = model.is_overtaken(self.place);
        assert!(
            !lost || !self.is_lossless() || self.overtaken,
            "a lossless reader lost something"
        );
        let lossless = self.is_lossless();
        let begin;
        let received;
        match self.reader.try_recv() {
            Ok(batch) => {
                let missed = batch.missed();
                let passed_over = Missed {
                    records: missed.records - self.untold.records,
                    bytes: missed.bytes - self.untold.bytes,
                };
                assert_eq!(passed_over.is_empty(), !lost, "missed is what is gone");
                begin = place_after(model, self.place, passed_over);
                if lost && lossless {
                    assert_eq!(begin, model.first_held(), "it lost more than it must");
                } else if lost {
                    check_landing(model, begin);
                }
                check_batch(batch, model.between(begin, model.head), self.at_least);
                assert!(!batch.is_empty() || !missed.is_empty());
                self.untold = Missed::default();
                self.missed += missed;
                received = Some(batch.len());
            }
            Err(error) => {
                let expected = if closed {
                    TryRecvError::Closed
                } else {
                    TryRecvError::Empty
                };
                assert_eq!(error, expected);
                assert!(!lost && self.untold.is_empty(), "a loss is told");
                begin = self.place;
                received = None;
            }
        }
        assert_eq!(self.reader.missed(), self.missed);
        self.move_to(model, begin, received.unwrap_or(0));
        if received.is_some() {
            self.done = begin;
        } else {
            assert_eq!(self.place, model.head, "there is nothing more");
            self.done = self.place;
            self.ended = closed;
        }
        received.is_some()
    }

    /// Goes to where the cursor says, if from `begin` on as many records as were received passed
    /// the filter.
    fn move_to(&mut self, model: &Model, begin: Place, received: usize) {
        let (seq, bytes) = seq_and_bytes(self.reader.cursor());
        let end = model.place_of(seq).expect("it is between two records");
        assert_eq!(bytes, end.bytes);
        let between = model.between(begin, end);
        let passed = between.filter(|record| passes(record, self.at_least));
        assert_eq!(passed.count(), received, "of {begin:?} to {end:?}");
        self.place = end;
    }
}

/// The seq and the bytes that a cursor says, as text.
pub(crate) fn seq_and_bytes(cursor: Cursor) -> (u64, u64) {
    let text = cursor.to_string();
    let mut fields = text.split('.').skip(1).map(|field| field.parse().unwrap());
    (fields.next().unwrap(), fields.next().unwrap())
}

fn place_after(model: &Model, from: Place, passed_over: Missed) -> Place {
    if passed_over.is_empty() {
        return from;
    }
    let place = model.place_of(from.seq + passed_over.records);
    let place = place.expect("what was not missed is held");
    assert_eq!(place.bytes - from.bytes, passed_over.bytes, "missed bytes");
    place
}

/// A reader that was lapped goes on half a ring behind the newest, or with the first that it can
/// find behind that; it is not thrown farther than it must be.
fn check_landing(model: &Model, begin: Place) {
    let half = model.head.position - model.capacity / 2;
    let may_be = model.may_be_first_found(begin, half);
    assert!(may_be, "landed at {begin:?} of {:?}", model.head);
}

pub(crate) fn passes(record: &Written, at_least: Option<Level>) -> bool {
    record.level.is_none() || record.level >= at_least
}

/// A batch has the first of `written` that pass, and says the same as a whole and one by one.
fn check_batch<'a>(
    batch: Batch<'_>,
    written: impl Iterator<Item = &'a Written>,
    at_least: Option<Level>,
) {
    let mut expected = written.filter(|record| passes(record, at_least));
    let mut bytes = Vec::new();
    for record in batch {
        check_record(record, expected.next().expect("it was written"));
        bytes.extend_from_slice(record.bytes());
    }
    assert!(batch.bytes() == bytes);
    assert_eq!(batch.records().count(), batch.len());
    assert_eq!(batch.is_empty(), bytes.is_empty());
}

pub(crate) fn check_record(record: Record<'_>, written: &Written) {
    assert_eq!(record.seq(), written.place.seq);
    assert_eq!(record.level(), written.level);
    assert_eq!(record.target(), written.target);
    assert_eq!(record.part(), written.part);
    assert_eq!(record.time(), crate::run::time(written.time));
    let same = record.bytes() == written.bytes;
    assert!(same, "record {} has other bytes", record.seq());
}
