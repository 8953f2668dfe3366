//! Readers that get records for a while, or until the ring is closed.
//!
//! They leave their cursor behind, for others to go on from. What they miss is checked while they
//! read, what they got when they leave.

use crate::account::Account;
use crate::count::Count;
use crate::random::Random;
use crate::round::Round;
use crate::source::{Kind, Source};
use crate::terms::Terms;
use circular_core::{Batch, Closed, Handle, Missed, Policy};
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

/// A reader, and what it has had so far.
pub(crate) struct Following {
    source: Source,
    handle: Handle,
    policy: Policy,
    /// What it missed before it joined, until that is told.
    untold: Missed,
    account: Account,
}

impl Following {
    pub(crate) fn join(round: &Round, kind: Kind, random: &mut Random) -> Self {
        let mut terms = Terms::new(round, random);
        if kind == Kind::Task && terms.policy == Policy::Block {
            terms.policy = Policy::Skip;
        }
        let source = Source::open(terms.builder(&round.handle), kind);
        assert!(!source.restarted(), "a cursor of this ring is not known");
        let untold = source.missed();
        let joined = terms.joined(source.cursor(), untold);
        Self {
            source,
            handle: round.handle.clone(),
            policy: terms.policy,
            untold,
            account: Account::new(joined, terms.least),
        }
    }

    pub(crate) fn run(mut self, round: &Round, random: &mut Random) -> Account {
        let mut batches = 1 + random.below(2000);
        while batches > 0 {
            match self.source.recv(random) {
                Ok(Some(batch)) => {
                    check_loss(batch, &mut self.untold, self.policy, &self.handle);
                    self.account.take(batch);
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
        // What it missed before it joined, if it never asked.
        self.account.miss(self.untold);
        assert_eq!(self.source.missed(), self.account.checker.missed);
        self.account.leave(Count::at(cursor));
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
