//! What becomes of a record that must not leave as it is.

/// What a hook makes of a record: see [`Redaction`](crate::Redaction).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Redacted {
    /// It leaves as it is.
    Keep,
    /// This text leaves in its place. If the record ends with a line end, so does this.
    Text(Vec<u8>),
    /// It does not leave. That is not told, but the numbers of the records have a gap.
    Drop,
}
