//! From the records of a ring back to what was written, and whether they are that.
//!
//! Invariant: whatever is taken is a record of the plan, byte for byte, or the beginning or end of one that the ring
//! holds no more of.

use super::plan::{Plan, STAMP, Stamp, THREADS, size};
use circular_core::{Part, Record};
use std::fmt;

/// What is wrong with what was found.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// Other bytes than were written, or a part without its whole.
    Torn(String),
    /// A record that nobody wrote.
    Invented(String),
    /// A record that should be there.
    Lost(String),
    /// Something else: the state, a number.
    Other(String),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torn(what) => write!(f, "torn: {what}"),
            Self::Invented(what) => write!(f, "invented: {what}"),
            Self::Lost(what) => write!(f, "lost: {what}"),
            Self::Other(what) => write!(f, "{what}"),
        }
    }
}

/// Takes records, in their order.
pub(crate) struct Assembler {
    plan: Plan,
    /// How many each thread has said that it wrote: one more may be there. `None` if nobody counted.
    acknowledged: Option<[u64; 4]>,
    /// A long record whose parts come now; the stamp is not known if its beginning is gone.
    begun: Option<(Option<Stamp>, Vec<u8>)>,
    expected: Vec<u8>,
    /// Of each thread, the number of the first whole record, and the one that comes next.
    pub(crate) numbers: [Option<(u64, u64)>; 4],
    pub(crate) first_seq: Option<u64>,
    pub(crate) next_seq: u64,
    /// Records of the ring, and how many bytes they take there.
    pub(crate) records: u64,
    pub(crate) span: u64,
    /// The first record is the rest of a long one.
    pub(crate) begins_amid: bool,
}

impl Assembler {
    /// Of a ring that somebody looks at when it has been written for a while.
    pub(crate) fn new(plan: Plan, acknowledged: Option<[u64; 4]>) -> Self {
        Self {
            plan,
            acknowledged,
            begun: None,
            expected: Vec::new(),
            numbers: [None; 4],
            first_seq: None,
            next_seq: 0,
            records: 0,
            span: 0,
            begins_amid: false,
        }
    }

    /// Of somebody who follows a ring from its beginning.
    pub(crate) fn following(plan: Plan) -> Self {
        Self {
            first_seq: Some(0),
            ..Self::new(plan, None)
        }
    }

    /// So many were missed here. Numbers begin anew, and a long record may begin in its midst.
    pub(crate) fn miss(&mut self, records: u64) {
        if records > 0 {
            self.next_seq += records;
            self.begun = None;
            self.begins_amid = true;
            for (_, next) in self.numbers.iter_mut().flatten() {
                *next = u64::MAX;
            }
        }
    }

    pub(crate) fn take(&mut self, record: Record<'_>) -> Result<(), Wrong> {
        let seq = record.seq();
        if self.first_seq.is_none() {
            self.first_seq = Some(seq);
            self.begins_amid = seq > 0;
        } else if seq != self.next_seq {
            let next = self.next_seq;
            return Err(Wrong::Other(format!(
                "record {seq} comes where {next} should"
            )));
        }
        self.next_seq = seq + 1;
        self.records += 1;
        self.span += size(record.bytes().len(), record.target().len());
        let is_first = std::mem::take(&mut self.begins_amid);
        match (record.part(), self.begun.take()) {
            (Part::Whole, None) => self.complete(record, None, record.bytes()),
            (Part::First, None) => {
                let stamp = self.stamp(record, record.bytes().get(..STAMP))?;
                self.begun = Some((Some(stamp), record.bytes().to_vec()));
                Ok(())
            }
            (part @ (Part::Middle | Part::Last), begun) if begun.is_some() || is_first => {
                let (stamp, mut bytes) = begun.unwrap_or_default();
                bytes.extend_from_slice(record.bytes());
                if part == Part::Last {
                    return self.complete(record, stamp, &bytes);
                }
                self.begins_amid = stamp.is_none();
                self.begun = Some((stamp, bytes));
                Ok(())
            }
            (part, begun) => {
                let amid = if begun.is_some() { "amid" } else { "without" };
                Err(Wrong::Torn(format!(
                    "record {seq}, {part:?}, {amid} a long one"
                )))
            }
        }
    }

    /// There are no more.
    pub(crate) fn finish(&mut self) -> Result<(), Wrong> {
        let Some((stamp, bytes)) = self.begun.take() else {
            return Ok(());
        };
        let candidates: Vec<Stamp> = match (stamp, self.acknowledged) {
            (Some(stamp), _) => vec![stamp],
            (None, Some(numbers)) => (0..THREADS)
                .zip(numbers)
                .map(|(thread, number)| Stamp { thread, number })
                .collect(),
            // Neither beginning nor end: nobody knows what it is of.
            (None, None) => return Ok(()),
        };
        let found = candidates.into_iter().find(|candidate| {
            self.plan.fill(*candidate, &mut self.expected);
            match stamp {
                Some(_) => self.expected.starts_with(&bytes),
                None => self
                    .expected
                    .windows(bytes.len())
                    .any(|piece| piece == bytes),
            }
        });
        match found {
            None => Err(Wrong::Torn(String::from("the beginning of a long record"))),
            Some(found) => {
                // Of an acknowledged one all parts are there.
                let numbers = self.acknowledged;
                if numbers.is_some_and(|numbers| found.number != numbers[index(found)]) {
                    return Err(Wrong::Lost(format!("the end of {found:?}")));
                }
                self.note(found)
            }
        }
    }

    /// A write is there to its end; without its beginning, if that is not known.
    fn complete(
        &mut self,
        record: Record<'_>,
        begun: Option<Stamp>,
        bytes: &[u8],
    ) -> Result<(), Wrong> {
        let is_whole = begun.is_some() || record.part() == Part::Whole;
        let stamp = match begun {
            Some(stamp) => stamp,
            None if is_whole => self.stamp(record, bytes.get(..STAMP))?,
            None => self.stamp(record, last(bytes))?,
        };
        self.plan.fill(stamp, &mut self.expected);
        let is_it = if is_whole {
            self.expected == bytes
        } else {
            self.expected.ends_with(bytes)
        };
        let said = self.plan.level_and_target(stamp);
        if !is_it || said != (record.level(), record.target()) {
            return Err(Wrong::Torn(format!("record {}, {stamp:?}", record.seq())));
        }
        self.note(stamp)
    }

    fn stamp(&self, record: Record<'_>, bytes: Option<&[u8]>) -> Result<Stamp, Wrong> {
        let seq = record.seq();
        let stamp = bytes.and_then(Stamp::decode);
        let stamp = stamp.ok_or_else(|| Wrong::Torn(format!("record {seq} has no stamp")))?;
        let written = self.acknowledged.map(|numbers| numbers[index(stamp)]);
        if written.is_some_and(|written| stamp.number > written) {
            return Err(Wrong::Invented(format!("record {seq}, {stamp:?}")));
        }
        Ok(stamp)
    }

    /// A thread's records are in their order, and none is left out.
    fn note(&mut self, stamp: Stamp) -> Result<(), Wrong> {
        let numbers = &mut self.numbers[index(stamp)];
        match numbers {
            Some((_, next)) if *next == u64::MAX => *next = stamp.number,
            Some((_, next)) if *next != stamp.number => {
                return Err(Wrong::Lost(format!("{next}, and after it {stamp:?}")));
            }
            Some(_) => {}
            None => *numbers = Some((stamp.number, stamp.number)),
        }
        if let Some((_, next)) = numbers {
            *next = stamp.number + 1;
        }
        Ok(())
    }
}

fn last(bytes: &[u8]) -> Option<&[u8]> {
    bytes.len().checked_sub(STAMP).map(|from| &bytes[from..])
}

pub(crate) fn index(stamp: Stamp) -> usize {
    usize::try_from(stamp.thread).unwrap_or(0)
}
