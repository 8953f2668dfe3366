//! Random programs: what one thread may do with a ring, in any order.

use circular_core::{Level, Policy};
use proptest::prelude::*;
use proptest::sample::select;
use std::fmt;
use std::time::Duration;

/// No write of a test waits this long: for the model the same as [`Policy::Block`].
pub(crate) const LONG: Duration = Duration::from_secs(3600);

#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) capacity: usize,
    pub(crate) ops: Vec<Op>,
}

/// One step. A reader or cursor is named by a number, modulo how many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Write(Text),
    /// From inside a sink, where a write never waits.
    WriteFromSink(Text),
    /// As many small records.
    Burst(usize),
    Read(usize),
    /// Reads until there is nothing more.
    Drain(usize),
    Join {
        start: From,
        policy: Policy,
        at_least: Option<Level>,
    },
    Leave(usize),
    Snapshot,
    Flush,
    Close,
}

/// What is written: its bytes follow from its length and from which write it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    pub(crate) length: Length,
    pub(crate) level: Option<Level>,
    /// Bytes of the target.
    pub(crate) target: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Length {
    Bytes(usize),
    /// So many 64ths of the ring, and so many bytes more.
    Share(usize, usize),
    /// As much as there is room for before the slowest lossless reader, less so many words, or one
    /// word more.
    Room {
        less: u64,
        more: bool,
    },
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum From {
    Oldest,
    Newest,
    Last(u64),
    /// At the time of the write so many before the next.
    SinceWrite(u64),
    /// After the cursor of a reader that there is or was.
    After(usize),
    /// After a cursor of another ring.
    Foreign,
    /// After a cursor of this ring that is so many records ahead of it.
    Ahead(u64),
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "on a ring of {} bytes:", self.capacity)?;
        self.ops.iter().try_for_each(|op| writeln!(f, "    {op:?}"))
    }
}

pub(crate) fn programs() -> impl Strategy<Value = Program> {
    // The last one has as many blocks as there can be, and fills a whole batch.
    let capacity = prop_oneof![
        8 => Just(4096),
        4 => Just(3 * 4096),
        1 => Just(256 << 10),
    ];
    let ops = prop::collection::vec(op(), 1..80);
    (capacity, ops).prop_map(|(capacity, ops)| Program { capacity, ops })
}

fn op() -> impl Strategy<Value = Op> {
    let join = (from(), policy(), level()).prop_map(|(start, policy, at_least)| Op::Join {
        start,
        policy,
        at_least,
    });
    prop_oneof![
        40 => text().prop_map(Op::Write),
        8 => text().prop_map(Op::WriteFromSink),
        10 => (1..600_usize).prop_map(Op::Burst),
        40 => (0..6_usize).prop_map(Op::Read),
        6 => (0..6_usize).prop_map(Op::Drain),
        24 => join,
        6 => (0..6_usize).prop_map(Op::Leave),
        4 => Just(Op::Snapshot),
        10 => Just(Op::Flush),
        1 => Just(Op::Close),
    ]
}

fn text() -> impl Strategy<Value = Text> {
    let length = prop_oneof![
        20 => (0..100_usize).prop_map(Length::Bytes),
        10 => (0..32_usize, 0..64_usize).prop_map(|(share, more)| Length::Share(share, more)),
        // Around the largest that goes in whole, and what goes in parts.
        3 => (62..65_usize, 0..64_usize).prop_map(|(share, more)| Length::Share(share, more)),
        2 => (0..300_usize, 0..64_usize).prop_map(|(share, more)| Length::Share(share, more)),
    ];
    let room = (0..3_u64, any::<bool>()).prop_map(|(less, more)| Length::Room { less, more });
    let length = prop_oneof![9 => length, 1 => room];
    let target = prop_oneof![Just(0), 0..20_usize, Just(255)];
    (length, level(), target).prop_map(|(length, level, target)| Text {
        length,
        level,
        target,
    })
}

fn level() -> impl Strategy<Value = Option<Level>> {
    prop_oneof![Just(None), select(&Level::ALL[..]).prop_map(Some)]
}

fn policy() -> impl Strategy<Value = Policy> {
    prop_oneof![
        Just(Policy::Skip),
        Just(Policy::Block),
        Just(Policy::BlockFor(Duration::ZERO)),
        Just(Policy::BlockFor(LONG)),
    ]
}

fn from() -> impl Strategy<Value = From> {
    prop_oneof![
        4 => Just(From::Oldest),
        2 => Just(From::Newest),
        2 => (0..200_u64).prop_map(From::Last),
        2 => (0..200_u64).prop_map(From::SinceWrite),
        4 => (0..20_usize).prop_map(From::After),
        1 => Just(From::Foreign),
        1 => (1..3_u64).prop_map(From::Ahead),
    ]
}
