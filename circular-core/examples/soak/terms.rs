//! On what terms somebody joins a ring: where he begins, who waits for whom, what he wants to see.
//!
//! Readers and sinks join alike, and each must begin exactly where it asked to.

use crate::count::Count;
use crate::random::Random;
use crate::round::Round;
use circular_core::{Cursor, Handle, Level, Missed, Policy, ReaderBuilder, Start};
use std::time::{Duration, SystemTime};

pub(crate) struct Terms {
    start: Start,
    /// The cursor, if it begins after one.
    after: Option<Cursor>,
    pub(crate) policy: Policy,
    pub(crate) least: Option<Level>,
}

impl Terms {
    pub(crate) fn new(round: &Round, random: &mut Random) -> Self {
        let (start, after) = start(round, random);
        Self {
            start,
            after,
            policy: policy(random),
            least: least(random),
        }
    }

    pub(crate) fn builder(&self, handle: &Handle) -> ReaderBuilder {
        let builder = handle.reader().start(self.start).policy(self.policy);
        match self.least {
            Some(level) => builder.at_least(level),
            None => builder,
        }
    }

    /// Where it joined: `at` is its cursor then, and `missed` what is gone before that.
    pub(crate) fn joined(&self, at: Cursor, missed: Missed) -> Count {
        let at = Count::at(at);
        let joined = Count {
            records: at.records - missed.records,
            bytes: at.bytes - missed.bytes,
        };
        if let Some(after) = self.after {
            assert_eq!(
                joined,
                Count::at(after),
                "it does not go on where the cursor is"
            );
        }
        joined
    }
}

fn start(round: &Round, random: &mut Random) -> (Start, Option<Cursor>) {
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

fn policy(random: &mut Random) -> Policy {
    match random.below(3) {
        0 => Policy::Skip,
        1 => Policy::Block,
        _ => Policy::BlockFor(Duration::from_micros(random.below(3000))),
    }
}

fn least(random: &mut Random) -> Option<Level> {
    random.once_in(3).then(|| random.pick(&Level::ALL))
}
