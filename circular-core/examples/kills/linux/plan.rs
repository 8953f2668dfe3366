//! What a program writes: every byte of every record, from a seed, its thread and its number.
//!
//! Invariant: whoever has the plan can make any record again, so that what is found is compared with what was written,
//! and not with a checksum of it.

use super::random::mix;
use circular_core::Level;
use std::str::FromStr;

/// How many threads write at once.
pub(crate) const THREADS: u64 = 4;
/// A record says whose it is, and its number, at its beginning and at its end.
pub(crate) const STAMP: usize = 8;
/// What a record takes besides what is written, from FORMAT.md.
const HEADER: usize = 16;

/// What the records are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Lines of a log.
    Small,
    /// The same, put together from several pieces.
    Vectored,
    /// Some of them of up to a third of the ring.
    Large,
    /// Some of them longer than a quarter of the ring, or than all of it: these go in parts.
    Parts,
}

impl Kind {
    pub(crate) const ALL: [Kind; 4] = [Kind::Small, Kind::Vectored, Kind::Large, Kind::Parts];
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|kind| format!("{kind:?}") == text);
        found.ok_or_else(|| format!("no kind of records: {text}"))
    }
}

/// Whose record it is, and the how manyeth of his.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) thread: u64,
    pub(crate) number: u64,
}

impl Stamp {
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let word = u64::from_le_bytes(bytes.try_into().ok()?);
        let (thread, number) = (word & 0xff, word >> 8);
        (thread < THREADS).then_some(Self { thread, number })
    }

    fn encode(self) -> [u8; STAMP] {
        (self.number << 8 | self.thread).to_le_bytes()
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) capacity: usize,
    pub(crate) kind: Kind,
}

impl Plan {
    /// What tells this record from all others.
    fn salt(&self, stamp: Stamp) -> u64 {
        mix(self.seed ^ mix(stamp.number << 8 | stamp.thread))
    }

    /// How many bytes it has.
    pub(crate) fn len(&self, stamp: Stamp) -> usize {
        let random = self.salt(stamp);
        let (random, choice) = (random >> 8, random & 0xff);
        let quarter = self.capacity / 4;
        let (least, most) = match self.kind {
            Kind::Large if choice < 16 => (quarter / 2, self.capacity / 3),
            Kind::Parts if choice < 8 => (quarter, self.capacity * 2),
            Kind::Parts if choice < 24 => (quarter - 64, quarter + 64),
            Kind::Vectored => (2 * STAMP, 1000.min(quarter)),
            _ if choice < 64 => (2 * STAMP, 600.min(quarter)),
            _ => (2 * STAMP, 150),
        };
        least + usize::try_from(random % (most - least) as u64).unwrap_or(0)
    }

    /// Makes it.
    pub(crate) fn fill(&self, stamp: Stamp, out: &mut Vec<u8>) {
        let (len, salt) = (self.len(stamp), self.salt(stamp));
        out.clear();
        out.extend(stamp.encode());
        let mut word = 0;
        while out.len() < len - STAMP {
            word += 1;
            out.extend(mix(salt ^ word).to_le_bytes());
        }
        out.truncate(len - STAMP);
        out.extend(stamp.encode());
    }

    /// What is said of it besides.
    pub(crate) fn level_and_target(&self, stamp: Stamp) -> (Option<Level>, &'static str) {
        let choice = mix(self.salt(stamp)) % 4;
        match choice {
            _ if self.kind == Kind::Vectored => (None, ""),
            0 => (None, ""),
            1 => (Some(Level::Warn), ""),
            2 => (Some(Level::Info), "kills"),
            _ => (Some(Level::Debug), "kills::a_longer_one"),
        }
    }

    /// The most that one record of this write takes in the ring: no more than a quarter of it.
    pub(crate) fn largest_part(&self, stamp: Stamp) -> u64 {
        let (_, target) = self.level_and_target(stamp);
        size(self.len(stamp), target.len()).min(self.capacity as u64 / 4)
    }
}

/// What a record takes in the ring.
pub(crate) fn size(payload: usize, target: usize) -> u64 {
    (HEADER + (payload + target).next_multiple_of(8)) as u64
}
