//! Which part of a write a record is.

/// What a record is of the whole that its writer wrote.
///
/// A write that is longer than the ring goes through in parts, one record each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The whole of a write. Nearly every record is one.
    Whole = 0,
    /// The first part of a longer write.
    First = 1,
    /// Neither the first nor the last part.
    Middle = 2,
    /// The last part: the write is complete.
    Last = 3,
}
