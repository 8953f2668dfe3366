//! What a reader got, record by record, and whether that adds up.
//!
//! Records come in order and once, and there is a gap only where some were told as missed or do not
//! pass the filter. When it leaves, delivered, filtered out and missed are together what was written
//! while it was there.

use crate::checker::Checker;
use crate::count::Count;
use crate::ledger::Ledger;
use circular_core::{Batch, Level, Missed, Part, Stats};

pub(crate) struct Account {
    pub(crate) checker: Checker,
    joined: Count,
    /// Where it is, as far as it was told.
    next: u64,
    delivered: u64,
    filtered: u64,
    least: Option<Level>,
    left: Count,
    pub(crate) ended_by_close: bool,
}

impl Account {
    pub(crate) fn new(joined: Count, least: Option<Level>) -> Self {
        Self {
            checker: Checker::new(joined.records == 0, least, false),
            joined,
            next: joined.records,
            delivered: 0,
            filtered: 0,
            least,
            left: joined,
            ended_by_close: false,
        }
    }

    pub(crate) fn take(&mut self, batch: Batch<'_>) {
        if !batch.missed().is_empty() {
            self.miss(batch.missed());
        }
        for record in batch {
            assert!(
                record.seq() >= self.next,
                "{} again, or missed",
                record.seq()
            );
            let left_out = record.seq() - self.next;
            assert!(
                left_out == 0 || self.least.is_some(),
                "a gap before {}",
                record.seq()
            );
            let level = record.level();
            assert!(
                level.is_none() || level >= self.least,
                "{level:?} does not pass"
            );
            self.filtered += left_out;
            self.delivered += 1;
            self.next = record.seq() + 1;
            self.checker.take(record.bytes());
            if let Some(stamp) = self.checker.last() {
                assert_eq!((level, record.target()), (stamp.level(), stamp.target()));
                if record.part() == Part::Whole {
                    assert_eq!(record.bytes().len(), stamp.length);
                }
            }
        }
    }

    pub(crate) fn miss(&mut self, missed: Missed) {
        self.next += missed.records;
        self.checker.miss(missed);
    }

    /// It leaves, and this is where it left off.
    pub(crate) fn leave(&mut self, left: Count) {
        self.left = left;
        let checker = &self.checker;
        let bytes = self.joined.bytes + checker.delivered + checker.missed.bytes;
        if self.least.is_some() {
            assert!(self.next <= left.records && bytes <= left.bytes);
            self.filtered += left.records - self.next;
        } else {
            assert_eq!(
                (self.next, bytes),
                (left.records, left.bytes),
                "of a reader"
            );
        }
        let had = self.delivered + self.filtered + checker.missed.records;
        assert_eq!(self.joined.records + had, left.records);
    }

    /// The round is over: who was there until then has had everything.
    pub(crate) fn finish(&mut self, ledger: &Ledger, stats: &Stats) {
        if self.ended_by_close {
            assert_eq!(
                self.left,
                Count::written(stats),
                "a reader ended before it had everything"
            );
            self.checker.finish(ledger);
        }
    }
}
