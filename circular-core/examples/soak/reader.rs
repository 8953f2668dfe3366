//! Readers that get records, on a thread or as a task, for a while or until the ring is closed.

use crate::block_on::block_on;
use crate::checker::Checker;
use crate::random::Random;
use crate::round::Round;
use circular_core::{
    AsyncReader, Batch, Closed, Cursor, Handle, Level, Missed, Part, Policy, Reader,
    RecvTimeoutError, Start, Stats, TryRecvError,
};
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, SystemTime};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Blocking,
    Task,
}

enum Source {
    Blocking(Reader),
    Task(AsyncReader),
}

/// Records and bytes before a place in the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
}

/// A reader, and what it has had so far.
pub(crate) struct Following {
    source: Source,
    handle: Handle,
    policy: Policy,
    least: Option<Level>,
    /// What it missed before it joined, until that is told.
    untold: Missed,
    account: Account,
}

/// What a reader got, all in all.
pub(crate) struct Account {
    pub(crate) checker: Checker,
    joined: Count,
    /// Where it is, as far as it was told.
    next: u64,
    delivered: u64,
    filtered: u64,
    is_filtered: bool,
    left: Count,
    ended_by_close: bool,
}

/// What a cursor says, as text.
pub(crate) fn count(cursor: Cursor) -> Count {
    let text = cursor.to_string();
    let mut fields = text.split('.').skip(1).flat_map(str::parse);
    Count {
        records: fields.next().expect("a seq"),
        bytes: fields.next().expect("bytes"),
    }
}

pub(crate) fn policy(random: &mut Random) -> Policy {
    match random.below(3) {
        0 => Policy::Skip,
        1 => Policy::Block,
        _ => Policy::BlockFor(Duration::from_micros(random.below(3000))),
    }
}

pub(crate) fn least(random: &mut Random) -> Option<Level> {
    random.once_in(3).then(|| random.pick(&Level::ALL))
}

/// Where to begin, and the cursor if it is after one.
pub(crate) fn start(round: &Round, random: &mut Random) -> (Start, Option<Cursor>) {
    let cursors = round.cursors();
    match random.below(6) {
        0 => (Start::Newest, None),
        1 => (Start::Last(random.below(500)), None),
        2 => {
            let back = Duration::from_millis(random.below(100));
            (Start::Since(SystemTime::now() - back), None)
        }
        3 | 4 if !cursors.is_empty() => {
            let cursor = random.pick(&cursors);
            (Start::After(cursor), Some(cursor))
        }
        _ => (Start::Oldest, None),
    }
}

/// Where a reader joined: `at` is its cursor then, and `missed` what is gone before that.
pub(crate) fn joined(at: Cursor, missed: Missed, after: Option<Cursor>) -> Count {
    let at = count(at);
    let joined = Count {
        records: at.records - missed.records,
        bytes: at.bytes - missed.bytes,
    };
    if let Some(after) = after {
        assert_eq!(
            joined,
            count(after),
            "it does not go on where the cursor is"
        );
    }
    joined
}

impl Following {
    pub(crate) fn join(round: &Round, kind: Kind, random: &mut Random) -> Self {
        let (start, after) = start(round, random);
        let (mut policy, least) = (policy(random), least(random));
        if kind == Kind::Task && policy == Policy::Block {
            policy = Policy::Skip;
        }
        let mut builder = round.handle.reader().start(start).policy(policy);
        if let Some(level) = least {
            builder = builder.at_least(level);
        }
        let source = match kind {
            Kind::Blocking => Source::Blocking(builder.open()),
            Kind::Task => Source::Task(builder.open_async().expect("a thread for tasks")),
        };
        assert!(!source.restarted(), "a cursor of this ring is not known");
        let untold = source.missed();
        let joined = joined(source.cursor(), untold, after);
        let account = Account {
            checker: Checker::new(joined.records == 0, least, false),
            joined,
            next: joined.records,
            delivered: 0,
            filtered: 0,
            is_filtered: least.is_some(),
            left: joined,
            ended_by_close: false,
        };
        Self {
            source,
            handle: round.handle.clone(),
            policy,
            least,
            untold,
            account,
        }
    }

    pub(crate) fn run(mut self, round: &Round, random: &mut Random) -> Account {
        let mut batches = 1 + random.below(2000);
        while batches > 0 {
            match self.source.recv(random) {
                Ok(Some(batch)) => {
                    check_loss(batch, &mut self.untold, self.policy, &self.handle);
                    self.account.take(batch, self.least);
                    round.moves.fetch_add(1, Relaxed);
                    batches -= 1;
                }
                Ok(None) => thread::sleep(Duration::from_micros(random.below(500))),
                Err(Closed) => {
                    self.account.ended_by_close = true;
                    break;
                }
            }
            if random.once_in(50) {
                thread::sleep(Duration::from_micros(random.below(5000)));
            }
        }
        self.leave(round)
    }

    fn leave(mut self, round: &Round) -> Account {
        let cursor = self.source.cursor();
        round.cursors().push(cursor);
        self.account.left = count(cursor);
        // What it missed before it joined, if it never asked.
        self.account.next += self.untold.records;
        self.account.checker.miss(self.untold);
        assert_eq!(self.source.missed(), self.account.checker.missed);
        self.account.check();
        self.account
    }
}

/// Whoever is waited for misses nothing, unless a write that could not wait overtook it, or its
/// time was over.
fn check_loss(batch: Batch<'_>, untold: &mut Missed, policy: Policy, handle: &Handle) {
    let missed = batch.missed().records - untold.records;
    *untold = Missed::default();
    if missed > 0 && policy != Policy::Skip {
        let stats = handle.stats();
        let demotions = if policy == Policy::Block {
            0
        } else {
            stats.demotions
        };
        assert!(
            stats.overtakes + demotions > 0,
            "a lossless reader missed {missed} records"
        );
    }
}

impl Account {
    fn take(&mut self, batch: Batch<'_>, least: Option<Level>) {
        if !batch.missed().is_empty() {
            self.checker.miss(batch.missed());
            self.next += batch.missed().records;
        }
        for record in batch {
            assert!(
                record.seq() >= self.next,
                "{} again, or missed",
                record.seq()
            );
            let left_out = record.seq() - self.next;
            assert!(
                left_out == 0 || self.is_filtered,
                "a gap before {}",
                record.seq()
            );
            let level = record.level();
            assert!(level.is_none() || level >= least, "{level:?} does not pass");
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

    /// Delivered, filtered out and missed are together what was written while it was there.
    fn check(&mut self) {
        let (checker, left) = (&self.checker, self.left);
        let bytes = self.joined.bytes + checker.delivered + checker.missed.bytes;
        if self.is_filtered {
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
    pub(crate) fn finish(&mut self, round: &Round, stats: &Stats) {
        if self.ended_by_close {
            let written = Count {
                records: stats.written,
                bytes: stats.bytes,
            };
            assert_eq!(
                self.left, written,
                "a reader ended before it had everything"
            );
            self.checker.finish(&round.ledger);
        }
    }
}

impl Source {
    fn recv(&mut self, random: &mut Random) -> Result<Option<Batch<'_>>, Closed> {
        match (self, random.below(3)) {
            (Source::Blocking(reader), 0) => reader.recv().map(Some),
            (Source::Blocking(reader), 1) => {
                let timeout = Duration::from_micros(random.below(3000));
                match reader.recv_timeout(timeout) {
                    Ok(batch) => Ok(Some(batch)),
                    Err(RecvTimeoutError::Timeout) => Ok(None),
                    Err(RecvTimeoutError::Closed) => Err(Closed),
                }
            }
            (Source::Blocking(reader), _) => match reader.try_recv() {
                Ok(batch) => Ok(Some(batch)),
                Err(TryRecvError::Empty) => Ok(None),
                Err(TryRecvError::Closed) => Err(Closed),
            },
            // A call that is given up.
            (Source::Task(reader), 0) => {
                match reader.poll_recv(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(batch) => batch.map(Some),
                    Poll::Pending => Ok(None),
                }
            }
            (Source::Task(reader), _) => block_on(reader.recv()).map(Some),
        }
    }

    fn cursor(&self) -> Cursor {
        match self {
            Source::Blocking(reader) => reader.cursor(),
            Source::Task(reader) => reader.cursor(),
        }
    }

    fn missed(&self) -> Missed {
        match self {
            Source::Blocking(reader) => reader.missed(),
            Source::Task(reader) => reader.missed(),
        }
    }

    fn restarted(&self) -> bool {
        match self {
            Source::Blocking(reader) => reader.restarted(),
            Source::Task(reader) => reader.restarted(),
        }
    }
}
