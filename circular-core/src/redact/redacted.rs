//! What becomes of a record that must not leave as it is.

use std::fmt;

/// What a hook makes of a record: see [`Redaction`](crate::Redaction).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Redacted {
    /// It leaves as it is.
    Keep,
    /// This text leaves in its place. If the record ends with a line end, so does this.
    Text(Vec<u8>),
    /// This target and this text leave in their places; of the text, what is true of that of [`Text`](Self::Text).
    Record {
        /// In place of the target.
        target: String,
        /// In place of the text.
        text: Vec<u8>,
    },
    /// It does not leave. That is not told, but the numbers of the records have a gap; in an image they close up.
    Drop,
}

/// Shows how long a text is, and not what it says.
impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Redacted::Keep => f.write_str("Keep"),
            Redacted::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Redacted::Record { target, text } => {
                let (target, text) = (target.len(), text.len());
                write!(f, "Record(target of {target} bytes, {text} bytes)")
            }
            Redacted::Drop => f.write_str("Drop"),
        }
    }
}
